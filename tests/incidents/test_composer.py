"""Who reads what is about to be written: said beside the button, before it is pressed."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import around
from incidents.models import Ticket
from notifications.models import BouncedAddress
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import mails, report


@pytest.fixture
def ticket(acme: Company) -> Ticket:
    return report(acme, "ella", at(9))


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def composer(browser: Client, ticket: Ticket, write: str = "reply") -> str:
    page = browser.get(f"/tickets/{ticket.pk}/?write={write}").content.decode()
    return page[page.index('id="write"') : page.index("</section>", page.index('id="write"'))]


def watched(acme: Company, ticket: Ticket, *who: str) -> None:
    for name in who:
        around.watch(ticket, person=acme.people[name], actor=acme.people["ana"], now=at(9, 1))


def test_the_button_names_who_asked_and_counts_the_others(acme: Company, ana: Client, ticket: Ticket) -> None:
    assert ">Send to Ella</button>" in composer(ana, ticket)
    watched(acme, ticket, "omar", "lea", "ben")  # Ben is staff: he is told as such
    page = composer(ana, ticket)
    assert ">Send to Ella + 2</button>" in page
    for who in ("ella", "omar", "lea"):
        assert f"({acme.people[who].email})" in page
    assert "ben@" not in page


def test_who_is_named_is_who_gets_it(acme: Company, ana: Client, ticket: Ticket) -> None:
    watched(acme, ticket, "omar", "lea", "ben")
    User.objects.filter(username="lea").update(is_active=False)
    page = composer(ana, ticket)
    before = {who: len(mails(acme, who)) for who in acme.people}
    ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Try again", "form_key": "k"})
    told = {who for who, count in before.items() if len(mails(acme, who)) > count}
    assert told == {who for who, person in acme.people.items() if f"({person.email})" in page} == {"ella", "omar"}
    assert ">Send to Ella + 1</button>" in page


def test_who_has_no_address_reads_it_in_the_portal(acme: Company, ana: Client, ticket: Ticket) -> None:
    User.objects.filter(username="ella").update(email=None)
    page = composer(ana, ticket)
    assert "To Ella, in the portal alone: there is no address for mail" in page
    assert ">Send to Ella</button>" in page


def test_a_note_says_that_it_is_for_staff_only_and_is(acme: Company, ana: Client, ticket: Ticket) -> None:
    page = composer(ana, ticket, "note")
    assert "Staff only. The requester never sees it." in page
    assert ">Save note (staff only)</button>" in page
    assert "ella@" not in page
    before = len(mails(acme, "ella"))
    ana.post(f"/tickets/{ticket.pk}/note/", {"text": "canary-12", "form_key": "k"})
    assert ticket.entries.filter(text="canary-12", audience="staff").exists()
    assert len(mails(acme, "ella")) == before
    assert "canary-12" not in signed_in(acme.people["ella"]).get(f"/t/{ticket.pk}/").content.decode()


def test_whose_address_takes_no_mail_is_named_and_gets_none(acme: Company, ana: Client, ticket: Ticket) -> None:
    watched(acme, ticket, "omar")
    User.objects.filter(username="ella").update(phone="555-0101")
    BouncedAddress.objects.create(address=str(acme.people["ella"].email), reason="mailbox full", at=at(8))
    page = composer(ana, ticket)
    assert "No mail reaches Ella" in page
    assert "mailbox full" in page
    assert 'href="tel:555-0101"' in page
    assert f"({acme.people['ella'].email})" not in page
    assert ">Send to Ella + 1</button>" in page
    assert "No mail reaches" not in composer(ana, ticket, "note")


def test_where_one_goes_after_sending_is_the_persons_on_every_device(acme: Company, ana: Client, ticket: Ticket) -> None:
    ana.post(f"/tickets/{ticket.pk}/call/", {"text": "Rang", "minutes": "2", "direction": "out", "form_key": "k", "after": "list"})
    elsewhere = signed_in(acme.people["ana"])
    assert '<option value="list" selected>' in composer(elsewhere, ticket)
    assert elsewhere.post(f"/tickets/{ticket.pk}/note/", {"text": "Seen", "form_key": "n"}).headers["Location"].startswith("/queue/")
    assert '<option value="stay" selected>' in composer(signed_in(acme.people["ben"]), ticket)


def test_a_call_says_with_whom_and_only_who_asked_is_answered_by_it(acme: Company, ana: Client, ticket: Ticket) -> None:
    watched(acme, ticket, "omar")
    said = {"text": "He saw it too", "minutes": "3", "direction": "in", "person": "omar", "form_key": "k"}
    assert '<option value="omar">' in composer(ana, ticket, "call")
    ana.post(f"/tickets/{ticket.pk}/call/", said)
    assert "Omar" in ticket.entries.get(kind="call").data["said"]
    ticket.refresh_from_db()
    assert ticket.first_answered_at is None
    ana.post(f"/tickets/{ticket.pk}/call/", {**said, "person": "ella", "form_key": "k2"})
    ticket.refresh_from_db()
    assert ticket.first_answered_at is not None
    assert ana.post(f"/tickets/{ticket.pk}/call/", {**said, "person": "adam", "form_key": "k3"}).status_code == 422


def test_a_call_half_written_is_kept_as_a_draft(acme: Company, ana: Client, ticket: Ticket) -> None:
    said = {"text": "She says", "minutes": "7", "direction": "in", "form_key": "k"}
    assert ana.post(f"/drafts/call/{ticket.pk}/", said).status_code == 200
    page = composer(ana, ticket, "call")
    assert "She says</textarea>" in page
    assert 'value="7"' in page
    assert '<option value="in" selected>' in page
    ana.post(f"/tickets/{ticket.pk}/call/", said)
    assert "She says</textarea>" not in composer(ana, ticket, "call")
