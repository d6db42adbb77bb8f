"""Rules, conditions and facts as hypothesis draws them: everything the register allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from incidents.rules import FIELDS, OPERATORS, SHARED, Field

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WORDS = st.sampled_from(["email", "files", "it-ops", "ella"])
CLOCK = st.sampled_from(["00:00", "02:30", "07:00", "08:00", "18:00", "22:00", "23:59"])
ISO = st.integers(-7200, 7200).map(lambda seconds: (NOW + timedelta(seconds=seconds)).isoformat())
ASKED = [field for field in FIELDS.values() if not field.only_in_when]
EVERYDAY = ["ticket.impacted", "ticket.effect", "ticket.loss", "ticket.severity", "ticket.first_answer_due_at"]
EVERYDAY += ["check.state", "check.critical_since", "desk.open", "time.local", "time.weekday"]
FEW = [FIELDS[name] for name in EVERYDAY]


def one(field: Field) -> st.SearchStrategy[Any]:
    """A value the field can have."""
    return {
        "flag": st.booleans(),
        "number": st.integers(0, 100),
        "time": ISO,
        "text": st.text(max_size=30),
        "list": st.lists(WORDS, max_size=3),
    }.get(field.kind, st.sampled_from(sorted(field.choices)) if field.choices else WORDS)


def wanted(field: Field, op: str) -> st.SearchStrategy[Any]:
    """A value that may be asked for."""
    if op == "is_set":
        return st.booleans()
    if op in ("in", "not_in"):
        return st.lists(one(field), min_size=1, max_size=3, unique=True)
    by_op = {"passed": st.none(), "for_at_least": st.integers(0, 7200), "contains": WORDS, "matches": WORDS, "has": WORDS}
    by_op["between"] = st.lists(CLOCK, min_size=2, max_size=2, unique=True)
    return by_op.get(op, one(field))


@st.composite
def leaf(draw: st.DrawFn, among: list[Field] = ASKED) -> dict[str, Any]:
    field = draw(st.sampled_from(among))
    op = draw(st.sampled_from(OPERATORS[field.kind]))
    value = draw(wanted(field, op))
    return {"field": field.name, "op": op, **({} if value is None else {"value": value})}


def tree(among: list[Field] = ASKED) -> st.SearchStrategy[dict[str, Any]]:
    def wider(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        many = st.lists(inner, max_size=3)
        return many.map(lambda parts: {"all": parts}) | many.map(lambda parts: {"any": parts}) | inner.map(lambda part: {"not": part})

    return st.recursive(leaf(among), wider, max_leaves=6)


@st.composite
def facts(draw: st.DrawFn, among: list[Field] = ASKED) -> dict[str, Any]:
    """Some facts are known, some known to be nothing, some not known at all."""
    given = {"schema": 1, "time.zone": draw(st.sampled_from(["Europe/Paris", "Australia/Lord_Howe", "UTC"])), "desk.changes_at": draw(ISO)}
    for field in among:
        if draw(st.booleans()):
            given[field.name] = draw(st.none() | one(field))
    return given


ACTIONS = st.sampled_from(
    [
        {"do": "set_severity", "args": {"to": 2}},
        {"do": "raise_severity", "args": {"levels": 1, "cap": 2}},
        {"do": "raise_severity", "args": {"at_least": 2}},
        {"do": "propose"},
        {"do": "declare", "args": {"policy": "it-ops"}},
        {"do": "notify", "args": {"audience": "it_manager"}},
        {"do": "add_tag", "args": {"tag": "storm"}},
        {"do": "declare", "when": {"field": "repeat.people", "op": "at_least", "value": 2}},
    ]
)
REPEATS = st.fixed_dictionaries(
    {
        "at_least": st.integers(1, 9),
        "within_s": st.integers(60, 86_400),
        "same": st.lists(st.sampled_from(sorted(SHARED)), min_size=1, unique=True),
    },
    optional={
        "of": st.sampled_from(["tickets", "alerts"]),
        "distinct_people": st.booleans(),
        "times_usual": st.none() | st.floats(0.5, 10),
        "at_least_without_history": st.none() | st.integers(1, 9),
        "after_solved": st.booleans(),
    },
)
DEFINITIONS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 99),
        "version": st.integers(1, 9),
        "position": st.integers(0, 20),
        "kind": st.sampled_from(["severity", "escalation"]),
        "key": st.sampled_from(["R1", "R2", "S1"]),
        "name": st.just("A rule"),
        "mode": st.sampled_from(["draft", "shadow", "live"]),
        "conditions": tree(),
        "repeat": st.none() | REPEATS,
        "actions": st.lists(ACTIONS, max_size=3),
    },
    optional={"group": st.just("check:<check.slug>"), "fire_cap": st.none() | st.integers(1, 60)},
)
