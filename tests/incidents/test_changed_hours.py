"""New desk hours are followed by the due times of what is open, once, whoever or whatever changed them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from incidents import automation, changed_hours, levels, repairing, tickets
from incidents.models import Page, ServiceLevel, Ticket
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Grant, Organisation, Role, Site, User
from servicedesk.jobs import work
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import report


def followed(now: datetime) -> list[Job]:
    """The jobs there are after the engine looked twice."""
    assert changed_hours.follow_due(now=now) in (0, 1)
    assert changed_hours.follow_due(now=now) == 0
    return list(Job.objects.filter(kind="move due times").order_by("pk"))


CLOSED = {"desk_hours": {"0": [["09:00", "12:00"]]}}
CHANGES: dict[str, Callable[[Site], object]] = {
    "a form or a program": lambda site: _saved(site, **CLOSED),
    "a shell": lambda site: Site.objects.filter(pk=site.pk).update(**CLOSED),
    "the clock of its zone": lambda site: Site.objects.filter(pk=site.pk).update(zone="Asia/Tokyo"),
    "its holidays": lambda site: _saved(site, country="DE"),
}


def _saved(site: Site, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(site, name, value)
    site.save(update_fields=list(columns))


@pytest.mark.parametrize("way", sorted(CHANGES))
def test_hours_changed_in_whatever_way_are_followed_once(acme: Company, way: str) -> None:
    site = acme.people["ella"].site
    assert site
    assert followed(NINE) == []  # nothing is new on the first look
    CHANGES[way](site)
    (job,) = followed(at(9, 1))
    assert (job.parameters, job.asked_by) == ({"site": site.pk}, acme.people["adam"])
    assert AuditEntry.objects.get(noun="jobs.job", verb="start").actor is None  # who did it is not known


def test_hours_of_the_organisation_changed_by_a_shell_move_what_is_open(acme: Company) -> None:
    Organisation.objects.update(desk_hours={str(day): [["08:00", "18:00"]] for day in range(5)})
    ticket = report(acme, "ella", at(19), "Lathe ella", impacted="me", effect="cannot")
    assert followed(at(19)) == []
    Organisation.objects.update(desk_hours={str(day): [["00:00", "23:59"]] for day in range(7)})
    (job,) = followed(at(20))
    work.run_first([job.pk], now=at(20))
    ticket.refresh_from_db()
    assert ticket.first_answer_due_at == at(19, 30)


def test_what_the_admin_follows_the_engine_does_not_follow_again(acme: Company) -> None:
    site, adam = acme.people["ella"].site, signed_in(acme.people["adam"])
    assert site
    assert followed(NINE) == []
    fields = {"name": site.name, "slug": site.slug, "zone": site.zone, "country": site.country}
    adam.post(f"/admin/directory/site/{site.pk}/change/", fields | {"desk_hours": '{"0": [["09:00", "12:00"]]}'})
    (job,) = followed(at(9, 1))
    assert AuditEntry.objects.get(noun="jobs.job", verb="start", object_id=job.pk).actor == acme.people["adam"]


def test_who_saves_a_page_after_a_shell_changed_the_hours_did_not_change_them(acme: Company) -> None:
    site, adam = acme.people["ella"].site, signed_in(acme.people["adam"])
    assert site
    assert followed(NINE) == []
    Site.objects.filter(pk=site.pk).update(country="DE")
    fields = {"name": "Another name", "slug": site.slug, "zone": site.zone, "country": "DE", "desk_hours": json.dumps(site.desk_hours)}
    adam.post(f"/admin/directory/site/{site.pk}/change/", fields)
    (job,) = followed(at(9, 1))
    assert AuditEntry.objects.get(noun="jobs.job", verb="start", object_id=job.pk).actor is None


def test_a_change_taken_back_before_anybody_looked_is_none(acme: Company) -> None:
    site = acme.people["ella"].site
    assert site
    assert followed(NINE) == []
    Site.objects.filter(pk=site.pk).update(country="DE")
    Site.objects.filter(pk=site.pk).update(country=site.country)
    assert followed(at(9, 1)) == []


def test_without_an_administrator_it_waits_for_one(acme: Company) -> None:
    site = acme.people["ella"].site
    assert site
    assert followed(NINE) == []
    Site.objects.filter(pk=site.pk).update(**CLOSED)
    acme.people["adam"].grants.all().delete()
    assert followed(at(9, 1)) == []
    Grant.objects.create(user=acme.people["kim"], role=Role.ADMIN)
    assert [job.asked_by for job in followed(at(9, 2))] == [acme.people["kim"]]


def moved(acme: Company, now: datetime) -> Job:
    """The job the engine starts for who moved, done by a worker."""
    assert changed_hours.follow_moved(now=now) == 1
    assert changed_hours.follow_moved(now=now) == 0  # one is enough
    job = Job.objects.get(kind="move due times")
    work.run_first([job.pk], now=now)
    job.refresh_from_db()
    assert (job.state, changed_hours.follow_moved(now=now)) == ("done", 0)
    return job


def far_away() -> Site:
    """Where the desk is open day and night but for one hour."""
    hours = {str(day): [["00:00", "22:00"], ["23:00", "24:00"]] for day in range(7)}
    return Site.objects.create(slug="far", name="Far", zone="Europe/Paris", desk_hours=hours)


def test_who_moves_takes_open_tickets_to_the_new_hours_and_nobody_is_paged(acme: Company) -> None:
    Site.objects.update(desk_hours={str(day): [["08:00", "18:00"]] for day in range(5)})
    open_one, solved = (report(acme, "ella", at(19), f"Lathe {word}") for word in ("one", "two"))
    others = report(acme, "omar", at(19), "Lathe omar")
    tickets.solve(solved, actor=acme.people["ana"], now=at(19, 5))
    assert changed_hours.follow_moved(now=at(19, 6)) == 0
    User.objects.filter(pk=acme.people["ella"].pk).update(site=far_away())
    job = moved(acme, at(20))
    row = Ticket.objects.get(pk=open_one.pk)
    assert (row.first_answer_due_at, row.is_due_quiet, job.result["late"]) == (at(19, 30), True, 2)
    assert Ticket.objects.get(pk=others.pk).first_answer_due_at == at(8, 30, day=24)
    Ticket.objects.filter(pk=row.pk).update(severity=2, evaluate_at=at(20))
    automation.evaluate_due(now=at(20))
    assert Page.objects.count() == 0
    assert [one for _number, found in repairing.differences(now=at(20)) for one in found] == []


def test_who_moves_comes_under_the_service_level_of_the_new_site(acme: Company) -> None:
    ticket, far = report(acme, "ella", NINE, impacted="me", effect="part"), far_away()
    fast = ServiceLevel.objects.create(slug="far", name="Far", targets={str(n): [60, 60, 60, True] for n in range(1, 5)})
    fast.sites.set([far])
    levels.publish(fast, actor=None, now=NINE)
    User.objects.filter(pk=acme.people["ella"].pk).update(site=far)
    moved(acme, at(10))
    row = Ticket.objects.get(pk=ticket.pk)
    assert (levels.of(row.service_level_id).slug, row.first_answer_due_at) == ("far", at(10, 1))


def test_what_was_open_at_an_upgrade_gets_its_warning_without_another_event(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    wanted = ticket.warn_at
    assert wanted
    Ticket.objects.update(hours_of=None, warn_at=None)
    before = ticket.entries.count()
    assert moved(acme, at(9, 5)).result == {"tickets": 1, "moved": 0, "late": 0}
    assert (Ticket.objects.get(pk=ticket.pk).warn_at, ticket.entries.count()) == (wanted, before)
