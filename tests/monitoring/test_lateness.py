from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSimError
from hypothesis import given
from hypothesis import strategies as st

from monitoring.lateness import overdue


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_period_and_its_grace():
    assert overdue(last_at=utc("2026-11-24T03:00"), period_s=300, grace_s=60) == utc("2026-11-24T03:06")


def test_a_check_never_heard_is_not_late():
    assert overdue(last_at=None, period_s=300) is None


def test_a_nightly_job_is_late_after_its_slot_and_grace():
    assert overdue(last_at=utc("2026-11-24T01:10"), cron="0 2 * * *", zone="Europe/Paris", grace_s=3600) == utc("2026-11-25T02:00")


def test_the_grace_is_whole_on_the_night_clocks_change():
    # 01:30 is before the change, so a grace of 90 minutes ends at 02:00 winter time, not at 03:00
    assert overdue(last_at=utc("2026-10-24T01:00"), cron="30 1 * * *", zone="Europe/Paris", grace_s=5400) == utc("2026-10-25T01:00")


def test_a_slot_the_clocks_leap_over_comes_right_after():
    assert overdue(last_at=utc("2026-03-28T05:00"), cron="30 2 * * *", zone="Europe/Paris") == utc("2026-03-29T01:00")


def test_a_signal_a_little_early_fills_its_slot():
    assert overdue(last_at=utc("2026-11-24T00:59:30"), cron="0 1 * * *") == utc("2026-11-25T01:00")
    assert overdue(last_at=utc("2026-11-24T00:58"), cron="0 1 * * *") == utc("2026-11-24T01:00")


def test_early_never_swallows_more_than_half_a_slot():
    assert overdue(last_at=utc("2026-11-24T01:00:20"), cron="* * * * *") == utc("2026-11-24T01:01")


def test_a_run_under_way_may_take_its_time():
    last, start = utc("2026-11-24T01:10"), utc("2026-11-25T01:00")
    assert overdue(last_at=last, started_at=start, cron="0 1 * * *", grace_s=600, run_s=7200) == utc("2026-11-25T03:00")
    assert overdue(last_at=last, started_at=start, cron="0 1 * * *", grace_s=600) == utc("2026-11-25T01:10")
    assert overdue(last_at=None, started_at=start, grace_s=600) == utc("2026-11-25T01:10")


def test_a_job_that_only_ever_starts_is_late_in_the_end():
    found = {
        overdue(last_at=utc("2026-11-24T01:00"), started_at=utc(f"2026-11-25T{h:02d}:00"), period_s=86400, grace_s=600) for h in range(3, 9)
    }
    assert found == {utc("2026-11-25T01:20")}


def test_a_run_that_ended_waits_for_the_next():
    assert overdue(last_at=utc("2026-11-24T01:10"), started_at=utc("2026-11-24T01:00"), period_s=3600) == utc("2026-11-24T02:10")


def test_a_malformed_schedule_is_refused():
    with pytest.raises(CronSimError):
        overdue(last_at=utc("2026-11-24T01:00"), cron="61 * * * *")


ZONES = st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
CRONS = st.sampled_from(["*/5 * * * *", "30 2 * * *", "0 9 * * 1", "15 1,2,3 * * *"])
MOMENTS = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31"), timezones=st.just(UTC))


@given(last_at=MOMENTS, cron=CRONS, zone=ZONES, grace_s=st.integers(0, 9000))
def test_it_is_always_ahead_of_the_last_signal_by_more_than_the_grace(last_at, cron, zone, grace_s):
    late = overdue(last_at=last_at, cron=cron, zone=zone, grace_s=grace_s)
    assert late > last_at.replace(microsecond=0) + timedelta(seconds=grace_s)
    assert late == overdue(last_at=last_at, cron=cron, zone=zone) + timedelta(seconds=grace_s)
