"""Mail to an incident's address, a mailbox that fails, and mails as they came, which are not kept for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents import attaching, automation, vault
from incidents.incidents import Grounds, declare
from incidents.mail import forgetting, mailbox
from incidents.models import Attachment, InboundMail, Incident, Mailbox, Ticket
from notifications.channels import mail_ids
from servicedesk.operations import examination
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.mailing import arrives, mail

State, Why = InboundMail.State, InboundMail.Why
LATE = NINE + timedelta(days=91)


@pytest.fixture(autouse=True)
def address(settings: Any) -> None:
    settings.SUPPORT_ADDRESS, settings.DEFAULT_FROM_EMAIL = "help@acme.example", "Acme <desk@acme.example>"


@pytest.fixture
def outage(acme: Company) -> Incident:
    grounds = Grounds(title="Email is down", reason="", service=acme.services["email"], severity=2, since=NINE)
    return declare(grounds, actor=acme.people["dana"], now=NINE).incident


def test_mail_of_a_responder_to_the_incidents_address_is_a_line_of_its_timeline(outage: Incident) -> None:
    row = arrives(sender="sam@acme.example", To=mail_ids.reply_address(outage.number), subject="mx1", text="The queue is empty again.")
    assert (row.state, row.incident, row.ticket) == (State.FILED, outage, None)
    assert "The queue is empty again." in outage.timeline.latest("pk").text
    assert not Ticket.objects.exists()


def test_a_stranger_who_knows_the_incidents_address_is_held(outage: Incident) -> None:
    row = arrives(sender="mallory@evil.test", To=mail_ids.reply_address(outage.number), text="All clear")
    assert (row.state, row.why) == (State.HELD, Why.STRANGER)
    assert not outage.timeline.filter(text__contains="All clear").exists()


def test_who_reported_it_and_mails_the_incident_is_answered_on_their_ticket(outage: Incident, acme: Company) -> None:
    own = automation.file_ticket(requester=acme.people["ella"], what="No mail", impacted="me", effect="cannot", now=NINE)
    Ticket.objects.update(incident=outage)
    row = arrives(To=mail_ids.reply_address(outage.number), subject="Re: mail", text="Still nothing")
    assert (row.ticket, row.state) == (own, State.FILED)
    assert row.entry


@pytest.fixture
def failing(settings: Any) -> Mailbox:
    settings.MAIL_IN = {"name": "help@imap.test:993/INBOX", "host": "127.0.0.1", "port": 9, "tls": "", "user": "help", "password": "x"}
    assert mailbox.poll(now=NINE) == 0
    return Mailbox.objects.get()


def test_a_mailbox_that_fails_stands_on_the_held_mail_page_and_in_doctor(acme: Company, failing: Mailbox) -> None:
    page = signed_in(acme.people["ana"]).get("/mail/held/").content.decode()
    assert "help@imap.test:993/INBOX cannot be read" in page
    assert failing.fault in page
    [finding] = [one for one in examination.open_faults(now=NINE) if one.part == "mail in"]
    assert "MAIL_IN_URL" in finding.words


def test_one_that_is_read_again_is_fine(acme: Company, failing: Mailbox) -> None:
    Mailbox.objects.update(failing_since=None)
    assert "cannot be read" not in signed_in(acme.people["ana"]).get("/mail/held/").content.decode()
    assert not [one for one in examination.open_faults(now=NINE) if one.part == "mail in"]


def test_after_its_time_a_mail_is_dropped_and_what_was_made_of_it_stays(acme: Company) -> None:
    raw = mail(Message_ID="<one@acme.example>")
    row = arrives(raw)
    assert forgetting.forget_raw(LATE - timedelta(days=92)) == 0
    assert forgetting.forget_raw(LATE - timedelta(days=90)) == 1
    ana = signed_in(acme.people["ana"])
    assert "no longer kept" in ana.get(f"/mail/{row.pk}/").content.decode()
    assert [ana.get(f"/mail/{row.pk}/{part}/").status_code for part in ("original", "html", "pictures")] == [404, 404, 404]
    assert arrives(raw, now=LATE) == row  # a late copy is still known
    assert Ticket.objects.count() == 1


def test_its_file_goes_with_the_last_row_that_names_it(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    row = arrives()
    monkeypatch.setattr(vault, "LIVES", timedelta(seconds=-1))
    attaching.sweep(now=LATE)
    assert vault.has(row.sha256)
    forgetting.forget_raw(LATE)
    attaching.sweep(now=LATE)
    assert not vault.has(row.sha256)
    assert not Attachment.objects.exists()


def test_what_waits_for_a_person_is_kept(acme: Company) -> None:
    arrives(Precedence="bulk")
    assert forgetting.forget_raw(LATE) == 0


CLOSED = [(None, False, 0), (300, False, 0), (400, False, 1), (400, True, 0), (1200, True, 1)]  # days before, confidential, dropped


@pytest.mark.parametrize(("closed", "secret", "gone"), CLOSED)
def test_mails_of_an_incident_are_kept_until_a_year_after_it(outage: Incident, closed: int | None, secret: bool, gone: int) -> None:
    arrives(sender="sam@acme.example", To=mail_ids.reply_address(outage.number))
    closed_at = LATE - timedelta(days=closed) if closed else None
    Incident.objects.update(closed_at=closed_at, is_confidential=secret)
    assert forgetting.forget_raw(LATE) == gone
