"""The demo world reads like a desk that has been in use, and sends nothing of its past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from incidents.models import Entry, Incident, Ticket
from incidents.states import OPEN_TICKET, IncidentState, TicketState
from notifications.models import Errand, Message
from notifications.states import IN_FLIGHT, WAITING
from servicedesk.directory.models import User
from servicedesk.operations.engine import run_once
from servicedesk.operations.worlds import demo, history
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.standing import standing


@pytest.fixture(scope="module")
def founded(django_db_setup: None, django_db_blocker: Any) -> Iterator[Company]:
    with standing(django_db_blocker, lambda: demo.found(now=NINE)) as world:
        yield world


@pytest.fixture
def world(founded: Company, db: None) -> Company:
    return founded


def test_ninety_days_lie_behind_it(world: Company) -> None:
    past = Ticket.objects.filter(pk__lte=history.NUMBER)
    assert past.count() == history.NUMBER
    assert set(past.values_list("state", flat=True)) == {TicketState.SOLVED, TicketState.CLOSED}
    first = past.order_by("created_at").values_list("created_at", flat=True)[0]
    assert timedelta(days=85) < NINE - first < timedelta(days=91)


def test_every_past_ticket_was_reported_before_it_was_answered_and_answered_before_it_was_solved(world: Company) -> None:
    for ticket in Ticket.objects.filter(pk__lte=history.NUMBER):
        assert ticket.first_answered_at is not None
        assert ticket.solved_at is not None
        assert ticket.created_at <= ticket.first_answered_at <= ticket.solved_at <= NINE
    assert Entry.objects.filter(ticket=500).count() >= 5


def test_tickets_of_this_week_wait_to_be_worked_on(world: Company) -> None:
    waiting = Ticket.objects.filter(state__in=OPEN_TICKET)
    assert waiting.count() == len(demo.OPEN)
    assert not waiting.filter(severity=None).exists()


def test_one_outage_is_over_and_its_story_is_told(world: Company) -> None:
    outage = Incident.objects.get(state=IncidentState.RESOLVED)  # the others are closed
    assert outage.acknowledged_by == world.people["sam"]
    assert outage.timeline.count() > 6


def test_nothing_of_the_past_is_sent_now(world: Company) -> None:
    assert Message.objects.exists()
    assert not Message.objects.filter(state__in=(*WAITING, *IN_FLIGHT), due_at__lte=NINE).exists()
    assert not Errand.objects.open().exists()


def test_the_engine_finds_nothing_to_page_for(world: Company) -> None:
    before = Incident.objects.count()
    run_once(NINE + timedelta(minutes=1))
    assert not Message.objects.filter(lane=Message.Lane.PAGE, created_at__gt=NINE - timedelta(days=1)).exists()
    assert Incident.objects.count() == before


def test_people_sign_in_and_colleagues_do_not(world: Company) -> None:
    assert world.people["ella"].has_usable_password()
    assert not User.objects.get(username="nina").has_usable_password()
