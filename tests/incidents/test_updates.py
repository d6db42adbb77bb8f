"""Stakeholder updates: who reads what, who gets a mail, and who is reminded of the next one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pytest

from incidents import escalation, incidents, readers
from incidents.command import roles, sweep, updates
from incidents.models import Command, Incident, Ticket, Update
from incidents.states import IllegalMove
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import MINUTE, email_down
from tests.incidents.reporting import report
from tests.speaking import person, program

WORDS = "Mail is late for some people. Nothing is lost."


@pytest.fixture
def outage(acme: Company) -> Incident:
    """Email is down; Ella and Omar reported it, and it pages Sam."""
    tickets = tuple(report(acme, who, at(8, 50), what=f"Mail does not arrive, says {who}") for who in ("ella", "omar"))
    Ticket.objects.update(incident=None)
    return email_down(acme, tickets=tickets)


def told(incident: Incident, acme: Company, *audiences: str, now: datetime = NINE, **more: Any) -> Update:
    said: dict[str, Any] = {"phase": "investigating", "text": WORDS, "actor": acme.people["ana"], **more}
    return updates.publish(incident, audiences=audiences or ("banner", "requesters"), now=now, **said)


def mailed(word: str) -> list[str]:
    rows = Message.objects.filter(channel="email", text__contains=word).order_by("pk")
    return [row.person.username for row in rows if row.person]


def test_who_reported_it_reads_it_by_mail_on_the_ticket_and_in_the_portal(acme: Company, outage: Incident) -> None:
    made = told(outage, acme)
    assert (made.mailed, sorted(mailed(WORDS))) == (2, ["ella", "omar"])
    ella = signed_in(acme.people["ella"])
    for page in ("/", "/new/", f"/t/{Ticket.objects.get(requester=acme.people['ella']).pk}/"):
        assert WORDS in ella.get(page).content.decode(), page


def test_one_that_was_not_told_to_employees_is_read_by_none(acme: Company, outage: Incident) -> None:
    Incident.objects.filter(pk=outage.pk).update(is_shown=True)
    told(outage, acme, "managers")
    assert sorted(mailed(WORDS)) == ["dana", "kim"]
    assert WORDS not in signed_in(acme.people["ella"]).get("/").content.decode()


def test_the_newest_public_word_stands_and_the_old_one_is_kept(acme: Company, outage: Incident) -> None:
    told(outage, acme)
    told(outage, acme, "status_page", phase="identified", text="The queue is full.", now=NINE + MINUTE)
    page = signed_in(acme.people["eve"]).get("/").content.decode()
    assert "The queue is full." in page
    assert WORDS not in page
    assert [update.text for update in outage.updates.all()] == [WORDS, "The queue is full."]


@pytest.mark.parametrize("audience", ["status_page", "banner", "requesters"])
def test_no_employee_is_told_of_a_confidential_one(acme: Company, outage: Incident, audience: str) -> None:
    Incident.objects.filter(pk=outage.pk).update(is_confidential=True)
    with pytest.raises(updates.NotPublic):
        told(outage, acme, audience, "managers")
    assert (Update.objects.count(), mailed(WORDS)) == (0, [])


def test_a_confidential_one_shows_no_word_that_was_public_before(acme: Company, outage: Incident) -> None:
    told(outage, acme)
    Incident.objects.filter(pk=outage.pk).update(is_confidential=True)
    ella = signed_in(acme.people["ella"])
    ticket = Ticket.objects.get(requester=acme.people["ella"])
    assert WORDS not in ella.get("/").content.decode() + ella.get(f"/t/{ticket.pk}/").content.decode()


def test_managers_of_a_confidential_one_get_a_mail_without_its_words(acme: Company, outage: Incident) -> None:
    Incident.objects.filter(pk=outage.pk).update(is_confidential=True, team=acme.teams["network"])
    readers.admit(Incident.objects.get(pk=outage.pk), acme.people["dana"], because="leads it", now=NINE)
    told(outage, acme, "managers")
    got = Message.objects.filter(key__startswith="update:").values_list("person__username", flat=True)
    assert (list(got), mailed(WORDS)) == (["dana"], [])


def test_a_proposal_is_told_to_nobody(acme: Company, outage: Incident) -> None:
    Incident.objects.filter(pk=outage.pk).update(state="proposed")
    with pytest.raises(IllegalMove):
        told(outage, acme)


def test_whoever_writes_is_reminded_before_the_promise_and_when_it_is_due(acme: Company, outage: Incident) -> None:
    roles.give(outage, "communications", to=acme.people["ben"], actor=acme.people["ben"], now=NINE)
    told(outage, acme, next_update_at=NINE + 30 * MINUTE)
    reminded = [sweep.remind_due(now=NINE + minutes * MINUTE) for minutes in (24, 25, 26, 30, 31)]
    assert (reminded, mailed("It was promised for 09:30")) == ([0, 1, 0, 1, 0], ["ben", "ben"])


def test_the_clock_of_the_page_turns_amber_then_late(acme: Company, outage: Incident) -> None:
    told(outage, acme, next_update_at=NINE + 30 * MINUTE)
    due = updates.due_at(outage)
    assert [updates.tone(due, now=NINE + minutes * MINUTE) for minutes in (5, 20, 31)] == ["", "warn", "bad"]


def test_a_severe_one_that_nobody_was_told_of_owes_its_first_word(acme: Company, outage: Incident) -> None:
    outage.refresh_from_db()
    assert outage.triggered_at
    assert updates.due_at(outage) == outage.triggered_at + timedelta(minutes={1: 30, 2: 60}[outage.severity])


def test_the_last_word_and_the_end_promise_nothing(acme: Company, outage: Incident) -> None:
    told(outage, acme, next_update_at=NINE + 30 * MINUTE)
    incidents.resolve(outage, actor=acme.people["sam"], reason="Restarted", now=NINE + MINUTE)
    assert sweep.remind_due(now=NINE + 60 * MINUTE) == 0
    told(outage, acme, phase="resolved", now=NINE + 2 * MINUTE, next_update_at=NINE + 40 * MINUTE)
    assert Command.objects.get().next_update_at is None


def sends(acme: Company, incident: Incident, step: str, audiences: Collection[str] = ("banner", "requesters"), key: str = "k1") -> Any:
    form = {"phase": "identified", "next_in": "30", "text": WORDS, "audiences": list(audiences), "step": step, "form_key": key}
    return signed_in(acme.people["ana"]).post(f"/incidents/{incident.pk}/update/", form)


def test_a_preview_names_who_gets_it_and_sends_nothing(acme: Company, outage: Incident) -> None:
    page = sends(acme, outage, "preview").content.decode()
    assert all(words in page for words in ("Nothing is sent yet", "2 mails:", "Ella", "Omar", WORDS))
    assert (Update.objects.count(), mailed(WORDS)) == (0, [])


def test_send_pressed_twice_is_one_update(acme: Company, outage: Incident) -> None:
    assert [sends(acme, outage, "send", key=key).status_code for key in ("k1", "k1", "k2")] == [302, 302, 302]
    assert (Update.objects.count(), len(mailed(WORDS))) == (1, 2)


def test_the_text_of_a_phase_is_filled_in(acme: Company, outage: Incident) -> None:
    assert "We have found the cause" in sends(acme, outage, "fill").content.decode()


def test_the_api_tells_and_lists(acme: Company, outage: Incident) -> None:
    job = program("incidents:read", "incidents:write")
    said = {"text": WORDS, "phase": "watching", "audiences": ["status_page"], "next_update_at": "2099-01-01T00:00:00Z"}
    made = job.post(f"incidents/{outage.number}/updates/", said)
    assert (made.status_code, made.json()["phase"], made.json()["audiences"]) == (201, "watching", ["status_page"])
    assert [row["text"] for row in job.get(f"incidents/{outage.number}/updates/").json()["results"]] == [WORDS]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"audiences": []}, "audiences"),
        ({"phase": "x"}, "phase"),
        ({"text": " "}, "text"),
        ({"next_update_at": "2020-01-01T00:00:00Z"}, "next_update_at"),
    ],
)
def test_the_api_names_the_field_that_is_wrong(acme: Company, outage: Incident, change: dict[str, Any], field: str) -> None:
    said = {"text": WORDS, "phase": "watching", "audiences": ["banner"], **change}
    answer = person(acme.people["ana"]).post(f"incidents/{outage.number}/updates/", said)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert Update.objects.count() == 0


def test_an_acknowledgement_stops_no_mail_to_stakeholders(acme: Company, outage: Incident) -> None:
    told(outage, acme, "managers", "requesters")
    escalation.acknowledge(outage, by=acme.people["sam"], via="page", now=NINE + MINUTE)
    assert not Message.objects.filter(text__contains=WORDS, state="cancelled").exists()
