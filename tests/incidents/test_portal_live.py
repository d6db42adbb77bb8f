"""The employee's pages while they stand open: what changed is brought, nothing else, and never what is the desk's own."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents import conversation, merging, tickets, titles
from incidents.incidents import Grounds, declare
from incidents.models import Incident, Ticket, Watcher
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import report


@pytest.fixture
def ella(acme: Company) -> Client:
    return signed_in(acme.people["ella"])


@pytest.fixture
def ticket(acme: Company) -> Ticket:
    return report(acme, "ella", NINE)


def cursor_of(client: Client, path: str) -> str:
    """What the page gives its reader to ask with."""
    found = re.search(r'data-pulse="\d+" data-cursor="([^"]+)"', client.get(path).content.decode())
    assert found
    return found[1]


def pulse(client: Client, path: str, cursor: str) -> Any:
    return client.get(path, {"pulse": cursor}, headers={"HX-Request": "true"})


@pytest.mark.parametrize("path", ["/", "/t/{}/"])
def test_nothing_new_is_an_empty_answer(ella: Client, ticket: Ticket, path: str) -> None:
    there = path.format(ticket.pk)
    cursor = cursor_of(ella, there)
    with CaptureQueriesContext(connection) as taken:
        answer = pulse(ella, there, cursor)
    assert (answer.status_code, answer.content, answer["Desk-Cursor"]) == (204, b"", cursor)
    assert len(taken) <= 11


def test_an_answer_is_brought_and_told_once(acme: Company, ella: Client, ticket: Ticket) -> None:
    path = f"/t/{ticket.pk}/"
    cursor = cursor_of(ella, path)
    conversation.reply(ticket, author=acme.people["ana"], text="Look at your cable", now=at(10))
    news = pulse(ella, path, cursor)
    assert "Look at your cable" in news.content.decode()
    assert "New answer from Ana" in news.content.decode()
    assert pulse(ella, path, news["Desk-Cursor"]).status_code == 204
    tickets.solve(ticket, actor=acme.people["ana"], now=at(11))
    later = pulse(ella, path, news["Desk-Cursor"]).content.decode()
    assert "How was our help?" in later
    assert "New answer" not in later


def test_ones_own_answer_from_another_window_is_brought_untold(ella: Client, ticket: Ticket) -> None:
    path = f"/t/{ticket.pk}/"
    cursor = cursor_of(ella, path)
    ella.post(path, {"text": "It is the blue cable", "form_key": "k"})
    news = pulse(ella, path, cursor).content.decode()
    assert "It is the blue cable" in news
    assert "New answer" not in news


def test_what_is_the_desks_own_is_no_news(acme: Company, ella: Client, ticket: Ticket) -> None:
    path, now = f"/t/{ticket.pk}/", clock.now()
    cursor = cursor_of(ella, path)
    conversation.note(ticket, author=acme.people["ana"], text="canary-7731", now=at(10))
    conversation.reply(ticket, author=acme.people["ana"], text="canary-held", now=now + timedelta(hours=1))
    answer = pulse(ella, path, cursor).content.decode()
    assert "canary" not in answer
    assert "New answer" not in answer


def test_the_form_and_the_search_are_never_among_the_news(acme: Company, ella: Client, ticket: Ticket) -> None:
    for path in ("/", f"/t/{ticket.pk}/"):
        news = pulse(ella, path, "old").content.decode()
        assert set(re.findall(r"<(?:textarea|input)[^>]*name=\"(\w+)", news)) <= {"csrfmiddlewaretoken"}
        assert "<html" not in news


def test_an_outage_and_its_end_come_to_the_home_page(acme: Company, ella: Client) -> None:
    before = cursor_of(ella, "/")
    made = declare(Grounds(title="Email is down", reason="", service=acme.services["email"], severity=2, since=NINE), now=NINE).incident
    assert pulse(ella, "/", before).status_code == 204
    Incident.objects.filter(pk=made.pk).update(is_shown=True)
    shown = pulse(ella, "/", before)
    assert "Email is down" in shown.content.decode()
    Incident.objects.filter(pk=made.pk).update(state="resolved", resolved_at=at(10))
    over = pulse(ella, "/", shown["Desk-Cursor"])
    assert over.status_code == 200
    assert "Email is down" not in over.content.decode()


def test_a_strangers_ticket_has_no_news(acme: Company, ticket: Ticket) -> None:
    assert pulse(signed_in(acme.people["omar"]), f"/t/{ticket.pk}/", "old").status_code == 404


def test_a_page_whose_ticket_was_merged_says_once_where_it_goes_on(acme: Company, ella: Client, ticket: Ticket) -> None:
    into, ana = report(acme, "omar", at(10)), signed_in(acme.people["ana"])
    merging.merge(ticket, into=into, actor=acme.people["ana"], now=at(11))
    for browser, path, there in ((ella, "/t/", f"/t/{into.pk}/"), (ana, "/tickets/", f"/tickets/{into.pk}/")):
        news = pulse(browser, f"{path}{ticket.pk}/", "old")
        assert f'<a href="{there}">T-{ticket.pk} goes on in T-{into.pk}.' in news.content.decode()
        assert pulse(browser, f"{path}{ticket.pk}/", news["Desk-Cursor"]).status_code == 204


def test_where_it_goes_on_is_not_told_to_who_may_not_read_it(acme: Company, ella: Client, ticket: Ticket) -> None:
    into = report(acme, "omar", at(10), "canary-title")
    merging.merge(ticket, into=into, actor=acme.people["ana"], now=at(11))
    Watcher.objects.filter(ticket=into).delete()
    news = pulse(ella, f"/t/{ticket.pk}/", "old").content.decode()
    assert f"T-{ticket.pk} goes on in another ticket" in news
    assert not re.search(rf"canary|{into.pk}", news)


@pytest.mark.parametrize(("who", "path"), [("ella", "/t/"), ("ana", "/tickets/")])
def test_a_title_put_right_comes_to_the_open_page(acme: Company, ticket: Ticket, who: str, path: str) -> None:
    browser = signed_in(acme.people[who])
    cursor = cursor_of(browser, f"{path}{ticket.pk}/")
    titles.set_title(ticket, "The lathe stands still", actor=acme.people["ben"], now=at(12))
    heading = re.search(r'<h1 [^>]*id="title"[^>]*>([^<]*)', pulse(browser, f"{path}{ticket.pk}/", cursor).content.decode())
    assert heading
    assert heading[1] == "The lathe stands still"


@pytest.mark.parametrize("cursor", ["", "x.y", "9.99999999999999999999", "\u00b2.\u00b2"])
def test_an_odd_cursor_brings_everything_and_tells_nothing(ella: Client, ticket: Ticket, cursor: str) -> None:
    answer = pulse(ella, f"/t/{ticket.pk}/", cursor)
    assert answer.status_code == 200
    assert "New answer" not in answer.content.decode()
