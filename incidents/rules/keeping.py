"""Decisions as JSON and back: each evaluation is kept for ever and read again by explain and backtest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from incidents.rules.conditions import moment
from incidents.rules.shapes import SCHEMA, Action, Counted, Decision, Outcome, RuleError, Seen

SEEN = Seen._fields
ACTION, COUNTED = (tuple(part.name for part in fields(kind)) for kind in (Action, Counted))
LISTS = {"trace": SEEN, "chosen_by": SEEN, "actions": ACTION, "would": ACTION}
OUTCOME = tuple(part.name for part in fields(Outcome) if part.name not in (*LISTS, "grounds", "counted"))


def decision_to_json(decision: Decision) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "severity": decision.severity,
        "recheck_at": _iso(decision.recheck_at),
        "outcomes": [outcome_to_json(outcome) for outcome in decision.outcomes],
    }


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Written out part by part: asdict copies every value, which costs more than deciding."""
    plain = {name: getattr(outcome, name) for name in OUTCOME}
    lists = {name: [_parts(one, kept) for one in getattr(outcome, name)] for name, kept in LISTS.items()}
    counted = _counted_to_json(outcome.counted) if outcome.counted else None
    return {**plain, **lists, "grounds": list(outcome.grounds), "counted": counted}


def _parts(one: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}


def _counted_to_json(counted: Counted) -> dict[str, Any]:
    return {**_parts(counted, COUNTED), "items": list(counted.items), "since": _iso(counted.since)}


def decision_from_json(data: Mapping[str, Any]) -> Decision:
    """Raises RuleError where the schema is not known."""
    if data.get("schema") != SCHEMA:
        raise RuleError("schema", "%(value)s is not one of %(known)s", value=f"{data.get('schema')!r}", known=f"{SCHEMA}")
    return Decision(tuple(map(outcome_from_json, data["outcomes"])), moment(data["recheck_at"]), data["severity"])


def outcome_from_json(data: Mapping[str, Any]) -> Outcome:
    traces = {name: tuple(Seen(**seen) for seen in data[name]) for name in ("trace", "chosen_by")}
    acts = {name: tuple(Action(**action) for action in data[name]) for name in ("actions", "would")}
    counted = data["counted"] and _counted_from_json(data["counted"])
    return Outcome(**{**data, **traces, **acts, "grounds": tuple(data["grounds"]), "counted": counted})


def _counted_from_json(data: Mapping[str, Any]) -> Counted:
    return Counted(**{**data, "items": tuple(data["items"]), "since": moment(data["since"])})


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
