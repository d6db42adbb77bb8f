"""Through a view without going back to it: previous, next, and where one goes on; columns, and who is on a row."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from incidents import around, tickets
from incidents.models import Presence, Ticket
from incidents.models.around import PRESENT
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import report


@pytest.fixture
def three(acme: Company) -> list[Ticket]:
    """In the order of their clocks: the last reported answers last."""
    return [report(acme, who, at(9, minute), f"Lathe {who}") for minute, who in enumerate(("ella", "omar", "lea"))]


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def leads(ana: Client, ticket: Ticket, to: str) -> str:
    return str(ana.get(f"/tickets/{ticket.pk}/beside/?to={to}").headers["Location"])


@pytest.mark.parametrize(("sort", "order"), [("clock", [0, 1, 2]), ("oldest", [0, 1, 2]), ("newest", [2, 1, 0])])
def test_next_and_previous_follow_the_view_one_came_from(ana: Client, three: list[Ticket], sort: str, order: list[int]) -> None:
    ana.get(f"/queue/?sort={sort}")
    first, middle, last = (three[place] for place in order)
    assert (leads(ana, first, "next"), leads(ana, middle, "next")) == (f"/tickets/{middle.pk}/", f"/tickets/{last.pk}/")
    assert (leads(ana, last, "previous"), leads(ana, middle, "previous")) == (f"/tickets/{middle.pk}/", f"/tickets/{first.pk}/")
    assert leads(ana, last, "next").startswith("/queue/?view=all")


def test_a_ticket_that_left_the_view_still_has_a_next(ana: Client, acme: Company, three: list[Ticket]) -> None:
    ana.get("/queue/?view=triage")
    tickets.assign(three[0], to=acme.people["ana"], actor=acme.people["ana"], now=at(9, 5))
    assert leads(ana, three[0], "next") == f"/tickets/{three[1].pk}/"


def test_after_sending_one_goes_on_as_one_chose_and_it_is_remembered(ana: Client, three: list[Ticket]) -> None:
    ana.get("/queue/")
    went = ana.post(f"/tickets/{three[0].pk}/reply/", {"text": "One", "after": "next"})
    again = ana.post(f"/tickets/{three[1].pk}/note/", {"text": "Two"})
    stays = ana.post(f"/tickets/{three[1].pk}/note/", {"text": "Three", "after": "stay"})
    assert (went.headers["Location"], again.headers["Location"]) == tuple(f"/tickets/{row.pk}/beside/?to=next" for row in three[:2])
    assert stays.headers["Location"] == f"/tickets/{three[1].pk}/"


def test_columns_stand_in_the_address_and_unknown_ones_are_told(ana: Client, three: list[Ticket]) -> None:
    page = ana.get("/queue/?cols=team.nonsense").content.decode()
    assert 'class="c-team"' in page
    assert 'class="c-service"' not in page
    assert "cols=nonsense" in page


def test_a_row_says_who_writes_on_it(ana: Client, acme: Company, three: list[Ticket]) -> None:
    around.be_present(three[0], person=acme.people["ben"], is_writing=True, now=clock.now())
    assert "Ben is writing" in ana.get("/queue/").content.decode()


def test_news_tell_who_came_to_a_row_and_who_left_and_are_silent_in_between(ana: Client, acme: Company, three: list[Ticket]) -> None:
    Ticket.objects.update(updated_at=clock.now() - timedelta(hours=1))
    page = ana.get("/queue/").content.decode()
    address, cursor = (unescape(re.findall(rf'data-{name}="([^"]*)"', page)[0]) for name in ("pulse-url", "cursor"))
    around.be_present(three[0], person=acme.people["ben"], is_writing=True, now=clock.now())
    came = pulse(ana, address, cursor)
    same = pulse(ana, address, came["Desk-Cursor"])
    Presence.objects.update(at=clock.now() - PRESENT)
    left = pulse(ana, address, same["Desk-Cursor"])
    assert (came.status_code, same.status_code, left.status_code) == (200, 204, 200)
    assert ("Ben is writing" in came.content.decode(), "Ben" in left.content.decode()) == (True, False)
    assert (f"ticket-{three[0].pk}" in left.content.decode(), f"ticket-{three[1].pk}" in left.content.decode()) == (True, False)
    assert pulse(ana, address, left["Desk-Cursor"]).status_code == 204


def test_of_a_ticket_one_may_not_see_nobody_is_told_who_is_on_it(ana: Client, acme: Company, three: list[Ticket]) -> None:
    address = f"?view=all&since=0&on={three[0].pk}"
    around.be_present(three[0], person=acme.people["ben"], is_writing=True, now=clock.now())
    Ticket.objects.update(updated_at=clock.now() - timedelta(hours=1), is_confidential=True, team=acme.teams["network"])
    told = pulse(ana, address, str(clock.now().timestamp()))
    assert (told.status_code, "~" in told["Desk-Cursor"]) == (204, False)


def test_the_way_back_leads_to_the_view_one_came_from(ana: Client, three: list[Ticket]) -> None:
    page = f"/tickets/{three[0].pk}/"
    assert '<a href="/queue/" aria-keyshortcuts="u">' in ana.get(page).content.decode()
    ana.get("/queue/?view=triage&sort=newest")
    assert '<a href="/queue/?view=triage&amp;sort=newest" aria-keyshortcuts="u">Needs triage</a>' in ana.get(page).content.decode()


def pulse(ana: Client, address: str, cursor: str) -> Any:
    return ana.get("/queue/", {**dict(QueryDict(address[1:]).items()), "pulse": cursor})


def test_what_breaches_within_an_hour_has_its_view(ana: Client, three: list[Ticket]) -> None:
    now = clock.now()
    Ticket.objects.update(first_answer_due_at=now + timedelta(hours=3), solution_due_at=now + timedelta(days=3))
    Ticket.objects.filter(pk=three[1].pk).update(first_answer_due_at=now + timedelta(minutes=30))
    page = ana.get("/queue/?view=breaching").content.decode()
    assert three[1].title in page
    assert three[0].title not in page
