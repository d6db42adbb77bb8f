"""The doors mail comes in by: pipe, SMTP and LMTP, an e-mail service's hook, a mailbox; and two programs that answer each other."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import smtplib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client

from incidents.mail import listening, mailbox, posting
from incidents.models import InboundMail, Mailbox, Ticket
from notifications import delivery
from servicedesk import clock
from servicedesk.operations.worlds import company
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.fakes import dovecot
from tests.fakes.smtp import FakeSmtp
from tests.incidents.mailing import mail

threaded = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def address(settings: Any) -> None:
    settings.SUPPORT_ADDRESS, settings.DEFAULT_FROM_EMAIL = "help@acme.example", "Acme <desk@acme.example>"


@contextmanager
def listening_at(settings: Any, kind: str) -> Iterator[int]:
    """The port of a door that is open."""
    settings.MAIL_LISTEN = {"kind": kind, "host": "127.0.0.1", "port": 0}
    door, loop = listening.Listener(clock.now), asyncio.new_event_loop()
    task = loop.create_task(door.serve())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([task])))
    thread.start()
    while not door.port:
        pass
    yield door.port
    loop.call_soon_threadsafe(task.cancel)
    thread.join()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def piped(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_a_mail_server_pipes_a_mail_in(acme: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    piped(monkeypatch, mail())
    call_command("receive_mail")
    assert "New: T-" in capsys.readouterr().out
    assert InboundMail.objects.get().door == "pipe"


def test_what_cannot_be_kept_stays_with_the_mail_server(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, mail())
    monkeypatch.setattr(posting.vault, "put", lambda *_all: (_ for _ in ()).throw(OSError("No space left on device")))
    with pytest.raises(SystemExit) as ended:
        call_command("receive_mail")
    assert ended.value.code == 75


@threaded
@pytest.mark.parametrize(("kind", "client"), [("smtp", smtplib.SMTP), ("lmtp", smtplib.LMTP)])
def test_a_mail_server_hands_a_mail_over(settings: Any, kind: str, client: type[smtplib.SMTP]) -> None:
    company.found(now=NINE)
    with listening_at(settings, kind) as port, client("127.0.0.1", port) as line:
        line.sendmail("ella@acme.example", ["help@acme.example"], mail())
    assert Ticket.objects.get().requester.username == "ella"
    assert InboundMail.objects.get().door == kind


@threaded
def test_the_door_takes_no_mail_for_others(settings: Any) -> None:
    with listening_at(settings, "smtp") as port, smtplib.SMTP("127.0.0.1", port) as line, pytest.raises(smtplib.SMTPRecipientsRefused):
        line.sendmail("ella@acme.example", ["somebody@elsewhere.test"], mail())
    assert not InboundMail.objects.exists()


@threaded
def test_the_door_says_later_when_nothing_can_be_kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "receive", lambda *_all, **_more: (_ for _ in ()).throw(DatabaseError("gone")))
    with listening_at(settings, "smtp") as port, smtplib.SMTP("127.0.0.1", port) as line, pytest.raises(smtplib.SMTPDataError) as refused:
        line.sendmail("ella@acme.example", ["help@acme.example"], mail())
    assert refused.value.smtp_code == 451


@threaded
@pytest.mark.parametrize("threads", [True, False])
def test_two_programs_that_answer_each_other_stop(settings: Any, smtp: FakeSmtp, threads: bool) -> None:
    """A rude one: it answers every letter at once, and does not say that it is a program."""
    company.found(now=NINE)
    answered = 0
    with listening_at(settings, "smtp") as port, smtplib.SMTP("127.0.0.1", port) as line:
        line.sendmail("bot@other.test", ["help@acme.example"], mail(sender="bot@other.test", text="Hello"))
        for _turn in range(12):
            delivery.deliver_unclaimed(now=clock.now(), after=timedelta())
            for letter in smtp.mails[answered:]:
                answered += 1
                ours = message_from_bytes(letter.raw)
                more = {"In_Reply_To": str(ours["Message-ID"]), "To": str(ours["Reply-To"])} if threads else {}
                raw = mail(f"I got your mail {answered}", sender="bot@other.test", subject="I am not here", **more)
                line.sendmail("bot@other.test", ["help@acme.example"], raw)
    assert answered == len(smtp.mails) == (1 if threads else 3)
    assert InboundMail.objects.count() == answered + 1


def test_an_email_services_hook_brings_a_mail(acme: Company, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "desk:secret"}
    said = {"FromFull": {"Email": "ella@acme.example", "Name": "Ella"}, "ToFull": [], "OriginalRecipient": "help@acme.example"}
    said |= {"Subject": "Outlook", "TextBody": "It does not open", "Headers": [], "MessageID": "1"}
    signed = {"Authorization": "Basic " + base64.b64encode(b"desk:secret").decode()}
    answer = Client().post("/anymail/postmark/inbound/", json.dumps(said), content_type="application/json", headers=signed)
    assert answer.status_code == 200
    assert Ticket.objects.get().title == "Outlook"


@pytest.mark.parametrize(
    ("secret", "service", "status"), [("", "postmark", 404), ("desk:secret", "postmark", 403), ("desk:secret", "base", 404)]
)
def test_a_hook_without_our_secret_brings_nothing(db: None, settings: Any, secret: str, service: str, status: int) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": secret} if secret else {}
    assert Client().post(f"/anymail/{service}/inbound/", "{}", content_type="application/json").status_code == status


needs_dovecot = pytest.mark.skipif(dovecot.PROGRAM is None, reason="Dovecot is not installed")


@pytest.fixture
def imap(settings: Any) -> Iterator[int]:
    with dovecot.running() as port:
        settings.MAIL_IN = {
            "host": "127.0.0.1", "port": port, "user": "help", "password": "secret", "folder": "INBOX", "tls": "", "name": "help@box",
        }  # fmt: skip
        yield port


@needs_dovecot
def test_a_mailbox_is_read_from_now_on_once_and_on_past_what_cannot_be_read(acme: Company, imap: int) -> None:
    dovecot.put(imap, mail("Long ago"))
    assert mailbox.poll(now=NINE) == 0
    dovecot.put(imap, mail("First"), b"\xff\xfe nothing of this is a mail", mail("Second"))
    assert mailbox.poll(now=NINE) == 3
    assert mailbox.poll(now=NINE) == 0
    assert sorted(Ticket.objects.values_list("what", flat=True)) == ["First", "Second"]
    assert InboundMail.objects.held().count() == 1
    assert Mailbox.objects.get().uid == 4


@needs_dovecot
def test_what_was_there_before_is_filed_in_silence_when_asked_for(acme: Company, imap: int) -> None:
    dovecot.put(imap, mail("Long ago", Date="Mon, 2 Nov 2015 09:00:00 +0100"))
    call_command("poll_mail", from_beginning=True)
    ticket = Ticket.objects.get()
    assert (ticket.origin, ticket.created_at.year) == ("import", 2015)
    dovecot.put(imap, mail("Now"))
    mailbox.poll(now=NINE)
    assert list(Ticket.objects.order_by("pk").values_list("origin", flat=True)) == ["import", "mail"]


@needs_dovecot
def test_a_mail_is_read_again_where_the_mark_could_not_be_moved(acme: Company, imap: int) -> None:
    mailbox.poll(now=NINE)
    dovecot.put(imap, mail("First"))
    mailbox.poll(now=NINE)
    Mailbox.objects.update(uid=0)
    assert mailbox.poll(now=NINE) == 1
    assert Ticket.objects.count() == 1


@needs_dovecot
def test_after_the_server_numbered_its_mails_anew_none_is_missed_or_doubled(acme: Company, imap: int) -> None:
    mailbox.poll(now=NINE)
    dovecot.put(imap, mail("First"))
    mailbox.poll(now=NINE)
    dovecot.put(imap, mail("Second"))
    Mailbox.objects.update(uidvalidity=1, uid=99)
    mailbox.poll(now=NINE)
    assert sorted(Ticket.objects.values_list("what", flat=True)) == ["First", "Second"]


def test_a_mailbox_that_cannot_be_reached_is_noted_and_stops_nobody(db: None, settings: Any) -> None:
    settings.MAIL_IN = {"host": "127.0.0.1", "port": 1, "user": "a", "password": "b", "folder": "INBOX", "tls": "", "name": "help@box"}
    assert mailbox.poll(now=NINE) == 0
    assert Mailbox.objects.get().failing_since == NINE
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("poll_mail")
