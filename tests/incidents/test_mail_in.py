"""A mail comes in: to its ticket, to a new one, to staff, or aside; once, and never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents import automation, merging, tickets
from incidents.mail import posting
from incidents.models import Entry, InboundMail, Ticket
from incidents.states import TicketState
from notifications.channels import mail_ids
from notifications.models import BouncedAddress, Message
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.mailing import arrives, mail

LATER = NINE + timedelta(hours=1)
State, Why = InboundMail.State, InboundMail.Why


@pytest.fixture(autouse=True)
def address(settings: Any) -> None:
    settings.SUPPORT_ADDRESS, settings.DEFAULT_FROM_EMAIL = "help@acme.example", "Acme <desk@acme.example>"


@pytest.fixture
def asked(acme: Company) -> Ticket:
    return automation.file_ticket(requester=acme.people["ella"], what="Outlook does not open", impacted="me", effect="part", now=NINE)


def letter_to(person: str, ticket: Ticket) -> str:
    """The Message-ID of our last letter to this person about it."""
    return mail_ids.of_message(Message.objects.filter(thread=ticket.number, person__username=person).latest("pk").pk)


def test_ellas_first_mail_is_a_ticket_not_rated_and_answered_with_the_two_questions(acme: Company) -> None:
    row = arrives(text="It says: cannot connect.", subject="AW: Outlook is stuck")
    ticket = row.ticket
    assert ticket
    assert (row.state, ticket.origin, ticket.severity) == (State.FILED, "mail", None)
    assert (ticket.requester.username, ticket.title, ticket.what) == ("ella", "Outlook is stuck", "It says: cannot connect.")
    receipt = Message.objects.get(thread=ticket.number)
    assert receipt.to == acme.people["ella"].email
    assert "/r/" in receipt.text


def test_an_answer_to_our_letter_is_on_its_ticket_and_opens_it(asked: Ticket, acme: Company) -> None:
    tickets.solve(asked, actor=acme.people["ana"], text="Done.", now=NINE)
    row = arrives(text="Not yet!\n\nOn Monday Ana wrote:\n> Done.", subject="Re: x", In_Reply_To=letter_to("ella", asked), now=LATER)
    asked.refresh_from_db()
    assert (row.ticket, asked.state) == (asked, TicketState.OPEN)
    assert row.entry
    assert (row.entry.kind, row.entry.text) == (Entry.Kind.MAIL, "Not yet!")
    assert "> Done." in row.entry.data["quoted"]


def test_an_answer_to_the_tickets_own_address_finds_it_without_any_header(asked: Ticket) -> None:
    row = arrives(subject="(no subject)", To=mail_ids.reply_address(asked.number).upper(), now=LATER)
    assert row.ticket == asked
    assert row.entry


def test_an_address_with_a_made_up_seal_finds_nothing(asked: Ticket) -> None:
    row = arrives(subject="Hello", To=f"help+t-{asked.pk}.0123456789abcdef@acme.example", now=LATER)
    assert row.ticket != asked
    assert row.state == State.FILED


def test_the_number_in_the_subject_is_believed_of_who_takes_part(asked: Ticket) -> None:
    assert arrives(subject=f"Re: [{asked.number}] Outlook", now=LATER).ticket == asked


def test_a_stranger_who_knows_the_number_adds_nothing_and_is_held(asked: Ticket) -> None:
    row = arrives(sender="mallory@evil.test", subject=f"Re: [{asked.number}] Outlook", now=LATER)
    assert (row.state, row.why, row.ticket) == (State.HELD, Why.STRANGER, asked)
    assert not asked.entries.filter(kind=Entry.Kind.MAIL).exists()
    assert not User.objects.filter(email="mallory@evil.test").exists()


def test_a_stranger_with_a_forwarded_letter_is_held_too(asked: Ticket) -> None:
    row = arrives(sender="omar@acme.example", subject="Re: x", In_Reply_To=letter_to("ella", asked), now=LATER)
    assert (row.state, row.why) == (State.HELD, Why.STRANGER)


def test_what_staff_mail_to_a_ticket_is_a_note_and_goes_to_nobody(asked: Ticket) -> None:
    before = Message.objects.count()
    row = arrives(sender="ana@acme.example", subject=f"Re: [{asked.number}]", text="She is difficult.", now=LATER)
    assert row.entry
    assert (row.entry.kind, row.entry.audience) == (Entry.Kind.NOTE, "staff")
    assert Message.objects.count() == before


def test_the_same_mail_twice_is_one(acme: Company) -> None:
    raw = mail(Message_ID="<one@acme.example>")
    first, second = arrives(raw), arrives(b"Received: from elsewhere\r\n" + raw, now=LATER)
    assert first == second
    assert Ticket.objects.count() == 1


def test_the_same_message_id_with_other_words_is_another_mail(acme: Company) -> None:
    arrives(Message_ID="<one@acme.example>")
    arrives(Message_ID="<one@acme.example>", text="Now the printer too", now=LATER)
    assert Ticket.objects.count() == 2


def test_an_answer_to_a_closed_ticket_opens_one_that_follows_it(asked: Ticket) -> None:
    Ticket.objects.filter(pk=asked.pk).update(state=TicketState.CLOSED)
    row = arrives(subject=f"Re: [{asked.number}]", now=LATER)
    assert row.ticket
    assert row.ticket.follows == asked


def test_an_out_of_office_answer_is_noted_for_staff_and_opens_nothing(asked: Ticket, acme: Company) -> None:
    tickets.solve(asked, actor=acme.people["ana"], now=NINE)
    row = arrives(Auto_Submitted="auto-replied", subject="Away", In_Reply_To=letter_to("ella", asked), now=LATER)
    asked.refresh_from_db()
    assert (row.state, row.why, asked.state) == (State.ASIDE, Why.ANSWERED, TicketState.SOLVED)
    assert asked.entries.latest("pk").audience == "staff"
    assert "Away" in asked.entries.latest("pk").text


@pytest.mark.parametrize("header", [{"Precedence": "bulk"}, {"List_Id": "<news.acme.example>"}, {"Auto_Submitted": "auto-generated"}])
def test_what_a_machine_wrote_waits_for_a_person_and_is_not_answered(acme: Company, header: dict[str, str]) -> None:
    row = arrives(**header)
    assert (row.state, row.why) == (State.HELD, Why.AUTOMATIC)
    assert not Message.objects.exists()
    assert not Ticket.objects.exists()


def test_our_own_letter_that_comes_back_is_set_aside(asked: Ticket) -> None:
    row = arrives(sender="Acme <desk@acme.example>", Message_ID=letter_to("ella", asked), now=LATER)
    assert (row.state, row.why) == (State.ASIDE, Why.OWN)


BOUNCE = """From: MAILER-DAEMON@mx.test
To: desk@acme.example
Subject: Undelivered
Return-Path: <>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

