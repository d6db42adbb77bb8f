"""What an incident shows as evidence is there after everything else of that time was pruned, and goes when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from incidents import pins
from incidents.models import Incident
from monitoring.models import Check, PinnedResult, RawBody, Result
from monitoring.storage import pinning
from servicedesk.operations import retention
from servicedesk.operations.models import Retention
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import email_down

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATER = NINE + 40 * DAY


def heard(slug: str, at: datetime, status: str = "critical", **more: Any) -> Result:
    check = Check.objects.get(slug=slug)
    return Result.objects.create(day=at.date(), check_id=check.pk, status=status, summary=f"{slug} {status}", received_at=at, **more)


@pytest.fixture
def incident(acme: Company) -> Incident:
    """Email was down from nine to eleven; readings of it, and of another service."""
    found = email_down(acme)
    body = RawBody.objects.create(received_at=NINE, body=b"refused")
    heard("smtp-01", NINE - 26 * HOUR, "ok")
    heard("smtp-01", NINE - 2 * HOUR, "ok")
    heard("smtp-01", NINE, raw_id=body.pk)
    heard("fs-02", NINE)
    heard("smtp-01", NINE + 3 * HOUR, "ok")
    RawBody.objects.create(received_at=NINE, body=b"of nothing")
    Incident.objects.filter(pk=found.pk).update(state="resolved", resolved_at=NINE + 2 * HOUR)
    found.refresh_from_db()
    return found


def shown(incident: Incident, now: datetime) -> list[str]:
    return [f"{row.summary} {row.received_at - NINE}" for row in pinning.of_incident(incident, now=now)]


def test_readings_and_bodies_of_an_incident_survive_pruning_and_others_do_not(incident: Incident) -> None:
    before = shown(incident, NINE + 4 * HOUR)
    assert before == ["smtp-01 ok -1 day, 22:00:00", "smtp-01 critical 0:00:00"]
    retention.prune(now=LATER)
    assert (Result.objects.count(), shown(incident, LATER)) == (0, before)
    assert [bytes(body.body) for body in RawBody.objects.all()] == [b"refused"]


def test_pruning_twice_keeps_each_once(incident: Incident) -> None:
    for day in range(3):
        retention.prune(now=LATER + day * DAY)
    assert PinnedResult.objects.count() == 2


def test_bodies_that_are_kept_for_less_than_results_take_nothing_of_an_incident_away(incident: Incident) -> None:
    Retention.objects.update_or_create(category="bodies", defaults={"keep_days": 1})
    retention.prune(now=NINE + 3 * DAY)
    assert [bytes(body.body) for body in RawBody.objects.all()] == [b"refused"]
    assert len(shown(incident, NINE + 3 * DAY)) == 2


@pytest.mark.parametrize(("secret", "days", "left"), [(False, 364, 2), (False, 366, 0), (True, 366, 2), (True, 1096, 0)])
def test_it_goes_a_year_after_it_was_closed_and_what_is_confidential_after_three(
    incident: Incident, secret: bool, days: int, left: int
) -> None:
    Incident.objects.filter(pk=incident.pk).update(state="closed", closed_at=NINE + DAY, is_confidential=secret)
    retention.prune(now=LATER)
    retention.prune(now=NINE + DAY + days * DAY)
    assert PinnedResult.objects.count() == left
    assert RawBody.objects.filter(body=b"refused").exists() is bool(left)


def test_an_open_incident_keeps_until_now_and_a_rejected_one_nothing(acme: Company, incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(state="triggered", resolved_at=None)
    assert len(shown(Incident.objects.get(), NINE + 4 * HOUR)) == 3
    Incident.objects.update(state="rejected")
    assert list(pins.pins(now=LATER, since=NINE - 9 * DAY)) == []


def test_the_page_shows_the_same_before_and_after(acme: Company, incident: Incident, settings: Any, tmp_path: Any) -> None:
    for now in (NINE + 4 * HOUR, LATER):
        retention.prune(now=now)
        page = signed_in(acme.people["ana"]).get(f"/incidents/{incident.pk}/evidence/").content.decode()
        assert "smtp-01 critical" in page
        assert "fs-02" not in page
