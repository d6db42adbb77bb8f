"""The rules a desk starts with: every severity answer, and each escalation rule at its edge."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from incidents import starter
from incidents.likeness import signature
from incidents.rules import Decision, Outcome, decide, lint
from tests.incidents.remembering import Memory, Past
from tests.incidents.rule_strategies import NOW

RULES = starter.rules()
SEVERITY = [rule for rule in RULES if rule.kind == "severity"]
IMPACTED = [("me", None), ("several", None), ("several", 49), ("several", 50), ("department", None), ("everyone", None), ("unknown", None)]
EFFECTS = ["cannot", "part", "workaround", "question"]
TEXT = "Outlook cannot connect"


def rank(impacted: str, count: int | None, effect: str, *, loss: bool) -> int:
    """Severity as the handbook says it, by hand."""
    many = impacted in ("several", "department", "everyone")
    if effect == "cannot" and (impacted == "everyone" or (count or 0) >= 50):
        by_answers = 1
    elif many and effect in ("cannot", "part"):
        by_answers = 2
    elif (many and effect == "workaround") or (not many and effect == "cannot"):
        by_answers = 3
    else:
        by_answers = 4
    return min(by_answers, 2) if loss else by_answers


def rated(**known: Any) -> Decision:
    facts = {"ticket.kind": "report", "ticket.loss": False, **{name.replace("__", "."): value for name, value in known.items()}}
    return decide(facts, Memory(), SEVERITY, NOW)


@pytest.mark.parametrize(("who", "effect", "loss"), list(product(IMPACTED, EFFECTS, [False, True])))
def test_every_answer_has_its_severity(who: tuple[str, int | None], effect: str, loss: bool) -> None:
    decision = rated(ticket__impacted=who[0], ticket__impacted_count=who[1], ticket__effect=effect, ticket__loss=loss)
    assert decision.severity == rank(*who, effect, loss=loss)


@pytest.mark.parametrize(
    ("tier", "state", "effect", "expected"),
    [
        (1, {"check.state": "critical"}, "cannot", 1),
        (1, {"check.state": "warning"}, "part", 2),
        (1, {"check.state": "unknown"}, "cannot", 1),
        (2, {"service.state": "critical"}, "cannot", 2),
        (2, {"service.state": "warning"}, "workaround", 3),
        (3, {"check.state": "critical"}, "cannot", 3),
        (1, {"check.state": "ok", "service.state": "ok"}, "cannot", 3),
        (1, {"check.state": None, "service.state": "unknown"}, "cannot", 3),
        (1, {}, "part", 4),
    ],
)
def test_i_do_not_know_takes_the_service_s_impact_while_a_check_is_not_ok(
    tier: int, state: dict[str, str], effect: str, expected: int
) -> None:
    assert rated(ticket__impacted="unknown", ticket__effect=effect, service__tier=tier, **state).severity == expected


def test_the_number_that_counts_as_everyone_is_a_setting() -> None:
    answers = {"ticket__impacted": "several", "ticket__impacted_count": 20, "ticket__effect": "cannot"}
    assert rated(**answers).severity == 2
    assert rated(**answers, desk__large_group=20).severity == 1


def test_a_loss_is_confidential_security_with_its_own_policy() -> None:
    decision = rated(ticket__impacted="me", ticket__effect="question", ticket__loss=True)
    assert decision.severity == 2
    assert decision.action("category").args == {"to": "security or loss"}
    assert decision.action("policy").args == {"to": "Security on call"}
    assert decision.action("confidential") is not None
    assert decision.action("set_kind").args == {"to": "report"}


def test_a_question_is_a_request() -> None:
    decision = rated(ticket__impacted="everyone", ticket__effect="question")
    assert (decision.severity, decision.action("set_kind").args) == (4, {"to": "request"})
    assert rated(ticket__impacted="me", ticket__effect="part").action("set_kind") is None


@pytest.mark.parametrize(
    "answers", [{}, {"ticket__effect": "cannot"}, {"ticket__impacted": "me"}, {"ticket__impacted": None, "ticket__effect": None}]
)
def test_without_the_answers_a_ticket_is_unrated(answers: dict[str, Any]) -> None:
    assert rated(**answers).severity is None


def facts(**more: Any) -> dict[str, Any]:
    known = {"ticket.id": 1042, "ticket.impacted": "me", "ticket.effect": "part", "ticket.loss": False, "ticket.kind": "report"}
    known |= {"ticket.severity": None, "ticket.service": "email", "service.slug": "email", "service.tier": 2, "service.state": "ok"}
    known |= {
        "ticket.requester": "ella",
        "requester.kind": "employee",
        "ticket.signature": signature(TEXT),
        "check.state": "ok",
        "desk.open": True,
    }
    return {**known, "ticket.first_answered": False, "ticket.first_answer_due_at": (NOW + timedelta(minutes=30)).isoformat(), **more}


def critical(**more: Any) -> dict[str, Any]:
    return facts(**{"ticket.impacted": "everyone", "ticket.effect": "cannot", **more})


def past(number: int, person: str, minutes: float, text: str = TEXT, *, solved_minutes: float | None = None, **more: Any) -> Past:
    values = {"ticket.requester": person, "service.slug": "email", "ticket.signature": signature(text), **more}
    return Past(f"T-{number}", ago(minutes), values, None if solved_minutes is None else ago(solved_minutes))


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def outcome(key: str, known: dict[str, Any], memory: Memory | None = None) -> tuple[Outcome, Decision]:
    decision = decide(known, memory or Memory(), RULES, NOW)
    return next(one for one in decision.outcomes if one.key == key), decision


def deeds(one: Outcome) -> list[str]:
    return [action.do for action in one.actions]


@pytest.mark.parametrize(
    ("more", "events", "expected"),
    [
        ({}, [], "propose"),
        ({"desk.open": False}, [], "declare"),
        ({"check.state": "warning"}, [], "declare"),
        ({"service.state": "critical"}, [], "declare"),
        ({}, [past(1, "omar", 20)], "declare"),
        ({}, [past(1, "ella", 20)], "propose"),
        ({}, [past(1, "omar", 20, "printer empty")], "propose"),
        ({}, [past(1, "omar", 241)], "propose"),
        ({"service.slug": None, "ticket.service": None}, [], "propose"),
    ],
)
def test_r1_declares_a_critical_ticket_or_else_proposes(more: dict[str, Any], events: list[Past], expected: str) -> None:
    assert deeds(outcome("R1", critical(**more), Memory(events))[0]) == [expected]


def test_r1_looks_again_when_the_desk_closes() -> None:
    known = critical(**{"desk.changes_at": (NOW + timedelta(minutes=5)).isoformat()})
    assert outcome("R1", known)[1].recheck_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"ticket.effect": "part"}, False),
        ({"ticket.kind": "request"}, False),
        ({"ticket.severity": 1, "ticket.severity_by": "person"}, True),
    ],
)
def test_r1_is_for_critical_problems_only(more: dict[str, Any], expected: bool) -> None:
    assert outcome("R1", critical(**more))[0].matched is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"ticket.first_answer_due_at": NOW.isoformat()}, True),
        ({"ticket.first_answer_due_at": (NOW + timedelta(seconds=1)).isoformat()}, False),
        ({"ticket.first_answer_due_at": NOW.isoformat(), "ticket.first_answered": True}, False),
        ({"ticket.first_answer_due_at": NOW.isoformat(), "ticket.impacted": "me", "ticket.effect": "cannot"}, False),
        ({"ticket.first_answer_due_at": None}, False),
        ({"ticket.first_answer_due_at": NOW.isoformat(), "ticket.kind": "request"}, False),
    ],
)
def test_r2_declares_when_the_first_answer_is_late(more: dict[str, Any], expected: bool) -> None:
    one, _decision = outcome("R2", critical(**{"ticket.impacted": "department", **more}))
    assert one.matched is expected
    assert deeds(one) == (["declare"] if expected else [])


def test_r2_is_looked_at_again_when_the_answer_falls_due() -> None:
    assert outcome("R2", critical())[1].recheck_at == NOW + timedelta(minutes=30)


DAY = 24 * 60


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        (past(1, "ella", 9 * DAY, solved_minutes=7 * DAY), True),
        (past(1, "ella", 9 * DAY, solved_minutes=7 * DAY + 1), False),
        (past(1, "ella", 2 * DAY, "printer empty", solved_minutes=1), True),
        (past(1, "ella", 2 * DAY), False),
        (past(1, "omar", 2 * DAY, solved_minutes=DAY), False),
        (past(1, "ella", 2 * DAY, solved_minutes=DAY, **{"service.slug": "files"}), False),
    ],
)
def test_r3_proposes_when_one_person_reports_again_what_was_solved(earlier: Past, expected: bool) -> None:
    one, decision = outcome("R3", facts(), Memory([earlier]))
    assert one.matched is expected
    assert decision.severity == (3 if expected else 4)
    assert deeds(one) == (["raise_severity", "propose", "notify"] if expected else [])


def test_r3_raises_to_sev2_at_most() -> None:
    memory = Memory([past(1, "ella", DAY, solved_minutes=60)])
    assert outcome("R3", facts(**{"ticket.effect": "cannot"}), memory)[1].severity == 2
    assert outcome("R3", facts(**{"ticket.impacted": "several"}), memory)[1].severity == 2
    assert outcome("R3", critical(), memory)[1].severity == 1


def test_r3_is_not_for_requests_or_shared_mailboxes() -> None:
    memory = Memory([past(1, "ella", DAY, solved_minutes=60)])
    assert outcome("R3", facts(**{"ticket.effect": "question"}), memory)[0].matched is False
    assert outcome("R3", facts(**{"requester.kind": "shared_mailbox"}), memory)[0].matched is False


LIKE = [past(1, "omar", 10, "my outlook says disconnected"), past(2, "lea", 30, "cannot connect to Outlook since this morning")]
UNLIKE = [
    past(number, f"person{number}", number, text) for number, text in enumerate(["mailbox full", "no logo", "calendar empty", "spam"], 3)
]


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (Memory(LIKE), True),
        (Memory(LIKE[:1]), False),
        (Memory([LIKE[0], past(2, "lea", 30.1)]), False),
        (Memory([LIKE[0], past(2, "omar", 20)]), False),
        (Memory([LIKE[0], past(2, "lea", 20, "mailbox full")]), False),
        (Memory([LIKE[0], past(2, "lea", 20, **{"service.slug": "files"})]), False),
        (Memory(UNLIKE, weeks=7.9), True),
        (Memory(UNLIKE[:3], weeks=7.9), False),
        (Memory(UNLIKE, weeks=8, usual=0.1), False),
        (Memory(LIKE, weeks=8, usual=1.0), True),
        (Memory(LIKE, weeks=8, usual=1.01), False),
        (Memory(LIKE, weeks=7.9, usual=5.0), True),
    ],
)
def test_r4_proposes_when_three_people_report_alike_in_half_an_hour(memory: Memory, expected: bool) -> None:
    one, decision = outcome("R4", facts(), memory)
    assert one.matched is expected
    assert decision.severity == (2 if expected else 4)
    assert deeds(one) == (["raise_severity", "propose"] if expected else [])


def test_r4_counts_an_unrated_ticket() -> None:
    unrated = facts(**{"ticket.impacted": None, "ticket.effect": None})
    assert outcome("R4", unrated, Memory(LIKE))[1].severity == 2


def test_r4_counts_reports_that_say_next_to_nothing_without_their_text() -> None:
    silent = facts(**{"ticket.signature": []})
    assert outcome("R4", silent, Memory(UNLIKE))[0].matched is True
    assert outcome("R4", silent, Memory(LIKE))[0].matched is False


def alert(**more: Any) -> dict[str, Any]:
    known = {"alert.id": 7, "alert.status": "critical", "check.slug": "smtp-01", "check.state": "critical", "service.slug": "email"}
    return {**known, "service.tier": 1, "check.critical_since": ago(5).isoformat(), "desk.open": True, **more}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"check.critical_since": ago(4.99).isoformat()}, False),
        ({"service.tier": 2}, False),
        ({"check.state": "warning"}, False),
    ],
)
def test_r5_declares_a_check_critical_for_five_minutes_on_tier_1(more: dict[str, Any], expected: bool) -> None:
    one, decision = outcome("R5", alert(**more))
    assert one.matched is expected
    assert (decision.severity, deeds(one)) == ((1, ["set_severity", "declare"]) if expected else (None, []))


def test_r5_is_looked_at_again_when_the_five_minutes_are_over() -> None:
    assert outcome("R5", alert(**{"check.critical_since": ago(1).isoformat()}))[1].recheck_at == NOW + timedelta(minutes=4)


@pytest.mark.parametrize(("minutes", "expected"), [([1, 2, 3, DAY], True), ([1, 2, 3], False), ([1, 2, 3, DAY + 1], False)])
def test_r6_would_propose_at_five_warnings_in_a_day_and_does_nothing(minutes: list[float], expected: bool) -> None:
    events = [
        Past(f"A-{at}", ago(when), {"service.slug": "email", "alert.status": "warning"}, of="alerts") for at, when in enumerate(minutes)
    ]
    one, decision = outcome("R6", alert(**{"alert.status": "warning", "check.state": "warning"}), Memory(events))
    assert one.matched is expected
    assert [action.do for action in one.would] == (["propose"] if expected else [])
    assert list(decision.live()) == []


def test_no_seeded_rule_has_a_fault() -> None:
    for at, rule in enumerate(RULES):
        assert lint(rule, RULES[:at]) == []


def test_the_targets_grow_with_the_rank_and_the_first_two_run_round_the_clock() -> None:
    assert [target.severity for target in starter.TARGETS] == [level.rank for level in starter.SEVERITIES] == [1, 2, 3, 4]
    assert [target.first_answer_s // 60 for target in starter.TARGETS] == [10, 30, 30, 240]
    assert [target.is_round_the_clock for target in starter.TARGETS] == [True, True, False, False]