No such user.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; {address}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: x

--b--
"""


def test_a_letter_that_came_back_marks_the_address_and_tells_staff(asked: Ticket) -> None:
    report = BOUNCE.format(address="ella@acme.example", status="5.1.1", message_id=letter_to("ella", asked))
    row = arrives(report.encode(), now=LATER)
    assert (row.state, row.why) == (State.ASIDE, Why.BOUNCE)
    assert BouncedAddress.objects.get().address == "ella@acme.example"
    assert "came back" in asked.entries.latest("pk").text
    assert Message.objects.latest("pk").state == "failed"


@pytest.mark.parametrize(
    ("address", "status", "proof"),
    [("ella@acme.example", "5.1.1", False), ("omar@acme.example", "5.1.1", True), ("ella@acme.example", "4.2.2", True)],
)
def test_a_forged_report_or_one_that_only_waits_marks_nothing(asked: Ticket, address: str, status: str, proof: bool) -> None:
    known = letter_to("ella", asked) if proof else "<desk.1.00000000000000000000000000000000@acme.example>"
    arrives(BOUNCE.format(address=address, status=status, message_id=known).encode(), now=LATER)
    assert not BouncedAddress.objects.exists()


def test_a_mail_from_the_address_lifts_the_mark(acme: Company) -> None:
    BouncedAddress.objects.create(address="ella@acme.example", at=NINE)
    row = arrives()
    assert not BouncedAddress.objects.exists()
    assert row.ticket
    assert Message.objects.filter(thread=row.ticket.number).exists()


def test_the_receipts_stop_after_three_in_ten_minutes_and_the_tickets_do_not(acme: Company) -> None:
    for number in range(5):
        arrives(subject=f"Trouble {number}", text=f"No. {number}")
    assert (Ticket.objects.count(), Message.objects.filter(channel="email", person__username="ella").count()) == (5, 3)


def test_two_receipts_for_one_subject_are_enough(acme: Company) -> None:
    for number in range(4):
        arrives(subject="Trouble", text=f"No. {number}")
    assert Message.objects.filter(channel="email", person__username="ella").count() == 2


def test_outsiders_get_sixty_receipts_an_hour_in_all_and_our_own_people_theirs(acme: Company) -> None:
    arrives()
    for number in range(62):
        arrives(
            sender=f"p{number}@other.example", text=f"No. {number}", subject=f"Trouble {number}", now=NINE + timedelta(seconds=number * 20)
        )
    assert (Ticket.objects.count(), outsiders()) == (63, 60)
    later = NINE + timedelta(minutes=30)
    arrives(subject="The beamer", text="It hums", now=later)
    assert Message.objects.filter(channel="email", person__username="ella").count() == 2
    arrives(sender="late@other.example", subject="Late", now=later)
    assert outsiders() == 60
    arrives(sender="later@other.example", subject="Later", now=NINE + timedelta(minutes=61))
    assert outsiders() == 61


def outsiders() -> int:
    """Letters to people who are none of ours."""
    return Message.objects.filter(channel="email", person__kind="external").count()


def test_two_hundred_mails_in_a_minute_make_twenty_tickets_and_none_is_lost(acme: Company) -> None:
    for number in range(200):
        arrives(subject=f"Trouble {number}", text=f"No. {number}", now=NINE + timedelta(seconds=number * 0.3))
    assert (Ticket.objects.count(), InboundMail.objects.count()) == (20, 200)
    assert InboundMail.objects.held().filter(why=Why.FLOOD).count() == 180


def test_a_forged_sender_is_held_where_our_mail_server_says_so(acme: Company, settings: Any) -> None:
    settings.MAIL_AUTHORITY = "mx.acme.test"
    row = arrives(Authentication_Results="mx.acme.test; dmarc=fail header.from=acme.test")
    assert (row.state, row.why) == (State.HELD, Why.FORGED)


def test_a_sender_cannot_vouch_for_itself(acme: Company, settings: Any) -> None:
    settings.MAIL_AUTHORITY = "mx.acme.test"
    raw = b"Authentication-Results: mx.acme.test; dmarc=fail\r\n" + mail(Authentication_Results="mx.acme.test; dmarc=pass")
    assert arrives(raw).why == Why.FORGED


def test_an_outsider_gets_an_account_without_rights(acme: Company) -> None:
    row = arrives(sender='"Zoë \u202eevil" <Zoe@Other.test>')
    assert row.ticket
    person = row.ticket.requester
    assert (person.email, person.name, person.kind, person.has_usable_password()) == ("zoe@other.test", "Zoë evil", "external", False)


def test_a_closed_account_is_held(acme: Company) -> None:
    User.objects.filter(username="ella").update(is_active=False)
    assert arrives().why == Why.CLOSED


def test_what_broke_on_the_way_is_kept_and_brought_on_later(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(posting, "_acted", lambda *_all: (_ for _ in ()).throw(posting.DatabaseError()))
        row = arrives()
    assert row.state == State.RECEIVED
    assert posting.bring_on_due(now=NINE + timedelta(minutes=2)) == 1
    row.refresh_from_db()
    assert row.state == State.FILED
    assert row.ticket


def test_the_files_of_a_mail_are_the_tickets(acme: Company) -> None:
    raw = mail().replace(
        b"Content-Type: text/plain", b"X: y\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain", 1
    )
    raw += b'\n--b\nContent-Type: image/png; name="../../etc/\xe2\x80\xaegnp.exe"\n\nMZ\n--b--\n'
    row = arrives(raw)
    assert row.ticket
    assert row.ticket.files.get().name == "gnp.exe"


def test_an_answer_to_a_merged_ticket_is_on_the_surviving_one(asked: Ticket, acme: Company) -> None:
    other = automation.file_ticket(requester=acme.people["omar"], what="Outlook is gone", impacted="me", effect="part", now=NINE)
    merging.merge(asked, into=other, actor=acme.people["ana"], now=NINE)
    row = arrives(text="Any news?", subject=f"Re: [{asked.number}] Outlook", In_Reply_To=letter_to("ella", asked), now=LATER)
    assert (row.ticket, row.state) == (other, State.FILED)
    assert row.entry
    assert (row.entry.ticket, row.entry.kind, row.entry.text) == (other, Entry.Kind.MAIL, "Any news?")
    assert Ticket.objects.count() == 2


def test_what_staff_mail_to_a_merged_ticket_is_a_note_on_the_surviving_one(asked: Ticket, acme: Company) -> None:
    other = automation.file_ticket(requester=acme.people["omar"], what="Outlook is gone", impacted="me", effect="part", now=NINE)
    merging.merge(asked, into=other, actor=acme.people["ana"], now=NINE)
    row = arrives(sender="ana@acme.example", subject=f"Re: [{asked.number}]", text="It is the profile.", now=LATER)
    assert row.entry
    assert (row.ticket, row.entry.ticket, row.entry.kind) == (other, other, Entry.Kind.NOTE)


def test_an_answer_to_a_ticket_merged_into_one_that_is_closed_opens_one_that_follows_it(asked: Ticket, acme: Company) -> None:
    other = automation.file_ticket(requester=acme.people["omar"], what="Outlook is gone", impacted="me", effect="part", now=NINE)
    merging.merge(asked, into=other, actor=acme.people["ana"], now=NINE)
    Ticket.objects.filter(pk=other.pk).update(state=TicketState.CLOSED)
    row = arrives(subject=f"Re: [{asked.number}]", text="It is back", now=LATER)
    assert row.ticket
    assert (row.ticket.follows, row.ticket.requester.username, row.ticket.title) == (other, "ella", asked.title)


def test_who_asked_on_a_merged_ticket_answers_on_the_surviving_one_and_opens_it(asked: Ticket, acme: Company) -> None:
    other = automation.file_ticket(requester=acme.people["omar"], what="Outlook is gone", impacted="me", effect="part", now=NINE)
    merging.merge(asked, into=other, actor=acme.people["ana"], now=NINE)
    tickets.solve(other, actor=acme.people["ana"], now=NINE)
    row = arrives(subject=f"Re: [{other.number}]", text="Not yet", now=LATER)
    assert row.entry
    assert (row.ticket, row.entry.kind, row.entry.audience) == (other, Entry.Kind.MAIL, "public")
    assert Ticket.objects.get(pk=other.pk).state == TicketState.OPEN
