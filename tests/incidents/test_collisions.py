"""Words composed before newer ones are stopped once: answers, solving with and without words; a note never is."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import conversation, drafts, families, tickets
from incidents.models import Draft, Entry, Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import report


@pytest.fixture
def ticket(acme: Company) -> Ticket:
    return report(acme, "ella", at(9))


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def seen(browser: Client, ticket: Ticket, path: str = "") -> str:
    """What the page showed last."""
    return str(browser.get(f"/tickets/{ticket.pk}/{path}").context["last_seen"])


def test_an_answer_to_what_was_solved_meanwhile_is_stopped_and_kept(acme: Company, ana: Client, ticket: Ticket) -> None:
    said = {"text": "Try again", "last_seen": seen(ana, ticket), "form_key": "k"}
    tickets.solve(ticket, actor=acme.people["ben"], now=at(9, 5))
    page = ana.post(f"/tickets/{ticket.pk}/reply/", said)
    assert (page.status_code, "Ben solved it while you were writing" in page.content.decode()) == (409, True)
    kept = drafts.of(acme.people["ana"], Draft.Kind.REPLY, ticket.pk)
    assert getattr(kept, "fields", {})["text"] == "Try again"
    assert ana.post(f"/tickets/{ticket.pk}/reply/", {**said, "last_seen": seen(ana, ticket)}).status_code == 302


def test_solving_that_was_reopened_stops_nobody(acme: Company, ana: Client, ticket: Ticket) -> None:
    first = conversation.reply(ticket, author=acme.people["ben"], text="Look", now=at(9, 4))
    tickets.solve(ticket, actor=acme.people["ben"], now=at(9, 5))
    tickets.reopen(ticket, actor=acme.people["ben"], now=at(9, 6))
    assert ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Try again", "last_seen": str(first.pk)}).status_code == 302


def test_send_and_solve_stays_send_and_solve_when_it_goes_anyway(acme: Company, ana: Client, ticket: Ticket) -> None:
    said = {"text": "It is the disk", "last_seen": seen(ana, ticket)}
    conversation.hear(ticket, author=acme.people["ella"], text="Now the phone too", now=at(9, 5))
    page = ana.post(f"/tickets/{ticket.pk}/reply/", {**said, "solve": "1"})
    assert page.status_code == 409
    assert "Send and solve anyway" in page.content.decode()
    ana.post(f"/tickets/{ticket.pk}/reply/", {**said, "anyway": "solve"})
    ticket.refresh_from_db()
    assert ticket.state == "solved"


def test_text_that_was_stopped_can_be_thrown_away(acme: Company, ana: Client, ticket: Ticket) -> None:
    said = {"text": "It is the disk", "last_seen": "0", "form_key": "k"}
    conversation.hear(ticket, author=acme.people["ella"], text="Now the phone too", now=at(9, 5))
    ana.post(f"/tickets/{ticket.pk}/reply/", said)
    ana.post(f"/tickets/{ticket.pk}/reply/", {**said, "discard": "1"})
    assert drafts.of(acme.people["ana"], Draft.Kind.REPLY, ticket.pk) is None
    assert not ticket.entries.filter(text="It is the disk").exists()


def test_solve_is_stopped_once_by_words_its_page_did_not_show(acme: Company, ana: Client, ticket: Ticket) -> None:
    press = {"action": "solve", "last_seen": seen(ana, ticket)}
    conversation.hear(ticket, author=acme.people["ella"], text="Now the phone too", now=at(9, 5))
    page = ana.post(f"/tickets/{ticket.pk}/move/", press)
    ticket.refresh_from_db()
    assert (page.status_code, ticket.is_open, "Now the phone too" in page.content.decode()) == (409, True, True)
    ana.post(f"/tickets/{ticket.pk}/move/", {**press, "anyway": "1"})
    ticket.refresh_from_db()
    assert ticket.state == "solved"


def test_news_move_on_what_the_solve_button_has_seen_but_not_a_draft(acme: Company, ana: Client, ticket: Ticket) -> None:
    ana.get(f"/tickets/{ticket.pk}/")
    newest = conversation.hear(ticket, author=acme.people["ella"], text="Now the phone too", now=at(9, 5))
    news = ana.get(f"/tickets/{ticket.pk}/?pulse=old").content.decode()
    assert f'id="seen-solve" name="last_seen" value="{newest.pk}"' in news
    assert 'id="seen-reply"' in news
    assert 'id="seen-reply"' not in ana.get(f"/tickets/{ticket.pk}/?pulse=old&writing=1").content.decode()
    drafts.keep(acme.people["ana"], Draft.Kind.REPLY, ticket.pk, {"text": "Half"}, now=at(9, 6))
    assert 'id="seen-reply"' not in ana.get(f"/tickets/{ticket.pk}/?pulse=old").content.decode()


def test_solving_with_its_tickets_is_stopped_too(acme: Company, ana: Client, ticket: Ticket) -> None:
    child = report(acme, "omar", at(9, 1))
    families.set_parent(child, ticket, actor=acme.people["ana"], now=at(9, 2))
    before, path = seen(ana, ticket, "together/"), f"/tickets/{ticket.pk}/"
    conversation.hear(ticket, author=acme.people["ella"], text="Now the phone too", now=at(9, 5))
    said = {"text": "It is mended", "last_seen": before}
    assert ana.post(f"{path}reply/", {**said, "solve": "1"}).status_code == 409
    page = ana.post(f"{path}together/", said)
    assert (page.status_code, "It is mended</textarea>" in page.content.decode()) == (409, True)
    ana.post(f"{path}together/", {**said, "anyway": "1"})
    assert set(Ticket.objects.filter(pk__in=[ticket.pk, child.pk]).values_list("state", flat=True)) == {"solved"}


def test_a_note_is_never_stopped(acme: Company, ana: Client, ticket: Ticket) -> None:
    conversation.hear(ticket, author=acme.people["ella"], text="Now the phone too", now=at(9, 5))
    assert ana.post(f"/tickets/{ticket.pk}/note/", {"text": "Ask Ben", "last_seen": "0"}).status_code == 302
    assert ticket.entries.filter(kind=Entry.Kind.NOTE).exists()
