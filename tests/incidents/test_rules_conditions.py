"""Conditions decide under three values, and say what decided."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.rules.conditions import truth, weigh
from incidents.rules.shapes import Seen
from tests.incidents.rule_strategies import NOW, facts, tree

EMAIL = {"field": "ticket.service", "op": "is", "value": "email"}
CANNOT = {"field": "ticket.effect", "op": "is", "value": "cannot"}


def holds(field: str, op: str, value: Any, seen: Any) -> bool | None:
    return truth({"field": field, "op": op, "value": value}, {field: seen, "time.zone": "Europe/Paris"}, NOW)


@pytest.mark.parametrize(
    ("field", "op", "value", "seen", "expected"),
    [
        ("ticket.effect", "is", "cannot", "cannot", True),
        ("ticket.effect", "is", "cannot", "part", False),
        ("ticket.effect", "is_not", "cannot", "part", True),
        ("ticket.effect", "in", ["cannot", "part"], "part", True),
        ("ticket.effect", "not_in", ["cannot", "part"], "part", False),
        ("ticket.impacted_count", "at_least", 50, 50, True),
        ("ticket.impacted_count", "at_least", 50, 49, False),
        ("ticket.severity", "at_most", 2, 2, True),
        ("ticket.severity", "at_most", 2, 3, False),
        ("ticket.severity", "is", 1, 1, True),
        ("ticket.loss", "is", True, True, True),
        ("ticket.loss", "is", True, False, False),
        ("ticket.text", "contains", "OUTLOOK", "my Outlook", True),
        ("ticket.text", "matches", r"\bout\w+", "my Outlook", True),
        ("ticket.text", "matches", r"^out", "my Outlook", False),
        ("ticket.tags", "has", "vip", ["vip", "lyon"], True),
        ("ticket.tags", "has", "vip", [], False),
        ("alert.since", "for_at_least", 300, "2026-11-23T07:55:00+00:00", True),
        ("alert.since", "for_at_least", 300, "2026-11-23T08:55:01+01:00", False),
        ("ticket.first_answer_due_at", "passed", None, "2026-11-23T08:00:00+00:00", True),
        ("ticket.first_answer_due_at", "passed", None, "2026-11-23T08:00:01+00:00", False),
    ],
)
def test_each_operator_decides(field: str, op: str, value: Any, seen: Any, expected: bool) -> None:
    assert holds(field, op, value, seen) is expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (["08:00", "10:00"], True),
        (["09:00", "10:00"], True),
        (["10:00", "18:00"], False),
        (["22:00", "09:00"], False),
        (["22:00", "09:01"], True),
    ],
)
def test_a_time_of_day_is_the_zone_s_and_may_cross_midnight(window: list[str], expected: bool) -> None:
    assert holds("time.local", "between", window, None) is expected  # 09:00 in Paris


def test_the_weekday_is_the_zone_s() -> None:
    asked = {"field": "time.weekday", "op": "in", "value": ["tue"]}
    late = NOW.replace(hour=23, minute=30)
    assert truth(asked, {"time.zone": "Europe/Paris"}, late) is True
    assert truth(asked, {"time.zone": "UTC"}, late) is False
    assert truth(asked, {}, late) is None


@pytest.mark.parametrize("asked", [EMAIL, {"not": EMAIL}, {"all": [EMAIL]}, {"field": "ticket.service", "op": "is_set", "value": True}])
def test_a_fact_that_is_not_known_is_not_decidable(asked: dict[str, Any]) -> None:
    assert truth(asked, {}, NOW) is None


def test_a_fact_known_to_be_nothing_is_decided() -> None:
    nothing = {"ticket.service": None, "ticket.severity": None}
    assert truth(EMAIL, nothing, NOW) is False
    assert truth({"not": EMAIL}, nothing, NOW) is True
    assert truth({"field": "ticket.severity", "op": "at_most", "value": 2}, nothing, NOW) is False
    assert truth({"field": "ticket.service", "op": "is_set", "value": False}, nothing, NOW) is True


def test_a_flag_that_is_nothing_is_not_known() -> None:
    for wanted in (True, False):
        assert truth({"field": "ticket.loss", "op": "is", "value": wanted}, {"ticket.loss": None}, NOW) is None


@pytest.mark.parametrize(
    ("field", "op", "value", "seen"),
    [
        ("ticket.severity", "at_most", 2, "2"),
        ("ticket.severity", "at_most", 2, True),
        ("alert.since", "for_at_least", 300, "yesterday"),
        ("alert.since", "for_at_least", 300, "2026-11-23T07:55:00"),
        ("ticket.tags", "has", "vip", "vip"),
        ("ticket.text", "matches", "x", 12),
    ],
)
def test_a_fact_of_the_wrong_kind_is_not_decidable(field: str, op: str, value: Any, seen: Any) -> None:
    assert holds(field, op, value, seen) is None


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (True, None, None, True),
        (False, False, False, False),
        (False, None, False, None),
        (None, None, None, None),
    ],
)
def test_all_and_any_follow_kleene(one: bool | None, other: bool | None, both: bool | None, either: bool | None) -> None:
    known = {name: value for name, value in (("ticket.loss", one), ("ticket.first_answered", other)) if value is not None}
    parts = [{"field": name, "op": "is", "value": True} for name in ("ticket.loss", "ticket.first_answered")]
    for order in (parts, parts[::-1]):
        assert truth({"all": order}, known, NOW) is both
        assert truth({"any": order}, known, NOW) is either


def test_no_needs_always_hold_and_no_alternatives_never() -> None:
    assert truth({"all": []}, {}, NOW) is True
    assert truth({"any": []}, {}, NOW) is False


def test_the_trace_shows_every_condition_even_after_the_first_that_fails() -> None:
    trace: list[Seen] = []
    weigh(
        {"all": [EMAIL, CANNOT, {"field": "ticket.loss", "op": "is", "value": True}]},
        {"ticket.service": "files", "ticket.effect": "cannot"},
        NOW,
        trace,
    )
    assert [(seen.seen, seen.passed) for seen in trace] == [("files", False), ("cannot", True), (None, None)]


def test_desk_hours_are_not_known_once_they_have_changed() -> None:
    asked = {"field": "desk.open", "op": "is", "value": True}
    assert truth(asked, {"desk.open": True, "desk.changes_at": "2026-11-23T08:00:01+00:00"}, NOW) is True
    assert truth(asked, {"desk.open": True, "desk.changes_at": "2026-11-23T08:00:00+00:00"}, NOW) is None
    assert truth(asked, {"desk.open": True}, NOW) is True


@given(tree(), facts())
def test_the_grounds_alone_decide_the_tree(asked: dict[str, Any], known: dict[str, Any]) -> None:
    trace: list[Seen] = []
    value, places = weigh(asked, known, NOW, trace)
    assert truth(asked, known, NOW) is value
    needed = {trace[place].field for place in places}
    alone = {name: seen for name, seen in known.items() if name in needed or not any(name == seen.field for seen in trace)}
    assert truth(asked, alone, NOW) is value


@given(tree(), facts(), st.data())
def test_learning_a_fact_never_turns_what_was_decided(asked: dict[str, Any], known: dict[str, Any], data: st.DataObject) -> None:
    more = {**data.draw(facts()), **known}
    before = truth(asked, known, NOW)
    assert before is None or truth(asked, more, NOW) is before
