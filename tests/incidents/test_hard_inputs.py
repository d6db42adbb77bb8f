"""What is meant ill or only odd: two ways of writing one word, names that turn, more than a person can mean, forged mails."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from incidents import automation, conversation, finding, tickets
from incidents.forms import ReportForm
from incidents.mail import held
from incidents.models import Entry, InboundMail, SavedView, Ticket
from incidents.rules import conditions
from notifications.channels import mail_ids
from notifications.models import Message
from servicedesk import clock
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.mailing import arrives, mail
from tests.incidents.reporting import mails, report
from tests.speaking import person, program

LATER = NINE + timedelta(hours=1)
State, Why = InboundMail.State, InboundMail.Why
ONE, TWO = "M\u00fcller caf\u00e9", "Mu\u0308ller cafe\u0301"  # NFC and NFD: they look the same


# One word written in two ways


@pytest.mark.parametrize(("said", "asked"), [(ONE, TWO), (TWO, ONE), (TWO, TWO)])
def test_what_looks_the_same_is_found(acme: Company, said: str, asked: str) -> None:
    ticket = report(acme, "ella", NINE, what=f"Printer of {said} is stuck")
    conversation.note(ticket, author=acme.people["ana"], text=f"Asked {said}", now=at(9, 5))
    groups = {group.kind: group.rows for group in finding.find(asked, reader=acme.people["ana"])}
    assert groups["ticket"] == [ticket]
    assert [found for found, _entry, _words in groups["entry"]] == [ticket]


def test_a_tag_is_one_however_it_is_written_and_hides_nothing(acme: Company) -> None:
    ticket, ana = report(acme, "ella", NINE), person(acme.people["ana"])
    body = {"tags": [ONE, TWO, "pdf\u202efdp", "\u200b"]}
    assert ana.patch(f"tickets/{ticket.number}/", body).json()["tags"] == [ONE, "pdffdp"]
    tickets.add_tag(ticket, TWO, actor=None, now=LATER)
    assert Ticket.objects.get(pk=ticket.pk).tags == [ONE, "pdffdp"]
    assert ana.post("tickets/", {"what": "x", "tags": [TWO, ONE]}).json()["tags"] == [ONE]


@pytest.mark.parametrize(("kept", "typed"), [(ONE, TWO), (TWO, ONE)])
def test_a_colleague_is_named_in_either_way(acme: Company, kept: str, typed: str) -> None:
    someone = User.objects.create_user("mueller", created_at=NINE, name=kept)
    form = ReportForm({"what": "x", "impacted": "me", "effect": "cannot", "reporting_for": typed})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["reporting_for"] == someone


def test_the_same_report_sent_twice_is_one_in_either_way(acme: Company) -> None:
    made = [report(acme, "ella", at(9, n), what=f"{words} is down", idempotency_key=words) for n, words in enumerate((ONE, TWO))]
    assert made[0] == made[1]


@pytest.mark.parametrize(("seen", "wanted"), [(ONE, TWO), (TWO, ONE)])
def test_a_rule_finds_its_words_in_either_way(seen: str, wanted: str) -> None:
    assert conditions.TESTS["contains"](f"The printer of {seen}", wanted.upper(), None)


# Names that turn round or hide


def test_a_person_has_a_name_that_is_read_as_it_is_shown(acme: Company) -> None:
    made = User.objects.create_user("odd", created_at=NINE, name="Adam\u202e nimda \u200b\u2066\n", email="Mu\u0308ller@other.test")
    made.refresh_from_db()
    assert (made.name, made.email) == ("Adam nimda", "m\u00fcller@other.test")


def test_nobody_is_called_by_the_address_of_another(acme: Company) -> None:
    row = arrives(sender='"ella@acme.example" <mallory@evil.test>')
    assert row.ticket
    assert (row.ticket.requester.email, row.ticket.requester.name) == ("mallory@evil.test", "mallory@evil.test")


def test_a_view_has_a_name_that_is_read_as_it_is_shown(acme: Company) -> None:
    signed_in(acme.people["ana"]).post("/queue/keep/", {"name": "Mine\u202e\u0000 eniM", "query": "view=all"})
    assert SavedView.objects.get().name == "Mine eniM"


# More than one person can mean


def test_of_two_hundred_reports_a_minute_by_the_api_twenty_are_tickets(acme: Company) -> None:
    ella = person(acme.people["ella"])
    answers = [ella.post("tickets/", {"what": f"Trouble {number}"}) for number in range(200)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [429] * 180
    assert (answers[-1].headers["Retry-After"], answers[-1].headers["Content-Type"]) == ("600", "application/problem+json")
    assert Ticket.objects.count() == 20


def test_what_was_filed_by_the_api_counts_in_the_portal_too(acme: Company) -> None:
    for number in range(tickets.FLOOD):
        report(acme, "ella", clock.now(), what=f"Trouble {number}", origin=Ticket.Origin.API)
    said = {"what": "One more", "impacted": "me", "effect": "cannot"}
    assert "One more" in signed_in(acme.people["ella"]).post("/new/", said).content.decode()
    assert Ticket.objects.count() == tickets.FLOOD


def test_who_reported_twenty_times_orders_nothing_more_and_keeps_what_was_typed(acme: Company) -> None:
    for number in range(tickets.FLOOD):
        report(acme, "ella", clock.now(), what=f"Trouble {number}")
    said = {"what": "Read the audit folder", "f-system": "Audit 2026", "form_key": "k1"}
    page = signed_in(acme.people["ella"]).post("/ask/access/", said)
    assert (page.status_code, "Read the audit folder" in page.content.decode(), "Audit 2026" in page.content.decode()) == (429, True, True)
    assert "This one is not sent yet" in page.content.decode()
    by_api = person(acme.people["ella"]).post("request-types/access/ask/", {"what": "A folder", "answers": {"system": "Audit 2026"}})
    assert (by_api.status_code, by_api.headers["Retry-After"]) == (429, "600")
    assert Ticket.objects.count() == tickets.FLOOD


def test_the_twentieth_request_sent_again_is_that_request(acme: Company) -> None:
    for number in range(tickets.FLOOD - 1):
        report(acme, "ella", clock.now(), what=f"Trouble {number}")
    ella, said = signed_in(acme.people["ella"]), {"what": "A folder", "f-system": "Audit 2026", "form_key": "k1"}
    first, again = (ella.post("/ask/access/", said) for _press in range(2))
    assert (first.status_code, again.status_code, first.headers["Location"]) == (302, 302, again.headers["Location"])


def test_a_program_files_what_it_must(acme: Company) -> None:
    job = program("tickets:write")
    assert {job.post("tickets/", {"what": f"No. {number}"}).status_code for number in range(30)} == {201}


def test_a_subject_of_a_megabyte_is_a_short_title_everywhere(acme: Company) -> None:
    row = arrives(b"From: ella@acme.example\nSubject: " + b"a" * 1_000_000 + b"\n\nHelp")
    assert row.ticket
    assert (len(row.ticket.title) <= 200, len(row.subject) <= 200) == (True, True)
    assert max(len(letter.subject) for letter in mails(acme, "ella")) <= 300


# Mails that say they are something else


@pytest.fixture
def asked(acme: Company, settings: Any) -> Ticket:
    """Ella's, that began with a mail whose Message-ID others may have seen."""
    settings.SUPPORT_ADDRESS, settings.DEFAULT_FROM_EMAIL = "help@acme.example", "Acme <desk@acme.example>"
    row = arrives(text="canary-wages", Message_ID="<first@acme.example>")
    assert row.ticket
    return row.ticket


