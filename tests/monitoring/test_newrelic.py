"""New Relic's workflow: an issue opens and closes one alert; acknowledging it there changes nothing here."""

from __future__ import annotations

from typing import Any

from monitoring.models import Alert
from servicedesk.operations.worlds.company import Company
from tests.monitoring.doors import sender


def issue(state: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "7d3f",
        "state": state,
        "priority": "CRITICAL",
        "title": "Checkout is slow",
        "issueUrl": "https://one.newrelic.com/i/7d3f",
        **more,
    }


def test_an_issue_opens_one_alert_and_its_closing_ends_it(acme: Company) -> None:
    door = sender("newrelic")
    assert [door.post(issue(state)).status_code for state in ("CREATED", "ACTIVATED", "ACKNOWLEDGED")] == [200, 200, 200]
    alert = Alert.objects.get()
    assert (alert.status, alert.summary, alert.cleared_at) == ("critical", "Checkout is slow", None)
    assert door.post(issue("CLOSED")).status_code == 200
    assert door.open() == {}
