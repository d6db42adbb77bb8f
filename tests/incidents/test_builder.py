"""Rules as rows of a form: every starter rule goes there and back, and an error stands on its row."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from incidents import builder, entries, rulechoices, starter
from incidents.builder import ActionRow, Row, Sheet
from incidents.rules import FIELDS, OPERATORS, RuleError, conditions_from_json, rule_from_json
from tests.incidents import rule_strategies

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
        ("ticket.severity", "at_most", "SEV2", 2),
        ("ticket.impacted_count", "at_least", "2.5", 2.5),
        ("ticket.impact", "in", "several people, everyone", ["several", "everyone"]),
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
    assert entries.typed(name, op, words) == kept


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


@st.composite
def flat_leaf(draw: st.DrawFn) -> dict[str, Any]:
    """A condition, or one that must not hold where no comparison of its own says so."""
    leaf = draw(rule_strategies.leaf())
    own = OPERATORS[FIELDS[leaf["field"]].kind]
    if leaf["op"] in ("is_set", "is_not", "not_in") or builder.OWN_NEGATIONS.get(leaf["op"]) in own or draw(st.booleans()):
        return leaf
    return {"not": leaf}


@st.composite
def two_levels(draw: st.DrawFn) -> dict[str, Any]:
    """A rule that rows can say."""
    match = draw(st.sampled_from(["all", "any"]))
    groups = draw(st.lists(st.lists(flat_leaf(), min_size=1, max_size=3), max_size=4))
    parts = [group[0] if len(group) == 1 else {builder.OTHER[match]: group} for group in groups]
    return {"conditions": {match: parts}, "actions": draw(st.lists(rule_strategies.ACTIONS, max_size=3))}


LANGUAGES = st.sampled_from(["en", "de", "fr"])


@given(two_levels(), LANGUAGES)
def test_what_is_two_levels_deep_goes_into_rows_and_comes_back(definition: dict[str, Any], language: str) -> None:
    with translation.override(language):
        sheet = builder.sheet_of(definition)
        assert sheet is not None
        assert builder.essence(builder.definition_of(sheet)) == builder.essence(definition)
        offered = {op for op, _word in rulechoices.operators()}
        assert {row.op for row in sheet.rows} <= offered
        assert {action.do for action in sheet.actions} <= set(entries.DEEDS)


@given(rule_strategies.DEFINITIONS, LANGUAGES)
def test_any_rule_comes_back_or_has_no_rows(definition: dict[str, Any], language: str) -> None:
    with translation.override(language):
        sheet = builder.sheet_of(definition)
        again = definition if sheet is None else builder.definition_of(sheet)
    assert builder.essence(again) == builder.essence(definition)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_no_two_values_of_a_field_have_one_word(language: str) -> None:
    with translation.override(language):
        for name, field in FIELDS.items():
            words = [word.casefold() for word in entries.vocabulary(name).words.values()]
            assert len(set(words)) == len(words)
            assert not any("," in word for word in words)
            assert all(entries.vocabulary(name).read(entries.shown(name, "is", value)) == value for value in field.choices)


@pytest.mark.parametrize(
    ("key", "words", "said"),
    [
        ("set_severity", "SEV2", {"do": "set_severity", "args": {"to": 2}}),
        ("set_severity", "2", {"do": "set_severity", "args": {"to": 2}}),
        ("raise_to", "sev 2", {"do": "raise_severity", "args": {"at_least": 2}}),
        ("raise_by", "1, cap=2", {"do": "raise_severity", "args": {"levels": 1, "cap": 2}}),
        ("raise_severity", "levels=1, cap=SEV2", {"do": "raise_severity", "args": {"levels": 1, "cap": 2}}),
        ("declare", "", {"do": "declare"}),
        ("declare_with", "it-ops", {"do": "declare", "args": {"policy": "it-ops"}}),
        ("assign_team", "team=42", {"do": "assign_team", "args": {"team": "42"}}),
        ("notify", "the IT manager", {"do": "notify", "args": {"audience": "it_manager"}}),
        ("add_tag", "big, red", {"do": "add_tag", "args": {"tag": "big, red"}}),
        ("confidential", "", {"do": "confidential"}),
    ],
)
def test_an_action_is_chosen_in_words_with_its_one_value(key: str, words: str, said: dict[str, Any]) -> None:
    assert builder.definition_of(Sheet("all", (), (ActionRow(key, words),)))["actions"] == [said]


def test_a_higher_severity_is_a_smaller_rank_and_rows_do_not_say_at_least() -> None:
    sheet = Sheet("all", (Row("A", "ticket.severity", "or_higher", "SEV2"),), ())
    definition = builder.definition_of(sheet)
    assert definition["conditions"] == {"all": [{"field": "ticket.severity", "op": "at_most", "value": 2}]}
    assert builder.sheet_of(definition).rows == list(sheet.rows)  # type: ignore[union-attr]


@pytest.mark.parametrize("value", ["a\nb", "x" * 401, " edge "])
def test_what_cannot_be_typed_is_edited_as_text(value: str) -> None:
    leaf = {"field": "ticket.text", "op": "contains", "value": value}
    assert builder.sheet_of({"conditions": {"all": [leaf]}, "actions": []}) is None


def test_a_group_is_called_by_what_it_looks_at() -> None:
    rows = [
        Row("A", "ticket.effect", "is", "cannot work"),
        Row("A", "ticket.impacted", "is", "everyone"),
        Row("C", "service.slug", "is", "vpn"),
    ]
    (_rule, groups), (_action, numbers) = rulechoices.targets(Sheet("any", rows, [ActionRow("propose", "")], {}))
    names = [word.lower() for _letter, word in groups]
    assert [letter for letter, _word in groups] == ["A", "B", "C"]
    assert names[0].count("; ") == 1
    assert (names[1], names[2], len(numbers)) == ("a group of its own", "the service", 1)
