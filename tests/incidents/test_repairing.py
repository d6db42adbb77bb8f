"""Stored due times are a projection: a command proves it, and nobody is paged for what a change, an import or a downtime made late."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from incidents import automation, buttons, catching_up, changed_hours, conversation, merging, repairing, tickets
from incidents.models import Incident, Page, Ticket
from incidents.states import IllegalMove
from servicedesk.directory.models import Organisation
from servicedesk.jobs import work
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import report

MINUTE = timedelta(minutes=1)


def found(now: object) -> int:
    return sum(len(differing) for _number, differing in repairing.differences(now=now))  # type: ignore[arg-type]


def lived(acme: Company, seed: int) -> Ticket:
    """A ticket on which a good deal was done in an odd order."""
    dice, now = random.Random(seed), at(7) + timedelta(minutes=seed * 13)
    ticket = report(acme, dice.choice(["ella", "omar", "lea"]), now, f"Story {seed} zebra{seed}", impacted=dice.choice(["me", "several"]))
    ana = acme.people["ana"]
    for _step in range(dice.randrange(3, 9)):
        now += timedelta(minutes=dice.randrange(1, 700))
        ticket.refresh_from_db()
        deed = dice.choice(["reply", "hear", "wait", "sev", "solve", "reopen", "take_up"])
        told = {"actor": ana, "now": now}
        try:
            if deed == "reply":
                conversation.reply(ticket, author=ana, text="x", now=now)
            elif deed == "hear":
                automation.requester_reply(ticket, author=ticket.requester, text=f"y{now}", now=now)
            elif deed == "sev":
                tickets.set_severity(ticket, rank=dice.choice([2, 3, 4]), reason="x", **told)
            else:
                buttons.press(ticket, "wait:vendor" if deed == "wait" else deed, **told)
        except IllegalMove:
            continue
    return ticket


def test_whatever_is_done_to_tickets_what_is_stored_is_what_their_history_says(acme: Company) -> None:
    made = [lived(acme, seed) for seed in range(25)]
    who = {"actor": acme.people["ana"], "now": at(9, day=29)}
    merging.merge(made[0], into=made[1], **who)
    merging.merge(made[2], into=made[3], **who)
    merging.unmerge(made[2], **who)
    assert found(at(9, day=29)) == 0
    told = StringIO()
    call_command("repair_clocks", "--check", stdout=told)
    assert f"tickets={Ticket.objects.count()} differences=0" in told.getvalue()


def test_a_wrong_time_is_told_with_exit_code_1_then_put_right(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    Ticket.objects.filter(pk=ticket.pk).update(solution_due_at=at(1))
    for arguments, left in ((["--check"], 1), ([], 0)):
        with pytest.raises(SystemExit) as ended:
            call_command("repair_clocks", *arguments, stdout=StringIO())
        assert (ended.value.code, found(at(9))) == (1, left)


def test_what_turns_late_by_a_change_of_hours_is_listed_and_nobody_is_paged(acme: Company) -> None:
    Organisation.objects.update(desk_hours={str(day): [["08:00", "18:00"]] for day in range(5)})
    ticket = report(acme, "ella", at(19), impacted="me", effect="cannot")
    assert ticket.first_answer_due_at == at(8, 30, day=24)
    tickets.set_severity(ticket, rank=3, actor=acme.people["ana"], now=at(19, 1))
    Organisation.objects.update(desk_hours={str(day): [["00:00", "23:59"]] for day in range(7)})
    for _number, differing in repairing.differences(now=at(20)):
        turned = [repairing.repair(one, now=at(20)) for one in differing]
        assert True in turned
    Ticket.objects.filter(pk=ticket.pk).update(severity=2, evaluate_at=at(20))
    automation.evaluate_due(now=at(20))
    ticket.refresh_from_db()
    assert (ticket.is_due_quiet, Page.objects.count(), ticket.first_answer_due_at) == (True, 0, at(19, 30))


def test_an_imported_ticket_that_is_touched_years_later_pages_nobody(acme: Company) -> None:
    old = report(acme, "ella", at(9), origin="import", impacted="everyone", effect="cannot")
    tickets.set_severity(old, rank=2, actor=acme.people["ana"], now=at(12))
    automation.evaluate_due(now=at(12))
    assert Page.objects.count() == 0


def test_after_own_downtime_all_that_fell_due_is_one_page(acme: Company) -> None:
    asked = [report(acme, who, at(9), f"Lathe {who} zebra{who}", impacted="me") for who in ("ella", "omar", "lea")]
    for ticket in asked:
        tickets.set_severity(ticket, rank=2, actor=acme.people["ana"], now=at(9, 1))
    incident = catching_up.after_downtime(since=at(9, 10), now=at(11))
    assert incident
    pages = Page.objects.count()
    automation.evaluate_due(now=at(11))
    assert (Incident.objects.count(), Page.objects.count(), incident.tickets.count()) == (1, pages, 3)
    assert all(ticket.number in incident.title for ticket in asked)
    assert catching_up.after_downtime(since=at(9, 10), now=at(11)) is None


@pytest.mark.parametrize(("since", "until"), [(at(9, 10), at(9, 14)), (at(9, 40), at(11))])
def test_nothing_fell_due_or_hardly_away_is_no_page(acme: Company, since: object, until: object) -> None:
    ticket = report(acme, "ella", at(9), "Lathe zebra", impacted="me")
    tickets.set_severity(ticket, rank=2, actor=acme.people["ana"], now=at(9, 1))
    assert catching_up.after_downtime(since=since, now=until) is None  # type: ignore[arg-type]


def test_every_clock_is_explained_in_words(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    tickets.wait(ticket, Ticket.Waiting.VENDOR, actor=ana, now=at(10))
    tickets.take_up(ticket, actor=ana, now=at(12))
    page = signed_in(ana).get(f"/tickets/{ticket.pk}/clocks/").content.decode()
    for words in ("stood still: waiting for a vendor", "ran, 1 h 00 min counted (SEV3)", "in desk hours, by SEV3", "First answer"):
        assert words in page


def test_desk_hours_are_told_in_hours_never_in_days_of_24(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), impacted="me", effect="part")
    page = signed_in(acme.people["ana"]).get(f"/tickets/{ticket.pk}/clocks/").content.decode()
    assert "50 h 00 min, in desk hours, by SEV4" in page


def hours_of_the_organisation(acme: Company, now: datetime, **days: list[list[str]]) -> Job:
    """An administrator changes them, and a worker does the job."""
    row = Organisation.objects.get()
    was = {"desk_hours": row.desk_hours}
    row.desk_hours = {str(day): days.get("all", [["08:00", "18:00"]]) for day in range(7)}
    row.save(update_fields=["desk_hours"])
    job = changed_hours.follow(row, actor=acme.people["adam"], was=was, now=now)
    assert job
    work.run_first([job.pk], now=now)
    job.refresh_from_db()
    return job


def test_new_desk_hours_move_what_is_open_by_themselves_and_page_nobody(acme: Company) -> None:
    Organisation.objects.update(desk_hours={str(day): [["08:00", "18:00"]] for day in range(5)})
    open_one, solved = (report(acme, who, at(19), f"Lathe {who}", impacted="me", effect="cannot") for who in ("ella", "omar"))
    tickets.solve(solved, actor=acme.people["ana"], now=at(19, 5))
    stood = Ticket.objects.get(pk=solved.pk).solution_due_at
    job = hours_of_the_organisation(acme, at(20), all=[["00:00", "23:59"]])
    open_one.refresh_from_db()
    assert (open_one.first_answer_due_at, open_one.is_due_quiet, open_one.evaluate_at) == (at(19, 30), True, at(20))
    assert (job.state, job.result) == ("done", {"tickets": 1, "moved": 1, "late": 2})
    assert "Due times moved" in open_one.entries.latest("pk").text
    assert Ticket.objects.get(pk=solved.pk).solution_due_at == stood
    automation.evaluate_due(now=at(20))
    assert (found(at(20)), Page.objects.count()) == (0, 0)


def test_the_file_names_each_and_hides_what_is_confidential(acme: Company) -> None:
    Organisation.objects.update(desk_hours={str(day): [["08:00", "18:00"]] for day in range(5)})
    plain, secret = (report(acme, who, at(19), f"Lathe {who}", impacted="me", effect="cannot") for who in ("ella", "omar"))
    Ticket.objects.filter(pk=secret.pk).update(is_confidential=True)
    text = "".join(hours_of_the_organisation(acme, at(19, 5), all=[["00:00", "23:59"]]).parts.values_list("text", flat=True))
    assert f"{plain.number},first answer,2026-11-24 07:30 UTC,2026-11-23 18:30 UTC," in text
    assert secret.number not in text
    assert "confidential,first answer" in text


def test_an_administrator_who_changes_the_hours_of_a_site_sees_the_job(acme: Company) -> None:
    site, adam = acme.people["ella"].site, signed_in(acme.people["adam"])
    assert site
    fields = {"name": site.name, "slug": site.slug, "zone": site.zone, "country": site.country}
    page = adam.post(f"/admin/directory/site/{site.pk}/change/", fields | {"desk_hours": '{"0": [["09:00", "12:00"]]}'}, follow=True)
    job = Job.objects.get()
    assert f'href="/jobs/{job.pk}/"' in page.content.decode()
    assert (job.kind, job.parameters) == ("move due times", {"site": site.pk})
    adam.post(f"/admin/directory/site/{site.pk}/change/", fields | {"name": "Paris", "desk_hours": '{"0": [["09:00", "12:00"]]}'})
    assert Job.objects.count() == 1
