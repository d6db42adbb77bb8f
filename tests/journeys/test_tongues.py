"""Ella reads German, Sam reads and hears French, Dana neither: each in their own words, whoever wrote."""

from __future__ import annotations

import pytest

from incidents.states import IncidentState
from notifications import gsm7
from notifications.models import Message
from servicedesk.directory.models import Organisation
from servicedesk.operations.worlds.company import Company
from tests.actors import signed_in
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.journeys.conftest import Clock, Office

SAM, DANA = "+33600000001", "+33600000002"


def speaks(acme: Company, **chosen: str) -> None:
    """What each of them saves at /me/language/."""
    for name, language in chosen.items():
        answer = signed_in(acme.people[name]).post("/me/language/", {"language": language, "zone": ""})
        assert answer.status_code == 302
        acme.people[name].refresh_from_db()


@pytest.fixture
def babel(acme: Company) -> Company:
    speaks(acme, ella="de", sam="fr")
    return acme


@pytest.fixture
def mailed(babel: Company, night: Office, mailbox: Mailbox, clock: Clock) -> Office:
    """03:18: Sam was mailed in French."""
    clock.forward("6m")
    mailbox.expect("[SEV1]", "à prendre en charge", "Vous êtes primary pour IT Ops", to="sam@acme.example")
    return night


@pytest.fixture
def ringing(mailed: Office, phone: Phone, clock: Clock) -> Office:
    """03:20: Sam was texted in French, and his telephone rings."""
    text = phone.expect("SEV1", "Depuis 03:12.", "Vous etes primary.", to=SAM)
    assert text.body.endswith(f"ou répondez A{mailed.incident.pk}")
    assert gsm7.units(text.body) <= 160
    clock.forward("2m")
    return mailed


def test_ella_reports_in_german_and_reads_german(babel: Company, office: Office, mailbox: Mailbox) -> None:
    ticket = office.report("ella", "Outlook startet nicht mehr")
    letter = mailbox.expect("Wir haben Ihre Nachricht", f"[{ticket.number}]", "Ein Mensch antwortet bis", to="ella@acme.example")
    assert "We have" not in str(letter)
    page = signed_in(babel.people["ella"]).get(f"/t/{ticket.pk}/")
    assert (page.headers["Content-Language"], 'lang="de"' in page.content.decode()) == ("de", True)
    assert "Antwort senden" in page.content.decode()


def test_what_is_written_down_speaks_the_language_of_the_house_whoever_acts(babel: Company, ringing: Office, phone: Phone) -> None:
    phone.expect_call(to=SAM).press("4")
    assert ringing.incident.timeline.get(kind="ack").text == "Acknowledged by Sam Lee via a call."


def test_sam_hears_french_and_presses_four(ringing: Office, phone: Phone, clock: Clock) -> None:
    talk = phone.expect_call(ringing.incident.number, "Appuyez sur 4", to=SAM)
    assert talk.tongues == {"fr-FR"}
    assert talk.said.startswith("Acme Help Desk. Gravité un. Email is down depuis 3:12. Vous êtes primary.")
    assert talk.press("4").startswith(f"Vous avez {ringing.incident.number} depuis 3:20.")
    clock.forward("50m")


def test_sam_answers_with_the_code_and_is_answered_in_french(mailed: Office, phone: Phone, clock: Clock) -> None:
    said = phone.expect("Vous etes primary.", to=SAM).reply(f"A{mailed.incident.pk}") or ""
    assert said.startswith(f"Vous avez {mailed.incident.number} depuis 03:1")
    assert (gsm7.units(said) <= 160, mailed.incident.state) == (True, IncidentState.ACKNOWLEDGED)
    clock.forward("30m")


def test_the_signed_page_is_in_the_language_of_the_person_paged(mailed: Office, phone: Phone) -> None:
    page = mailed.open(phone.expect("SEV1", to=SAM).links[0])
    assert 'lang="fr"' in page
    assert "Je prends en charge" in page


def test_who_chose_nothing_is_written_to_in_the_language_of_the_house(acme: Company, office: Office, mailbox: Mailbox) -> None:
    house = Organisation.objects.get()
    house.language = "de"
    house.save(update_fields=["language"])
    office.report("omar", "Printer is on fire")
    mailbox.expect("Guten Tag Omar", to="omar@acme.example")
    assert Message.objects.get(to="omar@acme.example").subject.endswith("Printer is on fire")
