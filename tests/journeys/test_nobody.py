"""A policy that reaches nobody does not end in silence."""

from __future__ import annotations

from incidents import incidents
from incidents.models import TimelineEntry
from notifications.models import ContactMethod
from servicedesk import clock as desk_clock
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.fakes.twilio import FakeTwilio
from tests.journeys.conftest import Clock, Office

SAM, DANA, KIM = "+33600000001", "+33600000002", "+33600000003"


def network_down(office: Office, clock: Clock) -> None:
    """Kim declares it by hand, for the policy whose rota has nobody."""
    acme = office.acme
    words = {"title": "The core switch is dark", "reason": "Nobody in building B has a network.", "severity": 1}
    told = incidents.Grounds(**words, since=desk_clock.now(), team=acme.teams["network"], policy=acme.policies["network"])
    incidents.declare(told, actor=acme.people["ben"], now=desk_clock.now())
    clock.forward("1s")


def vpn_down(office: Office, clock: Clock, title: str) -> None:
    acme = office.acme
    told = incidents.Grounds(title=title, reason="Nobody gets in.", severity=1, since=desk_clock.now(), policy=acme.policies["it-ops"])
    incidents.declare(told, actor=acme.people["ben"], now=desk_clock.now())
    clock.forward("1s")


def test_the_last_resort_is_called_at_once(office: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    network_down(office, clock)
    phone.expect("You are last resort.", "or call 555-0100", to=KIM)
    mailbox.expect("You are the last resort.", to="kim@acme.example")
    mailbox.expect("nobody acknowledged", "because nobody of Network can be reached", to="dana@acme.example")
    warnings = office.incident.timeline.filter(kind=TimelineEntry.Kind.WARNING).values_list("text", flat=True)
    assert any("nobody" in text.lower() for text in warnings), list(warnings)


def test_after_a_provider_refused_every_number_for_an_hour_people_are_paged_as_usual(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio
) -> None:
    twilio.behave("fail:21211")
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("The tunnel is down", to="sam@acme.example")
    assert {method.flagged_code for method in ContactMethod.objects.filter(address=SAM)} == {"21211"}
    mailbox.read += mailbox.waiting()  # Dana and Kim are written to as well
    incidents.resolve(office.incident, actor=office.acme.people["sam"], reason="It came back.", now=desk_clock.now())
    clock.forward("1h")
    mailbox.read += mailbox.waiting()
    twilio.behave("ok")
    vpn_down(office, clock, "The tunnel is down again")
    mailbox.expect("The tunnel is down again", to="sam@acme.example")
    phone.expect("The tunnel is down again", to=SAM)
    clock.forward("3m")
    phone.expect_call(to=SAM).press("4")
    assert not ContactMethod.objects.filter(address=SAM, flagged_at__isnull=False).exists()
    clock.forward("30m")  # and nobody else is woken
