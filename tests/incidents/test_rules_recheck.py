"""recheck_at: by time alone nothing changes before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from incidents.rules.conditions import truth
from incidents.rules.recheck import next_change
from tests.incidents.rule_strategies import FEW, NOW, facts, tree

CRITICAL_FOR_5 = {"field": "check.critical_since", "op": "for_at_least", "value": 300}
ANSWER_DUE = {"field": "ticket.first_answer_due_at", "op": "passed"}
CRITICAL = {"field": "check.state", "op": "is", "value": "critical"}
NIGHT = {"field": "time.local", "op": "between", "value": ["22:00", "07:00"]}


def at(clock: str) -> str:
    return f"2026-11-23T{clock}+00:00"


def test_a_check_is_looked_at_again_when_its_five_minutes_are_over() -> None:
    known = {"check.state": "critical", "check.critical_since": at("07:58:00")}
    assert next_change({"all": [CRITICAL, CRITICAL_FOR_5]}, known, NOW) == NOW + timedelta(minutes=3)


def test_nothing_is_looked_at_again_where_time_cannot_help() -> None:
    known = {"check.state": "ok", "check.critical_since": at("07:58:00")}
    assert next_change({"all": [CRITICAL, CRITICAL_FOR_5]}, known, NOW) is None
    assert next_change(CRITICAL, known, NOW) is None


def test_a_moment_that_has_passed_never_comes_again() -> None:
    assert next_change(ANSWER_DUE, {"ticket.first_answer_due_at": at("08:00:00")}, NOW) is None


def test_the_earliest_of_several_alternatives_counts() -> None:
    known = {"ticket.first_answer_due_at": at("08:30:00"), "check.critical_since": at("07:56:00")}
    assert next_change({"any": [ANSWER_DUE, CRITICAL_FOR_5]}, known, NOW) == NOW + timedelta(minutes=1)
    assert next_change({"all": [ANSWER_DUE, CRITICAL_FOR_5]}, known, NOW) == NOW + timedelta(minutes=30)


def test_the_end_of_desk_hours_is_a_moment_to_look_again() -> None:
    known = {"desk.open": True, "desk.changes_at": at("17:00:00")}
    assert next_change({"field": "desk.open", "op": "is", "value": False}, known, NOW) == NOW.replace(hour=17)


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Europe/Paris", NOW, NOW.replace(hour=21)),
        ("Europe/Paris", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_follows_the_wall_clock(zone: str, now: datetime, expected: datetime) -> None:
    at = now
    while truth(NIGHT, {"time.zone": zone}, at) is truth(NIGHT, {"time.zone": zone}, now):
        at = next_change(NIGHT, {"time.zone": zone}, at)
    assert at == expected


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
GAP = {"field": "time.local", "op": "between", "value": ["02:30", "22:00"]}


TWICE = {"field": "time.local", "op": "between", "value": ["02:45", "22:00"]}


@given(tree(FEW), facts(FEW), MOMENTS | st.just(NOW), st.integers(0, 3 * 86_400))
@example(GAP, {"time.zone": "Europe/Paris"}, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 1800)
@example(TWICE, {"time.zone": "Europe/Paris"}, datetime(2026, 10, 25, 1, 0, tzinfo=UTC), 3000)
@example(GAP, {"time.zone": "Australia/Lord_Howe"}, datetime(2026, 10, 3, 15, 0, tzinfo=UTC), 1800)
def test_nothing_changes_before_the_moment_to_look_again(asked: dict[str, Any], known: dict[str, Any], now: datetime, later_s: int) -> None:
    due, later = next_change(asked, known, now), now + timedelta(seconds=later_s)
    assert due is None or due > now
    if due is None or later < due:
        assert truth(asked, known, later) is truth(asked, known, now)


@given(tree(FEW), facts(FEW))
def test_looking_again_each_time_ends_at_the_change_or_never(asked: dict[str, Any], known: dict[str, Any]) -> None:
    due = next_change(asked, known, NOW)
    timed = any(word in str(asked) for word in ("time.local", "time.weekday"))
    if due is not None and not timed:
        assert truth(asked, known, due) is not truth(asked, known, NOW)
