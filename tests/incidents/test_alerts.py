"""What monitoring tells the desk, and what the rules make of it: five minutes critical, many warnings, all clear."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from incidents import alerts, automation
from incidents.models import Firing, Incident, LinkedAlert, TimelineEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents.reporting import report


def smtp(acme: Company, since: datetime, **facts: Any) -> alerts.AlertFacts:
    """smtp-01 of Email is critical."""
    known = {"alert_id": 7, "check_id": 1, "check_slug": "smtp-01", "service": acme.services["email"], "status": "critical"}
    return alerts.AlertFacts(**known | {"since": since, "status_since": since, "summary": "connection refused"} | facts)


def sweep(*times: datetime) -> None:
    for now in times:
        automation.evaluate_due(now=now)


def test_a_check_critical_for_five_minutes_on_a_tier_1_service_declares_sev1(acme: Company) -> None:
    alert = alerts.opened(smtp(acme, at(3, 12)), now=at(3, 13))
    sweep(at(3, 14), at(3, 16))
    assert not Incident.objects.exists()
    alert.refresh_from_db()
    assert alert.evaluate_at == at(3, 17)
    sweep(at(3, 17))
    incident = Incident.objects.get()
    assert (incident.state, incident.severity, incident.since) == ("triggered", 1, at(3, 12))
    assert incident.reason == "smtp-01 critical for 5 min on a tier-1 service (rule R5, version 1)."
    assert list(incident.alerts.all()) == [alert]


def test_a_check_that_recovers_in_time_declares_nothing(acme: Company) -> None:
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 13))
    alerts.cleared(7, now=at(3, 16))
    sweep(at(3, 17), at(3, 18))
    assert not Incident.objects.exists()


def test_a_tier_2_service_is_no_matter_for_the_night(acme: Company) -> None:
    alerts.opened(smtp(acme, at(3, 12), service=acme.services["vpn"], check_slug="vpn-01"), now=at(3, 13))
    sweep(at(3, 17), at(4))
    assert not Incident.objects.exists()


def test_a_warning_that_turns_critical_counts_from_the_turn(acme: Company) -> None:
    alerts.opened(smtp(acme, at(3), status="warning"), now=at(3))
    alerts.changed(smtp(acme, at(3), status_since=at(3, 10)), now=at(3, 10))
    sweep(at(3, 10), at(3, 14))
    assert not Incident.objects.exists()
    sweep(at(3, 15))
    assert Incident.objects.count() == 1


def test_telling_twice_keeps_one_copy_and_opens_one_incident(acme: Company) -> None:
    for minute in (20, 21):
        alerts.opened(smtp(acme, at(3, 12)), now=at(3, minute))
    sweep(at(3, 22), at(3, 23))
    assert (LinkedAlert.objects.count(), Incident.objects.count()) == (1, 1)
    assert Firing.objects.filter(rule__key="R5").count() == 1


def test_all_clear_is_a_line_of_the_incident_and_ends_it_not(acme: Company) -> None:
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    alert = alerts.cleared(7, now=at(3, 40))
    incident = Incident.objects.get()
    assert alert is not None
    assert (alert.cleared_at, alert.status, incident.state) == (at(3, 40), "critical", "triggered")
    assert TimelineEntry.objects.filter(incident=incident, kind="check", text="smtp-01 is OK again.").count() == 1


def test_clearing_twice_or_what_was_never_heard_of_does_nothing(acme: Company) -> None:
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 13))
    assert alerts.cleared(7, now=at(3, 14)) == alerts.cleared(7, now=at(3, 15))
    assert LinkedAlert.objects.get().cleared_at == at(3, 14)
    assert alerts.cleared(99, now=at(3, 15)) is None


def test_five_warnings_in_a_day_are_written_down_by_the_shadow_and_nothing_acts(acme: Company) -> None:
    for number in range(5):
        warning = smtp(acme, at(8 + number), alert_id=number, check_slug=f"smtp-0{number}", status="warning")
        alerts.opened(warning, now=at(8 + number))
        alerts.cleared(number, now=at(8 + number, 30))
    firing = Firing.objects.get(rule__key="R6")
    assert (firing.is_shadow, firing.deed, firing.incident, firing.did) == (True, "propose", None, "propose an incident")
    assert not Incident.objects.exists()


def test_an_alert_and_the_reports_of_its_outage_make_one_incident(acme: Company) -> None:
    alerts.opened(smtp(acme, at(9)), now=at(9, 1))
    for who, minute in (("ella", 2), ("omar", 3), ("lea", 4)):
        report(acme, who, at(9, minute))
    assert Incident.objects.get().state == "proposed"
    sweep(at(9, 5), at(9, 6))
    incident = Incident.objects.get()
    assert (incident.state, incident.severity, incident.tickets.count(), incident.alerts.count()) == ("triggered", 1, 3, 1)


@pytest.mark.parametrize("status", ["warning", "critical"])
def test_the_open_reports_of_the_service_are_looked_at_again(acme: Company, status: str) -> None:
    email, printer = report(acme, "ella", at(9), impacted="unknown"), report(acme, "omar", at(9), "The printer is out of toner")
    sweep(at(9, 1))
    alerts.opened(smtp(acme, at(9, 5), status=status), now=at(9, 6))
    sweep(at(9, 6))
    email.refresh_from_db()
    assert (email.severity, printer.evaluations.filter(at=at(9, 6)).count()) == (1, 0)
    assert email.severity_reasons[-1]["rule"] == "1"