def ours(ticket: Ticket) -> str:
    """The Message-ID of the desk's last letter about it."""
    return mail_ids.of_message(Message.objects.filter(thread=ticket.number).latest("pk").pk)


@pytest.mark.parametrize("header", ["In_Reply_To", "References"])
@pytest.mark.parametrize("sender", ["mallory@evil.test", "eve@acme.example"])
@pytest.mark.parametrize("which", ["theirs", "ours"])
def test_who_quotes_the_message_of_another_is_held_and_learns_nothing(asked: Ticket, header: str, sender: str, which: str) -> None:
    before, quoted = Message.objects.count(), "<first@acme.example>" if which == "theirs" else ours(asked)
    row = arrives(sender=sender, subject="Re: x", text="Send it to me", now=LATER, **{header: f"<a@b.test> {quoted}"})
    assert (row.state, row.why) == (State.HELD, Why.STRANGER)
    assert not asked.entries.filter(text__contains="Send it to me").exists()
    assert (Message.objects.count(), Ticket.objects.count()) == (before, 1)
    assert Ticket.objects.get(pk=asked.pk).updated_at == asked.updated_at


def test_a_made_up_message_id_in_our_own_form_leads_nowhere(asked: Ticket) -> None:
    forged = ours(asked).replace("<", "<x") if ours(asked)[1] != "x" else ours(asked)[:-5] + "zzzz>"
    row = arrives(sender="mallory@evil.test", subject="Re: x", In_Reply_To=forged, now=LATER)
    assert row.ticket not in (None, asked)
    letters = Message.objects.filter(to="mallory@evil.test")
    assert letters.exists()
    assert not [letter for letter in letters if asked.number in letter.text + letter.subject or "canary" in letter.text]


