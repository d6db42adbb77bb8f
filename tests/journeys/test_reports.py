"""Three people report the same thing. The desk asks a manager, and does not sleep when nobody answers."""

from __future__ import annotations

from incidents.models import Ticket
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mail, Mailbox
from tests.journeys.conftest import Clock, Office

OUTLOOK = ("ella", "Outlook cannot connect"), ("omar", "outlook can't connect to the server"), ("lea", "Cannot connect with Outlook")
DANA, SAM = "+33600000002", "+33600000001"
BEYOND = "3 people reported similar text for Email within 30 min: T-{0}, T-{1}, T-{2} (rule R4, version 1)."


def reported(office: Office, mailbox: Mailbox) -> list[Ticket]:
    """Each of the three is told that their report arrived."""
    tickets = [office.report(who, what) for who, what in OUTLOOK]
    for ticket in tickets:
        mailbox.expect(f"[T-{ticket.pk}]", "We have your", to=ticket.requester.email)
    return tickets


def asked(phone: Phone, mailbox: Mailbox) -> Mail:
    """Dana is asked whether it is an incident, by mail and by text."""
    phone.expect("SEV2 proposed", "3 people", to=DANA)
    return mailbox.expect("is it an incident?", "Nobody is paged yet.", to="dana@acme.example")


def told_of_it(mailbox: Mailbox) -> None:
    for who, _what in OUTLOOK:
        mailbox.expect("We know of trouble with Email since 09:00", to=f"{who}@acme.example")


def test_three_reports_are_proposed_with_who_what_rule_and_version(office: Office, phone: Phone, mailbox: Mailbox) -> None:
    tickets = reported(office, mailbox)
    why = BEYOND.format(*(ticket.pk for ticket in tickets))
    assert why in asked(phone, mailbox).text
    assert office.incident.reason == why
    assert [ticket.incident_id for ticket in Ticket.objects.all()] == [office.incident.pk] * 3


def test_two_reports_are_no_pattern(office: Office, mailbox: Mailbox, clock: Clock) -> None:
    for who, what in OUTLOOK[:2]:
        office.report(who, what)
        mailbox.expect("We have your", to=f"{who}@acme.example")
    clock.forward("20m")  # and nobody is asked anything


def test_what_dana_accepts_pages_sam(office: Office, phone: Phone, mailbox: Mailbox) -> None:
    reported(office, mailbox)
    (link,) = (one for one in asked(phone, mailbox).links if "/a/" in one)
    assert "Accept: start the incident" in office.open(link)
    office.tap(link, "accept")
    phone.expect("You are primary.", to=SAM)
    mailbox.expect("acknowledge", "You are primary for IT Ops", to="sam@acme.example")
    told_of_it(mailbox)


def test_what_nobody_decides_starts_by_itself_after_a_quarter_of_an_hour(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock
) -> None:
    reported(office, mailbox)
    assert "it opens by itself at 09:15" in asked(phone, mailbox).text.replace("\n", " ")
    clock.forward("14m")
    assert "is only proposed." in phone.expect_call("is proposed and waits for your decision", to=DANA).press("4")
    phone.silent()
    clock.forward("1m")
    phone.expect("You are primary.", to=SAM)
    mailbox.expect("You are primary", to="sam@acme.example")
    assert office.incident.timeline.get(text="Opened by itself.").because.startswith("nobody decided; 3 people reported")
    told_of_it(mailbox)


def test_what_dana_rejects_with_a_reason_pages_nobody(office: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    reported(office, mailbox)
    (link,) = (one for one in asked(phone, mailbox).links if "/a/" in one)
    office.tap(link, "reject", reason="They are all in the new building, without a network.")
    clock.forward("25m")  # unanswered for half an hour they would page by another rule
    assert office.incident.state == "rejected"
