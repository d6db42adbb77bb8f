"""Lint says what is wrong with a rule that can be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from incidents.rules import Rule, lint, rule_from_json
from incidents.rules.conditions import truth
from tests.incidents.rule_strategies import FEW, NOW, facts, tree


def rule(conditions: dict[str, Any], **parts: Any) -> Rule:
    plain = {"id": 1, "version": 1, "position": 1, "kind": "severity", "key": "S1", "name": "A rule", "mode": "live"}
    return rule_from_json({**plain, "conditions": conditions, "actions": [{"do": "set_severity", "args": {"to": 2}}], **parts})


def asks(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


UNANSWERED = asks("ticket.effect", "not_in", ["cannot", "part", "workaround", "question"])
CANNOT, LOSS = asks("ticket.effect", "is", "cannot"), asks("ticket.loss", "is", True)


@pytest.mark.parametrize(
    "conditions",
    [
        {"all": [CANNOT, asks("ticket.effect", "in", ["part", "question"])]},
        {"all": [CANNOT, {"not": CANNOT}]},
        {"all": [CANNOT, asks("ticket.effect", "is_not", "cannot")]},
        {"all": [LOSS, asks("ticket.loss", "is", False)]},
        {"all": [asks("ticket.severity", "at_least", 3), asks("ticket.severity", "at_most", 2)]},
        asks("ticket.severity", "is", 7),
        {"any": []},
        {"not": {"all": []}},
    ],
)
def test_a_rule_that_excludes_itself_is_found(conditions: dict[str, Any]) -> None:
    assert "can never match" in lint(rule(conditions))[0]


@pytest.mark.parametrize("conditions", [CANNOT, {"all": []}, {"any": [CANNOT, LOSS]}, {"not": {"any": [CANNOT, LOSS]}}, UNANSWERED])
def test_a_rule_that_can_match_is_left_alone(conditions: dict[str, Any]) -> None:
    assert lint(rule(conditions)) == []


def test_a_severity_rule_behind_a_wider_one_is_found() -> None:
    narrow = rule({"all": [CANNOT, LOSS]}, id=2, key="S2")
    assert "rule S1" in lint(narrow, [rule(CANNOT)])[0]
    assert "rule S1" in lint(narrow, [rule({"all": []})])[0]
    assert lint(rule(CANNOT), [narrow]) == []


def test_a_rule_that_only_raises_or_is_not_live_hides_nothing() -> None:
    raising = rule(CANNOT, actions=[{"do": "raise_severity", "args": {"at_least": 2}}])
    assert lint(rule({"all": [CANNOT, LOSS]}), [raising, rule(CANNOT, mode="shadow")]) == []


def test_a_very_long_window_and_no_action_are_told() -> None:
    long = {"at_least": 2, "within_s": 40 * 86_400, "same": ["service"]}
    assert [len(lint(rule(CANNOT, repeat=long))), len(lint(rule(CANNOT, actions=[])))] == [1, 1]


@given(tree(FEW), facts(FEW))
def test_what_lint_calls_impossible_never_matches(conditions: dict[str, Any], known: dict[str, Any]) -> None:
    if any("can never match" in words for words in lint(rule(conditions))):
        known = {name: value for name, value in known.items() if name != "ticket.severity" or (isinstance(value, int) and 1 <= value <= 4)}
        assert truth(conditions, known, NOW) is not True
