"""Email fails, and everybody says so in their own way: a check, three people, and one who says that nobody can work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from incidents.models import Incident
from incidents.states import IncidentState
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.journeys.conftest import Clock, Office

SAM, DANA = "+33600000001", "+33600000002"
TELLS: dict[str, Callable[[Office], object]] = {
    "check": lambda office: office.check("smtp-01", "critical"),
    "ella": lambda office: office.report("ella", "Outlook cannot connect since this morning"),
    "omar": lambda office: office.report("omar", "Outlook does not connect"),
    "lea": lambda office: office.report("lea", "No connection in Outlook"),
    "eve": lambda office: office.report("eve", "Outlook cannot connect at all", impacted="everyone", effect="cannot"),
}
ORDERS = (("check", "ella", "omar", "lea", "eve"), ("ella", "omar", "lea", "eve", "check"))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_check_three_reports_and_a_critical_one_within_ten_minutes_are_one_incident_and_one_text_to_sam(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, order: tuple[str, ...]
) -> None:
    for who in order:
        TELLS[who](office)
        clock.forward("50s")
    clock.forward("5m")
    incident = Incident.objects.get()
    assert (incident.state, incident.severity, incident.tickets.count(), incident.alerts.count()) == (IncidentState.TRIGGERED, 1, 4, 1)
    asked = {text.to for text in phone.waiting() if "proposed" in text.words}
    assert asked <= {DANA}  # the manager on duty, before anything is declared
    (page,) = [text for text in phone.waiting() if text.to == SAM and not text.sid.startswith("CA")]
    assert "Nobody else will be called." in (page.reply(f"A{incident.pk}") or "")
    clock.forward("1s")
    phone.read += phone.waiting()  # Dana hears that it is taken
    clock.forward("40m")  # whoever is texted or called now fails this test
    mailbox.read += mailbox.waiting()
