"""Somebody leaves: what names them is shown, and a successor takes their place."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from incidents import tickets
from incidents.models import LastResort, StepTarget
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Grant, Team, User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.test_incidents import ticket


def form_of(person: User, **changes: Any) -> dict[str, Any]:
    """The person's page in the admin, sent with them inactive."""
    names = ("username", "name", "email", "kind", "phone", "department", "zone", "language")
    grants = list(Grant.objects.filter(user=person).order_by("pk"))
    rows = {f"grants-{n}-{name}": getattr(one, name) or "" for n, one in enumerate(grants) for name in ("id", "user_id", "role", "team_id")}
    rows = {key.replace("_id", "") if key.endswith(("user_id", "team_id")) else key: value for key, value in rows.items()}
    management = {"grants-TOTAL_FORMS": len(grants), "grants-INITIAL_FORMS": len(grants)}
    return {name: getattr(person, name) or "" for name in names} | rows | management | changes


def sent(acme: Company, who: str, **changes: Any) -> str:
    person = acme.people[who]
    page = reverse("admin:directory_user_change", args=[person.pk])
    return signed_in(acme.people["adam"]).post(page, form_of(person, **changes), follow=True).content.decode()


def test_who_is_named_is_not_deactivated_without_a_word(acme: Company) -> None:
    page = sent(acme, "dana")
    assert "Dana Ruiz is still named: " in page
    assert "IT manager of IT Ops" in page
    assert User.objects.get(username="dana").is_active


def test_a_successor_takes_every_place_and_open_tickets(acme: Company) -> None:
    dana, kim = acme.people["dana"], acme.people["kim"]
    mine = tickets.assign(ticket(acme), to=dana, actor=dana, now=NINE)
    steps, ways = StepTarget.objects.filter(person=dana).count(), LastResort.objects.filter(person=dana).count()
    assert Team.objects.filter(manager=dana).exists()
    page = sent(acme, "dana", successor=kim.pk)
    assert "are Kim" in page
    assert not User.objects.get(username="dana").is_active
    assert not Team.objects.filter(manager=dana).exists()
    assert (StepTarget.objects.filter(person=dana).count(), LastResort.objects.filter(person=dana).count()) == (0, 0)
    mine.refresh_from_db()
    assert mine.assignee == kim
    assert AuditEntry.objects.filter(verb="hand over", actor=acme.people["adam"]).count() >= 1 + steps + ways


def test_nothing_is_handed_over_where_that_was_ticked(acme: Company) -> None:
    sent(acme, "dana", nobody_follows="on")
    assert not User.objects.get(username="dana").is_active
    assert Team.objects.filter(manager=acme.people["dana"]).exists()


def test_who_is_named_nowhere_simply_goes(acme: Company) -> None:
    sent(acme, "omar")
    assert not User.objects.get(username="omar").is_active


def test_nobody_follows_themselves(acme: Company) -> None:
    assert "Nobody follows themselves." in sent(acme, "dana", successor=acme.people["dana"].pk)
