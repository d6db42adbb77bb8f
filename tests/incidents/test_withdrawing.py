"""An answer is held ten seconds. Taken back in that time it never went out, and everything it did is undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from incidents import conversation, drafts, targets, tickets, withdrawing
from incidents.models import Draft, Ticket
from notifications import delivery
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import mails, report

SECONDS = timedelta(seconds=1)


@pytest.fixture
def ella(acme: Company) -> Client:
    return signed_in(acme.people["ella"])


def test_taken_back_in_time_it_is_in_no_mail_no_portal_and_on_no_clock(acme: Company, ella: Client) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    entry = conversation.reply(ticket, author=ana, text="Wrong person, sorry", now=at(9, 5))
    withdrawing.take_back(entry, actor=ana, now=at(9, 5) + 9 * SECONDS)
    delivery.promote_due(now=at(9, 6))
    ticket.refresh_from_db()
    assert [mail.state for mail in mails(acme, "ella") if "Wrong person" in mail.text] == ["cancelled"]
    assert "Wrong person" not in ella.get(f"/t/{ticket.pk}/").content.decode()
    assert (ticket.first_answered_at, ticket.state) == (None, "new")
    assert targets.clocks_of(ticket, now=at(9, 6))["first_response"].state == "running"
    draft = drafts.of(ana, Draft.Kind.REPLY, ticket.pk)
    assert draft
    assert draft.fields == {"text": "Wrong person, sorry"}


def test_once_one_letter_is_claimed_nothing_is_taken_back(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9), reported_by=acme.people["omar"]), acme.people["ana"]
    entry = conversation.reply(ticket, author=ana, text="Hello", now=at(9, 5))
    claimed = Message.objects.filter(key__contains=f"entry-{entry.pk}:").first()
    assert claimed
    Message.objects.filter(pk=claimed.pk).update(state="sending")
    with pytest.raises(withdrawing.TooLate):
        withdrawing.take_back(entry, actor=ana, now=at(9, 5) + SECONDS)
    left = Message.objects.filter(key__contains=f"entry-{entry.pk}:").exclude(pk=claimed.pk).get()
    entry.refresh_from_db()
    assert (left.state, entry.withdrawn_at) == ("planned", None)


@pytest.mark.parametrize(("who", "later"), [("ana", 10), ("ben", 3)])
def test_after_ten_seconds_or_by_somebody_else_it_stays(acme: Company, who: str, later: int) -> None:
    ticket = report(acme, "ella", at(9))
    entry = conversation.reply(ticket, author=acme.people["ana"], text="Hello", now=at(9, 5))
    with pytest.raises(withdrawing.TooLate):
        withdrawing.take_back(entry, actor=acme.people[who], now=at(9, 5) + later * SECONDS)


def test_an_answer_that_solved_is_taken_back_with_its_solution(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    tickets.take_up(ticket, actor=ana, now=at(9, 1))
    tickets.wait(ticket, Ticket.Waiting.REQUESTER, actor=ana, now=at(9, 2))
    entry = tickets.answer(ticket, author=ana, text="Done", is_solving=True, now=at(9, 5))
    withdrawing.take_back(entry, actor=ana, now=at(9, 5) + SECONDS)
    ticket.refresh_from_db()
    states = targets.clocks_of(ticket, now=at(9, 6))
    assert (ticket.state, ticket.waiting_for, ticket.solved_at) == ("waiting", "requester", None)
    assert (states["first_response"].done_at, states["resolution"].done_at) == (None, None)
    assert not Message.objects.filter(thread=ticket.number, state="planned").exists()


def test_the_earlier_of_two_answers_still_is_the_first_answer(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    conversation.reply(ticket, author=ana, text="One", now=at(9, 5))
    second = conversation.reply(ticket, author=ana, text="Two", now=at(9, 5) + 2 * SECONDS)
    withdrawing.take_back(second, actor=ana, now=at(9, 5) + 3 * SECONDS)
    ticket.refresh_from_db()
    assert (ticket.first_answered_at, ticket.state) == (at(9, 5), "open")


def test_the_requester_reads_an_answer_only_once_it_is_out(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    conversation.reply(ticket, author=acme.people["ana"], text="Try again please", now=at(9, 5))
    assert not ticket.entries.public(at(9, 5) + 9 * SECONDS).filter(text="Try again please").exists()  # type: ignore[attr-defined]
    assert ticket.entries.public(at(9, 5) + 10 * SECONDS).filter(text="Try again please").exists()  # type: ignore[attr-defined]


def test_the_page_offers_undo_and_the_same_words_can_be_sent_again(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), signed_in(acme.people["ana"])
    page = ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Hello Ella"}, follow=True).content.decode()
    entry = ticket.entries.get(text="Hello Ella")
    assert f"/tickets/{ticket.pk}/take-back/{entry.pk}/" in page
    assert "Goes out at" in page
    back = ana.post(f"/tickets/{ticket.pk}/take-back/{entry.pk}/", follow=True).content.decode()
    assert "Taken back: nobody got it" in back
    assert ">Hello Ella</textarea>" in back
    ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Hello Ella"})
    assert ticket.entries.filter(text="Hello Ella", withdrawn_at=None).count() == 1
