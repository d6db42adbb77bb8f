"""Rules are read whole or refused with the part and what to do; what is kept reads back the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given

from incidents import starter, wording
from incidents.rules import Rule, RuleError, decide, decision_from_json, decision_to_json, rule_from_json, rule_to_json
from tests.incidents.remembering import Memory
from tests.incidents.rule_strategies import DEFINITIONS, NOW, facts

LEAF = {"field": "ticket.effect", "op": "is", "value": "cannot"}


def definition(**parts: Any) -> dict[str, Any]:
    plain = {"id": 1, "version": 1, "position": 0, "kind": "escalation", "key": "R9", "name": "Nine", "mode": "live"}
    return {**plain, "conditions": {"all": [LEAF]}, "actions": [{"do": "propose"}], **parts}


@given(DEFINITIONS)
def test_a_rule_survives_json(data: dict[str, Any]) -> None:
    rule = rule_from_json(data)
    assert rule_from_json(json.loads(json.dumps(rule_to_json(rule)))) == rule


@given(DEFINITIONS, facts())
def test_a_decision_survives_json(data: dict[str, Any], known: dict[str, Any]) -> None:
    decision = decide(known, Memory(), [rule_from_json(data)], NOW)
    assert decision_from_json(json.loads(json.dumps(decision_to_json(decision)))) == decision


@pytest.mark.parametrize("rule", starter.rules(), ids=lambda rule: rule.key)
def test_every_seeded_rule_survives_json(rule: Rule) -> None:
    assert rule_from_json(json.loads(json.dumps(rule_to_json(rule)))) == rule


def test_columns_give_what_the_definition_leaves_out() -> None:
    rule = rule_from_json(
        {"conditions": LEAF, "actions": []}, **{**definition(), "version": 7, "mode": "shadow", "conditions": LEAF, "actions": []}
    )
    assert (rule.version, rule.mode, rule.group) == (7, "shadow", "service:<slug>")


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"conditions": {"all": [LEAF, {"field": "ticket.colour", "op": "is", "value": 1}]}}, "conditions.all[1].field"),
        ({"conditions": {**LEAF, "op": "equals"}}, "conditions.op"),
        ({"conditions": {**LEAF, "op": "at_least"}}, "conditions.op"),
        ({"conditions": {**LEAF, "value": "sometimes"}}, "conditions.value"),
        ({"conditions": {**LEAF, "op": "in", "value": []}}, "conditions.value"),
        ({"conditions": {**LEAF, "op": "in", "value": ["cannot", "never"]}}, "conditions.value[1]"),
        ({"conditions": {"field": "ticket.effect", "op": "is"}}, "conditions.value"),
        ({"conditions": {"field": "ticket.severity", "op": "at_most", "value": "2"}}, "conditions.value"),
        ({"conditions": {"field": "ticket.loss", "op": "is", "value": "yes"}}, "conditions.value"),
        ({"conditions": {"field": "ticket.text", "op": "matches", "value": r"(?=x)"}}, "conditions.value"),
        ({"conditions": {"field": "ticket.text", "op": "matches", "value": r"(a)\1"}}, "conditions.value"),
        ({"conditions": {"field": "time.local", "op": "between", "value": ["22:00", "25:00"]}}, "conditions.value"),
        ({"conditions": {"field": "time.weekday", "op": "in", "value": ["monday"]}}, "conditions.value[0]"),
        ({"conditions": {"field": "alert.since", "op": "for_at_least", "value": -1}}, "conditions.value"),
        ({"conditions": {"field": "repeat.people", "op": "at_least", "value": 2}}, "conditions.field"),
        ({"conditions": {"all": [], "any": []}}, "conditions"),
        ({"conditions": {"none": []}}, "conditions"),
        ({"conditions": {"all": LEAF}}, "conditions.all"),
        ({"conditions": None}, "conditions"),
        ({"conditions": {**LEAF, "note": "x"}}, "conditions.note"),
        ({"repeat": {"at_least": 0, "within_s": 60, "same": ["service"]}}, "repeat.at_least"),
        ({"repeat": {"at_least": 2, "within_s": 0, "same": ["service"]}}, "repeat.within_s"),
        ({"repeat": {"at_least": 2, "within_s": 60, "same": ["weather"]}}, "repeat.same"),
        ({"repeat": {"at_least": 2, "within_s": 60, "same": []}}, "repeat.same"),
        ({"repeat": {"at_least": 2, "within_s": 60, "same": ["service"], "times_usual": 0}}, "repeat.times_usual"),
        ({"repeat": {"at_least": 2, "within_s": 60, "same": ["service"], "every": 2}}, "repeat.every"),
        ({"actions": [{"do": "explode"}]}, "actions[0].do"),
        ({"actions": [{"do": "set_severity"}]}, "actions[0].args.to"),
        ({"actions": [{"do": "set_severity", "args": {"to": 5}}]}, "actions[0].args.to"),
        ({"actions": [{"do": "raise_severity", "args": {"levels": 1, "at_least": 2}}]}, "actions[0].args"),
        ({"actions": [{"do": "propose", "args": {"loudly": True}}]}, "actions[0].args.loudly"),
        ({"actions": [{"do": "propose", "when": {"field": "x", "op": "is", "value": 1}}]}, "actions[0].when.field"),
        ({"mode": "on"}, "mode"),
        ({"kind": "paging"}, "kind"),
        ({"schema": 2}, "schema"),
        ({"fire_cap": 0}, "fire_cap"),
        ({"key": " "}, "key"),
        ({"colour": "red"}, "rule.colour"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_path(parts: dict[str, Any], path: str) -> None:
    with pytest.raises(RuleError) as refused:
        rule_from_json(definition(**parts))
    assert refused.value.path == path
    assert len(refused.value.problem) > 10
    for language in ("de", "fr"):
        with translation.override(language):
            assert wording.refusal(refused.value) not in ("", str(refused.value))


def test_a_tree_nested_without_end_is_refused() -> None:
    tree: dict[str, Any] = LEAF
    for _level in range(20):
        tree = {"not": tree}
    with pytest.raises(RuleError, match="deep"):
        rule_from_json(definition(conditions=tree))


def test_a_decision_of_an_unknown_form_is_refused() -> None:
    with pytest.raises(RuleError, match="schema"):
        decision_from_json({"schema": 2, "outcomes": []})
