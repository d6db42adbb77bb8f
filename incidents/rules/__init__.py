"""The pure heart of the desk: rules as data, and what they decide about facts. No Django, no rows, no clock."""

from __future__ import annotations

from incidents.rules.deciding import Rated, decide, group_key, passes, rate
from incidents.rules.facts import LARGE_GROUP, derive, is_failing
from incidents.rules.fields import ACTIONS, AUDIENCES, FIELDS, OPERATORS, SHARED, Field
from incidents.rules.keeping import decision_from_json, decision_to_json, outcome_from_json, outcome_to_json
from incidents.rules.linting import Finding, lint
from incidents.rules.reading import action_from_json, conditions_from_json, repeat_from_json, rule_from_json, rule_to_json
from incidents.rules.shapes import (
    ABOVE_CAP,
    DEFAULT_GROUP,
    JSON,
    SCHEMA,
    Action,
    Counted,
    Decision,
    Facts,
    History,
    Mode,
    Outcome,
    Repeat,
    Rule,
    RuleError,
    Seen,
    Tree,
)

__all__ = [
    "ABOVE_CAP", "ACTIONS", "AUDIENCES", "DEFAULT_GROUP", "FIELDS", "JSON", "LARGE_GROUP", "OPERATORS", "SCHEMA", "SHARED", "Action",
    "Counted", "Decision", "Facts", "Field", "Finding", "History", "Mode", "Outcome", "Rated", "Repeat", "Rule", "RuleError", "Seen",
    "Tree", "action_from_json", "conditions_from_json", "decide", "decision_from_json", "decision_to_json", "derive",
    "group_key", "is_failing", "lint", "outcome_from_json", "outcome_to_json", "passes", "rate", "repeat_from_json",
    "rule_from_json", "rule_to_json",
]  # fmt: skip
