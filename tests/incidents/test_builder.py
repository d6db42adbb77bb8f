"""Rules as rows of a form: every starter rule goes there and back, and an error stands on its row."""

from __future__ import annotations

from typing import Any

import pytest

from incidents import builder, starter
from incidents.builder import ActionRow, Row, Sheet
from incidents.rules import RuleError, conditions_from_json, rule_from_json

DEFINITIONS = {str(definition["key"]): definition for definition in starter.definitions()}


def flat(tree: Any) -> Any:
    """One of one is that one."""
    if isinstance(tree, dict) and set(tree) <= {"all", "any"} and len(next(iter(tree.values()))) == 1:
        return flat(next(iter(tree.values()))[0])
    if isinstance(tree, dict):
        return {name: flat(part) for name, part in tree.items()}
    return [flat(part) for part in tree] if isinstance(tree, (list, tuple)) else tree


@pytest.mark.parametrize("key", sorted(DEFINITIONS))
def test_a_starter_rule_goes_into_rows_and_comes_back(key: str) -> None:
    sheet = builder.sheet_of(DEFINITIONS[key])
    assert sheet is not None
    again = builder.definition_of(sheet)
    assert flat(conditions_from_json(again["conditions"])) == flat(DEFINITIONS[key]["conditions"])
    assert [flat(action) for action in again["actions"]] == [flat(action) for action in DEFINITIONS[key]["actions"]]
    assert rule_from_json(again, id=1, version=1).repeat == rule_from_json(DEFINITIONS[key], id=1, version=1).repeat


@pytest.mark.parametrize(
    ("name", "op", "words", "kept"),
    [
        ("ticket.severity", "at_most", "2", 2),
        ("ticket.loss", "is", "Yes", True),
        ("check.critical_since", "for_at_least", "5 min", 300),
        ("check.critical_since", "for_at_least", "2 days", 172_800),
        ("time.local", "between", "22:00 to 07:00", ["22:00", "07:00"]),
        ("time.weekday", "in", "sat, sun", ["sat", "sun"]),
        ("ticket.text", "contains", "22", "22"),
        ("ticket.first_answer_due_at", "passed", "", None),
    ],
)
def test_values_are_typed_as_people_write_them(name: str, op: str, words: str, kept: Any) -> None:
    assert builder.typed(name, op, words) == kept


def test_what_is_nested_deeper_has_no_rows() -> None:
    leaf = {"field": "ticket.severity", "op": "is", "value": 1}
    assert builder.sheet_of({"conditions": {"all": [{"any": [{"all": [leaf, leaf]}, leaf]}]}, "actions": []}) is None
    assert builder.sheet_of({"conditions": {"not": {"any": [leaf, leaf]}}, "actions": []}) is None


def test_an_error_is_marked_on_the_row_it_is_about() -> None:
    rows = (Row("A", "ticket.severity", "is", "1"), Row("B", "ticket.effect", "is", "sometimes"), Row("B", "ticket.effect", "is", "part"))
    sheet = Sheet("all", rows, (ActionRow("propose"),))
    with pytest.raises(RuleError) as refused:
        conditions_from_json(builder.definition_of(sheet)["conditions"])
    marked = builder.marked(sheet, refused.value)
    assert [bool(row.error) for row in marked.rows] == [False, True, False]
    assert "'sometimes' is not one of" in marked.rows[1].error


def test_rows_that_say_nothing_are_left_out() -> None:
    sheet = Sheet("any", (Row(), Row("C", "ticket.loss", "is", "yes"), Row()), (ActionRow(), ActionRow("confidential")))
    definition = builder.definition_of(sheet)
    assert definition["conditions"] == {"any": [{"field": "ticket.loss", "op": "is", "value": True}]}
    assert definition["actions"] == [{"do": "confidential"}]


def test_a_row_may_say_that_it_must_not_hold() -> None:
    sheet = Sheet("all", (Row("A", "ticket.tags", "not has", "vip"),), ())
    assert builder.definition_of(sheet)["conditions"] == {"all": [{"not": {"field": "ticket.tags", "op": "has", "value": "vip"}}]}
