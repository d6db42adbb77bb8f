"""Uptime: of the time that is known, without what was announced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents import silences
from monitoring.models import Check, Source, StateChange
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.probes.looking import look, told, values

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(acme: Company) -> Check:
    """Well for ten hours, but two: critical from the third to the fifth."""
    source = Source.objects.get(slug="agents")
    check = Check.objects.create(slug="shop", source=source, service=acme.services["vpn"], created_at=NINE - 10 * HOUR)
    for hours, before, after in ((10, "unknown", "ok"), (7, "ok", "critical"), (5, "critical", "ok")):
        StateChange.objects.create(check_ref=check, at=NINE - hours * HOUR, before=before, after=after)
    return check


def test_two_hours_of_ten_are_eighty_percent(shop: Check) -> None:
    found = values(look("uptime", check="shop", hours=10))
    assert (found["uptime_percent"], found["down_s"], found["unknown_percent"]) == (80, 7200, 0)


def test_what_was_announced_is_left_out(shop: Check, acme: Company) -> None:
    silences.make(
        actor=acme.people["ana"],
        now=NINE - 8 * HOUR,
        check_slug="shop",
        reason="Update",
        starts_at=NINE - 8 * HOUR,
        ends_at=NINE - 6 * HOUR,
    )
    found = values(look("uptime", check="shop", hours=10))
    assert (found["uptime_percent"], found["left_out_s"]) == (100 * 7 / 8, 7200)


def test_time_nobody_knows_of_is_no_uptime(shop: Check) -> None:
    StateChange.objects.create(check_ref=shop, at=NINE - 2 * HOUR, before="ok", after="unknown")
    found = values(look("uptime", check="shop", hours=10))
    assert (found["uptime_percent"], found["unknown_percent"]) == (75, 20)


def test_a_check_nothing_is_known_of_is_unknown(acme: Company) -> None:
    assert told("uptime", check="nothing")["status"] == "unknown"
    assert told("uptime", check="smtp-01")["status"] == "unknown"
