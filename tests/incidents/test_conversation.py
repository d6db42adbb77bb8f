"""What is said on a ticket: who may read it, what is mailed, and which clock it stops."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, transaction

from incidents import automation, conversation, incidents, tickets
from incidents.models import Entry, Ticket
from incidents.states import IllegalMove
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents.reporting import mails, report

CANARY = "canary-7f3a only staff may read this"


def test_an_answer_is_mailed_ten_seconds_later_by_a_person_not_a_program(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    conversation.reply(ticket, author=acme.people["ana"], text="Please try again.", now=at(9, 10))
    mail = mails(acme, "ella")[-1]
    assert "Ana answered" in mail.text
    assert "Please try again." in mail.text
    assert (mail.thread, (mail.due_at - at(9, 10)).total_seconds(), mail.state) == (ticket.number, 10, "planned")
    assert mail.headers["Auto-Submitted"] == "no"


def test_the_first_public_word_of_staff_is_the_first_answer_and_opens_the_ticket(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    conversation.note(ticket, author=ana, text="Looks like fs-02", now=at(9, 5))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.first_answered_at) == ("new", None)
    conversation.reply(ticket, author=ana, text="We look at it.", now=at(9, 10))
    conversation.reply(ticket, author=ana, text="Found it.", now=at(9, 20))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.first_answered_at, ticket.first_answer_due_at) == ("open", at(9, 10), at(9, 30))


def test_an_agent_who_answers_their_own_report_has_not_answered_it(acme: Company) -> None:
    ticket = report(acme, "ana", at(9))
    conversation.reply(ticket, author=acme.people["ana"], text="One more thing", now=at(9, 5))
    ticket.refresh_from_db()
    assert (ticket.first_answered_at, ticket.state) == (None, "new")


def test_no_note_and_no_words_of_a_call_ever_leave_the_desk(acme: Company) -> None:
    """Every deed that writes letters, with a note and a call on the ticket before it."""
    ticket, ana, ella = report(acme, "ella", at(9)), acme.people["ana"], acme.people["ella"]
    conversation.note(ticket, author=ana, text=CANARY, now=at(9, 1))
    conversation.call(ticket, author=ana, text=CANARY, direction="out", minutes=4, now=at(9, 2))
    conversation.reply(ticket, author=ana, text="Hello", now=at(9, 3))
    tickets.set_severity(ticket, rank=2, actor=ana, now=at(9, 4), reason=CANARY)
    tickets.wait(ticket, Ticket.Waiting.REQUESTER, actor=ana, now=at(9, 5), reason=CANARY)
    automation.requester_reply(ticket, author=ella, text="Yes", now=at(9, 6))
    for who, minute in itertools.product(("omar", "lea"), (7, 8)):
        report(acme, who, at(9, minute))
    tickets.solve(ticket, actor=ana, text="Done", because=CANARY, now=at(9, 9))
    ticket.refresh_from_db()
    assert ticket.incident is not None
    incidents.accept(ticket.incident, actor=acme.people["dana"], now=at(9, 10))
    automation.evaluate_due(now=at(9, 11))
    assert {message.channel for message in Message.objects.all()} >= {"email", "sms"}
    sent = "".join(f"{m.subject}{m.text}{m.html}{m.short}{m.headers}" for m in Message.objects.all())
    assert "canary-7f3a" not in sent


def test_the_database_refuses_a_public_note(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(ticket=ticket, kind=Entry.Kind.NOTE, audience=Entry.Audience.PUBLIC, text=CANARY, at=at(9))


@pytest.mark.parametrize("who", ["ella", "eve", "vera"])
def test_only_agents_and_managers_answer_note_and_log_calls(acme: Company, who: str) -> None:
    ticket, person = report(acme, "ella", at(9)), acme.people[who]
    with pytest.raises(conversation.StaffOnly):
        conversation.reply(ticket, author=person, text="x", now=at(9, 5))
    with pytest.raises(conversation.StaffOnly):
        conversation.note(ticket, author=person, text="x", now=at(9, 5))
    with pytest.raises(conversation.StaffOnly):
        conversation.call(ticket, author=person, text="x", direction="out", minutes=1, now=at(9, 5))


def test_a_call_answers_and_the_requester_sees_only_that_it_took_place(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    conversation.call(ticket, author=acme.people["ana"], text=CANARY, direction="out", minutes=4, now=at(9, 8))
    ticket.refresh_from_db()
    public = ticket.entries.filter(audience=Entry.Audience.PUBLIC)
    assert ticket.first_answered_at == at(9, 8)
    assert [entry.text for entry in public] == ["Ana called Ella, 4 min."]
    assert len(mails(acme, "ella")) == 1


def test_an_answer_written_before_a_newer_public_entry_is_stopped(acme: Company) -> None:
    ticket, ana, ben = report(acme, "ella", at(9)), acme.people["ana"], acme.people["ben"]
    first = conversation.reply(ticket, author=ana, text="It is the disk.", now=at(9, 5), last_seen=0)
    with pytest.raises(conversation.NewerEntry) as stopped:
        conversation.reply(ticket, author=ben, text="It is the network.", now=at(9, 6), last_seen=0)
    assert stopped.value.entry == first
    conversation.reply(ticket, author=ben, text="I agree.", now=at(9, 7), last_seen=first.pk)
    assert ticket.entries.filter(kind="reply").count() == 2


def test_an_answer_on_a_confidential_ticket_is_read_on_the_page_not_in_the_mail(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), "My laptop was stolen", loss=True)
    conversation.reply(ticket, author=acme.people["ana"], text="We locked the laptop.", now=at(9, 5))
    mail = mails(acme, "ella")[-1]
    assert "sign in to read it" in mail.text
    assert "laptop" not in mail.text + mail.html + mail.subject


def test_words_of_people_are_escaped_in_html(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    conversation.reply(ticket, author=acme.people["ana"], text="<script>alert(1)</script> & more", now=at(9, 5))
    mail = mails(acme, "ella")[-1]
    assert "<script>" not in mail.html
    assert "<script>alert(1)</script> & more" in mail.text


# The requester


@pytest.mark.parametrize("state", ["waiting", "solved"])
def test_the_requesters_answer_opens_what_waited_or_was_solved(acme: Company, state: str) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    if state == "waiting":
        tickets.wait(ticket, Ticket.Waiting.REQUESTER, actor=ana, now=at(9, 10))
    else:
        tickets.solve(ticket, actor=ana, now=at(9, 10))
    ticket = automation.requester_reply(ticket, author=acme.people["ella"], text="It came back", now=at(9, 30))
    said = ticket.entries.get(kind="reply", author=acme.people["ella"])
    assert (ticket.state, ticket.waiting_for, ticket.solved_at) == ("open", "", None)
    assert said.data.get("after_solve", False) is (state == "solved")
    assert ticket.evaluations.filter(at=at(9, 30)).exists()


def test_an_answer_to_a_closed_ticket_opens_one_that_follows_it(acme: Company) -> None:
    closed = report(acme, "ella", at(9))
    Ticket.objects.filter(pk=closed.pk).update(state="closed")
    ticket = automation.requester_reply(closed, author=acme.people["ella"], text="It came back", now=at(9, day=24))
    assert (ticket.follows, ticket.state, ticket.service, ticket.what) == (closed, "new", closed.service, "It came back")
    assert ticket.number in mails(acme, "ella")[-1].subject


def test_nobody_writes_into_a_closed_ticket(acme: Company) -> None:
    ticket = report(acme, "ella", at(9))
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    with pytest.raises(IllegalMove):
        conversation.hear(ticket, author=acme.people["ella"], text="Hello?", now=at(10))
