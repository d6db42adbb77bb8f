"""What a new desk starts with, as plain data: severities, rules, targets, desk hours, deadlines. All of it may be edited."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from incidents.rules import Rule, rule_from_json

MINUTE, HOUR, DAY = 60, 3600, 86_400


class SeveritySeed(NamedTuple):
    rank: int
    name: str
    guideline: str


class Target(NamedTuple):
    """Seconds for the first answer, each next answer and the solution; in desk hours where not round the clock."""

    severity: int
    first_answer_s: int
    next_answer_s: int
    solution_s: int
    is_round_the_clock: bool


SEVERITIES: tuple[SeveritySeed, ...] = (
    SeveritySeed(
        1,
        "Critical",
        "Everyone is stopped, or something that must not be lost is at stake. Work on it at once, day and night, until it is "
        "mitigated. The person on call leads and names a commander; an IT manager is told at once. Stakeholders hear something "
        "every 30 minutes. A post-incident report follows within 5 working days.",
    ),
    SeveritySeed(
        2,
        "Major",
        "A department or a site cannot work as it should, or something was lost, stolen or seen. The person on call starts at "
        "once; an IT manager decides who joins and who is told. Stakeholders hear something every 2 hours. A post-incident "
        "report follows within 5 working days.",
    ),
    SeveritySeed(
        3,
        "Non-critical",
        "One person cannot work, or several can work around it. The team takes it in desk hours, in the order of its due time. "
        "It becomes SEV2 when more people report it or the way around stops working.",
    ),
    SeveritySeed(
        4,
        "Minor",
        "Work goes on: a question, a request or a small fault. The team plans it in desk hours and tells the requester when. "
        "Nobody is woken for it.",
    ),
)


def _is(field: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": "is", "value": value}


def _in(field: str, *values: str) -> dict[str, Any]:
    return {"field": field, "op": "in", "value": list(values)}


def _all(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"all": list(parts)}


def _any(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"any": list(parts)}


def _sets(rank: int) -> dict[str, Any]:
    return {"do": "set_severity", "args": {"to": rank}}


EVERYONE = _is("ticket.impact", "everyone")
CANNOT = _is("ticket.effect", "cannot")
BLOCKED = _in("ticket.effect", "cannot", "part")
MANY = _in("ticket.impact", "several", "department", "everyone")
ANSWERED = ({"field": "ticket.impact", "op": "is_set", "value": True}, {"field": "ticket.effect", "op": "is_set", "value": True})
NOT_A_REQUEST = {"field": "ticket.kind", "op": "is_not", "value": "request"}
CHECK_NOT_OK = (_in("check.state", "warning", "critical", "unknown"), _in("service.state", "warning", "critical"))
AT_MOST_SEV2 = {"field": "ticket.severity", "op": "at_most", "value": 2}

# `ticket.impact` is derived: a large group (a setting, 50) counts as everyone; "I do not know" as only me, or as the
# service's own impact while a check of it is not OK. Rule 0 only raises, so the others still rate what it floors.
SEVERITY_RULES: tuple[Mapping[str, Any], ...] = (
    {
        "key": "0",
        "name": "Lost, stolen or seen",
        "conditions": _is("ticket.loss", True),
        "actions": [
            {"do": "raise_severity", "args": {"at_least": 2}},
            {"do": "set_kind", "args": {"to": "report"}},
            {"do": "category", "args": {"to": "security or loss"}},
            {"do": "confidential"},
            {"do": "policy", "args": {"to": "Security on call"}},
        ],
    },
    {"key": "1", "name": "Everyone is stopped", "conditions": _all(EVERYONE, CANNOT), "actions": [_sets(1)]},
    {"key": "2", "name": "Many are blocked", "conditions": _all(MANY, BLOCKED), "actions": [_sets(2)]},
    {
        "key": "3",
        "name": "A way around, or one person stopped",
        "conditions": _any(_all(MANY, _is("ticket.effect", "workaround")), _all(_is("ticket.impact", "me"), CANNOT)),
        "actions": [_sets(3)],
    },
    {
        "key": "4",
        "name": "Everything else",
        "conditions": _all(*ANSWERED),
        "actions": [_sets(4), {"do": "set_kind", "args": {"to": "request"}, "when": _is("ticket.effect", "question")}],
    },
)

ESCALATION_RULES: tuple[Mapping[str, Any], ...] = (
    {
        "key": "R1",
        "name": "Critical ticket",
        "conditions": _all(_is("ticket.severity", 1), NOT_A_REQUEST),
        "repeat": {"at_least": 1, "within_s": 4 * HOUR, "same": ["service", "text"], "distinct_people": True},
        "actions": [
            {
                "do": "declare",
                "when": _any(_is("desk.open", False), *CHECK_NOT_OK, {"field": "repeat.people", "op": "at_least", "value": 2}),
            },
            {"do": "propose"},
        ],
    },
    {
        "key": "R2",
        "name": "Not answered",
        "conditions": _all(
            AT_MOST_SEV2,
            NOT_A_REQUEST,
            _is("ticket.first_answered", False),
            {"field": "ticket.first_answer_due_at", "op": "passed"},
        ),
        "actions": [{"do": "declare"}],
    },
    {
        "key": "R3",
        "name": "Repeat, same person",
        "conditions": _all(NOT_A_REQUEST, _in("requester.kind", "employee", "external")),
        "repeat": {"at_least": 2, "within_s": 7 * DAY, "same": ["requester", "service"], "after_solved": True},
        "actions": [
            {"do": "raise_severity", "args": {"levels": 1, "cap": 2}},
            {"do": "propose"},
            {"do": "notify", "args": {"audience": "it_manager"}},
        ],
    },
    {
        "key": "R4",
        "name": "Repeat, several people",
        "conditions": _all(NOT_A_REQUEST, _in("requester.kind", "employee", "external")),
        "repeat": {
            "at_least": 3,
            "within_s": 30 * MINUTE,
            "same": ["service", "text"],
            "distinct_people": True,
            "times_usual": 3,
            "weeks_of_history": 8,
            "at_least_without_history": 5,
        },
        "actions": [{"do": "raise_severity", "args": {"at_least": 2}}, {"do": "propose"}],
    },
    {
        "key": "R5",
        "name": "Check critical",
        "conditions": _all(
            _is("check.state", "critical"),
            {"field": "check.critical_since", "op": "for_at_least", "value": 5 * MINUTE},
            _is("service.tier", 1),
        ),
        "actions": [_sets(1), {"do": "declare"}],
    },
    {
        "key": "R6",
        "name": "Many warnings",
        "mode": "shadow",
        "conditions": _is("alert.status", "warning"),
        "repeat": {"at_least": 5, "within_s": DAY, "same": ["service", "status"], "of": "alerts"},
        "actions": [{"do": "propose"}],
    },
)

TARGETS: tuple[Target, ...] = (
    Target(1, 10 * MINUTE, 30 * MINUTE, 4 * HOUR, True),
    Target(2, 30 * MINUTE, 2 * HOUR, 8 * HOUR, True),
    Target(3, 30 * MINUTE, 4 * HOUR, 20 * HOUR, False),
    Target(4, 4 * HOUR, 10 * HOUR, 50 * HOUR, False),
)
"""A day of desk hours is the ten hours of DESK_HOURS: 2 days are 20 h, 5 days 50 h. A request runs on SEV4's targets."""

DESK_HOURS: Mapping[str, list[list[str]]] = MappingProxyType({str(day): [["08:00", "18:00"]] for day in range(5)})  # 0 is Monday

PROPOSAL_DEADLINES_S: Mapping[int, int] = MappingProxyType({1: 5 * MINUTE, 2: 15 * MINUTE})  # SEV2's runs in desk hours only
PROPOSAL_PEOPLE_OUT_OF_HOURS = 5  # so many people make a SEV2 proposal not wait for desk hours
UNRATED_TELLS_TEAM_AFTER_S = 15 * MINUTE


def definitions() -> tuple[dict[str, Any], ...]:
    """Every seeded rule as the definition of its version 1: without id and version, which are columns."""
    groups = (("severity", SEVERITY_RULES), ("escalation", ESCALATION_RULES))
    return tuple(
        {"kind": kind, "position": position, "mode": "live", "repeat": None, **seed}
        for kind, seeds in groups
        for position, seed in enumerate(seeds)
    )  # fmt: skip


def rules() -> tuple[Rule, ...]:
    """The seeded rules, read. Ids count from 1."""
    return tuple(rule_from_json(definition, id=at, version=1) for at, definition in enumerate(definitions(), 1))