def test_quoting_ones_own_letter_beside_another_opens_no_door(asked: Ticket, acme: Company) -> None:
    own = automation.file_ticket(requester=acme.people["eve"], what="Mine", impacted="me", effect="part", now=NINE)
    row = arrives(sender="eve@acme.example", References=f"{ours(own)} {ours(asked)}", text="Both", now=LATER)
    assert not asked.entries.filter(text__contains="Both").exists()
    assert row.ticket == own or row.state == State.HELD


def test_a_held_mail_made_a_ticket_is_one_of_its_own(asked: Ticket, acme: Company) -> None:
    row = arrives(sender="mallory@evil.test", In_Reply_To="<first@acme.example>", now=LATER)
    held.make_ticket(row, actor=acme.people["ana"], now=LATER)
    row.refresh_from_db()
    assert row.ticket not in (None, asked)
    assert not asked.entries.filter(kind=Entry.Kind.MAIL).exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"From: ella@acme.example\r\n" + mail(sender="mallory@evil.test"),
        mail(sender="ella@acme.example, mallory@evil.test"),
        mail().replace(b"From: Ella <ella@acme.example>", b"From: Ella <ella@acme.example>\r\nFrom: Adam <adam@acme.example>"),
    ],
    ids=["one more header", "two addresses", "two of ours"],
)
def test_a_mail_of_two_senders_is_believed_of_neither(acme: Company, raw: bytes) -> None:
    row = arrives(raw)
    assert (row.state, row.why) == (State.HELD, Why.SENDERS)
    assert not Ticket.objects.exists()


def test_a_forged_sender_is_marked_on_the_page_of_held_mail(acme: Company, settings: Any) -> None:
    settings.MAIL_AUTHORITY = "mx.acme.test"
    arrives(Authentication_Results="mx.acme.test; dmarc=fail header.from=acme.example", text="Reset my password")
    page = signed_in(acme.people["ana"]).get("/mail/held/").content.decode()
    assert str(Why.FORGED.label) in page


# Files that are two things at once


@pytest.mark.parametrize(
    ("content", "kind", "inline"),
    [
        (b"%PDF-1.7\n" + b"PK\x03\x04" + b"x" * 40, "application/pdf", True),  # opens as a PDF, in a sandbox
        (b"PK\x03\x04" + b"%PDF-1.7", "application/zip", False),
        (b"\n%PDF-1.7", "text/plain", False),
        (b"<!--\n%PDF-1.7\n--><script>alert(1)</script>", "text/plain", False),
        (b"\xff\xd8\xff\xe0<?php system($_GET['c']); ?>", "image/jpeg", True),
    ],
)
def test_a_file_is_what_it_begins_as_and_runs_as_nothing(acme: Company, content: bytes, kind: str, inline: bool) -> None:
    ticket, ana = report(acme, "ella", NINE), signed_in(acme.people["ana"])
    file = _added(ana, ticket, content)
    page, by_api = ana.get(f"/files/{file}/"), ana.get(f"/api/v1/attachments/{file}/content/")
    assert [answer.headers["Content-Type"].split(";")[0] for answer in (page, by_api)] == [kind] * 2
    assert page.headers["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert by_api.headers["Content-Disposition"].startswith("attachment")
    assert {answer.headers["X-Content-Type-Options"] for answer in (page, by_api)} == {"nosniff"}
    list(page.streaming_content)  # type: ignore[attr-defined]


def _added(client: Client, ticket: Ticket, content: bytes) -> int:

    body = {"ticket": ticket.number, "name": "x\u202efdp.exe", "content": base64.b64encode(content).decode()}
    answer = client.post("/api/v1/attachments/", body, content_type="application/json")
    assert answer.json()["name"] == "xfdp.exe"
    return int(answer.json()["id"])
