"""The engine starts after a crash: what fell due while none ran comes as one page, and a short stop, or a hold, as none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models.functions import Now

from incidents import catching_up, conversation
from incidents.models import Incident, Ticket
from notifications.models import Message
from servicedesk import clock
from servicedesk.directory.models import HeldFor
from servicedesk.operations import engine, standstill
from servicedesk.operations.engine import Engine, enrol
from servicedesk.operations.models import EnginePass
from servicedesk.operations.passes import PASSES
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.alarms import MINUTE, email_down, paged
from tests.incidents.test_incidents import ticket


@pytest.fixture(autouse=True)
def nine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is nine for the desk; the leases are on the database's own clock."""
    monkeypatch.setattr(clock, "now", lambda: NINE)


def ran_last(minutes: float) -> None:
    """An engine worked here, and the last of its passes ran so long ago."""
    enrol(PASSES)
    EnginePass.objects.update(ran_at=Now() - timedelta(hours=30))
    EnginePass.objects.filter(name=PASSES[0].name).update(ran_at=Now() - timedelta(minutes=minutes))


def late(acme: Company, minutes_ago: float = 10, **columns: Any) -> Ticket:
    """A SEV2 whose first answer fell due so long ago."""
    row = ticket(acme)
    said = {"severity": 2, "first_answer_due_at": NINE - minutes_ago * MINUTE, "first_answered_at": None, "is_due_quiet": False}
    Ticket.objects.filter(pk=row.pk).update(**said | columns)
    row.refresh_from_db()
    return row


def test_all_that_fell_due_meanwhile_comes_as_one_incident_that_names_it_and_pages_once(acme: Company) -> None:
    first, second = late(acme), late(acme, severity=1)
    ran_last(19.5)
    engine.catch_up()
    incident = Incident.objects.get()
    assert incident.title == f"2 first answers fell due while the desk was down: {second.number}, {first.number}"
    assert "from 08:40" in incident.reason
    assert "until 09:00" in incident.reason
    assert (incident.severity, set(incident.tickets.all())) == (1, {first, second})
    assert abs(incident.since - (NINE - 19.5 * MINUTE)) < timedelta(seconds=5)
    assert paged(incident) == [("sam", 1)]
    assert Message.objects.filter(thread=incident.number, lane="page", state="queued").exists()


def test_neither_another_engine_nor_the_rules_page_for_it_again(acme: Company) -> None:
    late(acme), late(acme)
    ran_last(20)
    engine.catch_up()
    engine.catch_up()
    engine.run_once(NINE)
    assert [paged(incident) for incident in Incident.objects.all()] == [[("sam", 1)]]


def test_an_engine_catches_up_before_its_lanes_begin(acme: Company) -> None:
    late(acme)
    ran_last(20)
    ours = Engine([])
    ours.stop.set()
    ours.run()
    assert Incident.objects.get().title.startswith("1 first answer fell due while the desk was down")


def in_an_incident(acme: Company) -> None:
    late(acme, incident=email_down(acme))


def on_hold(acme: Company) -> None:
    late(acme)
    standstill.begin(until=NINE + 20 * MINUTE, held_for=HeldFor.MAINTENANCE, now=NINE - 30 * MINUTE)


def answered(acme: Company) -> None:
    conversation.reply(late(acme), author=acme.people["ana"], text="On it", now=NINE - 11 * MINUTE)


@pytest.mark.parametrize(
    "arrange",
    [
        lambda acme: late(acme, minutes_ago=21), lambda acme: late(acme, minutes_ago=-1), lambda acme: late(acme, severity=3),
        lambda acme: late(acme, is_due_quiet=True), lambda acme: late(acme, state="solved"), answered, in_an_incident, on_hold,
    ],
    ids=["due before", "not due yet", "SEV3", "quiet", "solved", "answered", "somebody is called already", "on hold"],
)  # fmt: skip
def test_nothing_is_caught_up_with_where_nothing_was_missed(acme: Company, arrange: Callable[[Company], Any]) -> None:
    arrange(acme)
    before = Incident.objects.count()
    ran_last(20)
    engine.catch_up()
    assert Incident.objects.count() == before


def test_a_stop_of_a_few_minutes_is_left_to_the_rules(acme: Company) -> None:
    late(acme, minutes_ago=2)
    ran_last(4.8)
    engine.catch_up()
    assert not Incident.objects.exists()


def test_where_no_engine_ever_ran_nothing_was_missed(acme: Company) -> None:
    late(acme)
    enrol(PASSES)
    engine.catch_up()
    EnginePass.objects.all().delete()
    engine.catch_up()
    assert not Incident.objects.exists()


def test_an_engine_that_cannot_catch_up_starts_all_the_same(
    acme: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_when: Any) -> None:
        raise DatabaseError("no such table")

    monkeypatch.setattr(catching_up, "after_downtime", broken)
    ran_last(20)
    engine.catch_up()
    assert "what fell due meanwhile could not be gathered" in caplog.text
