"""Who reads what is about to be written: said beside the button, before it is pressed."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import around
from incidents.models import Ticket
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
