"""A policy that reaches nobody does not end in silence."""

from __future__ import annotations

from incidents import incidents
from incidents.models import TimelineEntry
from servicedesk import clock as desk_clock
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.journeys.conftest import Clock, Office

DANA, KIM = "+33600000002", "+33600000003"


def network_down(office: Office, clock: Clock) -> None:
    """Kim declares it by hand, for the policy whose rota has nobody."""
    acme = office.acme
    words = {"title": "The core switch is dark", "reason": "Nobody in building B has a network.", "severity": 1}
    told = incidents.Grounds(**words, since=desk_clock.now(), team=acme.teams["network"], policy=acme.policies["network"])
    incidents.declare(told, actor=acme.people["ben"], now=desk_clock.now())
    clock.forward("1s")


def test_the_last_resort_is_called_at_once(office: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    network_down(office, clock)
    phone.expect("You are last resort.", "or call 555-0100", to=KIM)
    mailbox.expect("You are the last resort.", to="kim@acme.example")
    for manager in (DANA, KIM):
        phone.expect("because nobody of Network can be reached", to=manager)
    warnings = office.incident.timeline.filter(kind=TimelineEntry.Kind.WARNING).values_list("text", flat=True)
    assert any("nobody" in text.lower() for text in warnings), list(warnings)
