"""How rules decide together: order, modes, rises, a person's word, repeats, groups."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.rules import Counted, Decision, Repeat, Rule, decide, group_key, passes, rule_from_json
from tests.incidents.remembering import Memory, Past
from tests.incidents.rule_strategies import DEFINITIONS, NOW, facts

ALWAYS: dict[str, Any] = {"all": []}
LOSS = {"field": "ticket.loss", "op": "is", "value": True}
TWICE = {"at_least": 2, "within_s": 3600, "same": ["service"]}


def rule(at: int, kind: str, *actions: dict[str, Any], **parts: Any) -> Rule:
    plain = {"id": at, "version": 1, "position": at, "kind": kind, "key": f"X{at}", "name": "A rule", "mode": "live", "conditions": ALWAYS}
    return rule_from_json({**plain, "actions": list(actions), **parts})


def sets(to: int) -> dict[str, Any]:
    return {"do": "set_severity", "args": {"to": to}}


def raises(**args: int) -> dict[str, Any]:
    return {"do": "raise_severity", "args": args}


def decided(*rules: Rule, **known: Any) -> Decision:
    return decide({name.replace("__", "."): value for name, value in known.items()}, Memory(), rules, NOW)


def matched(decision: Decision) -> dict[str, bool | None]:
    return {outcome.key: outcome.matched for outcome in decision.outcomes}


def test_the_first_severity_rule_that_matches_sets_it() -> None:
    decision = decided(
        rule(3, "severity", sets(3)), rule(1, "severity", sets(1), conditions=LOSS), rule(2, "severity", sets(2)), ticket__loss=False
    )
    assert decision.severity == 2
    assert matched(decision) == {"X1": False, "X2": True}


def test_a_rule_that_only_raises_is_a_floor_for_those_after_it() -> None:
    assert decided(rule(1, "severity", raises(at_least=2)), rule(2, "severity", sets(4))).severity == 2
    assert decided(rule(1, "severity", raises(at_least=2)), rule(2, "severity", sets(1))).severity == 1
    assert decided(rule(1, "severity", raises(at_least=2))).severity == 2


def test_a_rule_that_cannot_be_decided_does_not_stop_the_others() -> None:
    decision = decided(rule(1, "severity", sets(1), conditions=LOSS), rule(2, "severity", sets(3)))
    assert matched(decision) == {"X1": None, "X2": True}
    assert decision.severity == 3


def test_a_shadow_rule_says_what_it_would_do_and_does_nothing() -> None:
    decision = decided(rule(1, "severity", sets(1), mode="shadow"), rule(2, "severity", sets(3)))
    shadow = decision.outcomes[0]
    assert (shadow.matched, shadow.actions, [action.do for action in shadow.would]) == (True, (), ["set_severity"])
    assert decision.severity == 3
    assert [outcome.key for outcome in decision.live()] == ["X2"]


def test_a_draft_is_not_asked() -> None:
    assert decided(rule(1, "severity", sets(1), mode="draft")).outcomes == ()


def test_every_escalation_rule_that_matches_acts() -> None:
    decision = decided(
        rule(1, "escalation", {"do": "propose"}), rule(2, "escalation", {"do": "declare"}), rule(3, "escalation", conditions=LOSS)
    )
    assert [outcome.key for outcome in decision.live()] == ["X1", "X2"]


def test_what_severity_rules_set_is_a_fact_for_escalation_rules() -> None:
    critical = {"field": "ticket.severity", "op": "is", "value": 1}
    decision = decided(rule(1, "severity", sets(1)), rule(1, "escalation", {"do": "declare"}, conditions=critical), ticket__severity=None)
    assert decision.outcomes[1].matched is True


def test_a_request_made_by_a_severity_rule_is_a_request_for_escalation_rules() -> None:
    request = {"field": "ticket.kind", "op": "is", "value": "request"}
    made = rule(1, "severity", {"do": "set_kind", "args": {"to": "request"}})
    assert decided(made, rule(1, "escalation", conditions=request), ticket__kind="report").outcomes[1].matched is True


def test_a_person_s_word_beats_severity_rules() -> None:
    assert decided(rule(1, "severity", sets(1)), ticket__severity=4, ticket__severity_by="person").severity == 4
    assert decided(rule(1, "severity", sets(1)), ticket__severity=4, ticket__severity_by="rule").severity == 1


def test_an_earlier_rise_is_not_undone_by_rating_again() -> None:
    assert decided(rule(1, "severity", sets(3)), ticket__severity=2, ticket__severity_by="raise").severity == 2
    assert decided(rule(1, "severity", sets(1)), ticket__severity=2, ticket__severity_by="raise").severity == 1


@pytest.mark.parametrize(
    ("before", "args", "after"),
    [
        (4, {"levels": 1}, 3),
        (1, {"levels": 1}, 1),
        (3, {"levels": 1, "cap": 2}, 2),
        (2, {"levels": 1, "cap": 2}, 2),
        (1, {"levels": 1, "cap": 2}, 1),
        (None, {"levels": 1, "cap": 2}, 2),
        (4, {"at_least": 2}, 2),
        (1, {"at_least": 2}, 1),
        (None, {"at_least": 2}, 2),
    ],
)
def test_a_rise_never_lowers_and_never_passes_its_cap(before: int | None, args: dict[str, int], after: int) -> None:
    assert decided(rule(1, "escalation", raises(**args)), ticket__severity=before).severity == after


def test_a_rule_raises_one_ticket_once() -> None:
    again = {"ticket__severity": 3, "ticket__severity_by": "raise", "ticket__raised_by": ["X1"]}
    assert decided(rule(1, "escalation", raises(levels=1)), **again).severity == 3


def test_of_declare_and_propose_only_the_stronger_acts() -> None:
    declare = {"do": "declare", "when": {"field": "desk.open", "op": "is", "value": False}}
    both = rule(1, "escalation", declare, {"do": "propose"})
    for is_open, expected in ((False, ["declare"]), (True, ["propose"])):
        assert [action.do for action in decided(both, desk__open=is_open).outcomes[0].actions] == expected
    assert [action.do for action in decided(both).outcomes[0].actions] == ["propose"]


def test_the_history_is_asked_only_when_the_conditions_hold() -> None:
    memory = Memory()
    asking = rule(1, "escalation", repeat=TWICE, conditions=LOSS)
    decide({"ticket.loss": False, "service.slug": "email"}, memory, [asking], NOW)
    assert memory.asked == 0
    decide({"ticket.loss": True, "service.slug": "email"}, memory, [asking], NOW)
    assert memory.asked == 1


@pytest.mark.parametrize(("known", "expected"), [({"service.slug": "email"}, True), ({"service.slug": None}, False), ({}, None)])
def test_a_repeat_needs_the_value_that_must_be_shared(known: dict[str, Any], expected: bool | None) -> None:
    memory = Memory([Past("T-1", NOW, {"service.slug": "email"}), Past("T-2", NOW, {"service.slug": None})])
    assert decide(known, memory, [rule(1, "escalation", repeat=TWICE)], NOW).outcomes[0].matched is expected


@pytest.mark.parametrize(
    ("number", "usual", "weeks", "expected"),
    [(3, 1.0, 8, True), (3, 1.1, 8, False), (4, 1.1, 8, True), (2, 0.0, 8, False), (3, 9.0, 7.9, True), (3, None, 8, True)],
)
def test_times_the_usual_counts_once_there_is_history(number: int, usual: float | None, weeks: float, expected: bool) -> None:
    repeat = Repeat(at_least=3, within_s=1800, same=("service",), times_usual=3)
    assert passes(repeat, Counted(number, 1, usual=usual, weeks=weeks)) is expected


def test_the_counts_stand_in_the_trace_and_the_outcome() -> None:
    memory = Memory([Past("T-1041", NOW, {"service.slug": "email", "ticket.requester": "omar"})])
    outcome = decide({"service.slug": "email", "ticket.requester": "ella"}, memory, [rule(1, "escalation", repeat=TWICE)], NOW).outcomes[0]
    assert (outcome.trace[-1].field, outcome.trace[-1].wanted, outcome.trace[-1].seen, outcome.trace[-1].passed) == (
        "repeat.number",
        2,
        2,
        True,
    )
    assert outcome.counted is not None
    assert outcome.counted.items == ("T-1041", "this")


def test_groups_are_by_service_and_never_shared_by_what_has_none() -> None:
    assert group_key("service:<slug>", {"service.slug": "email"}) == "service:email"
    assert group_key("check:<check.slug>:<slug>", {"service.slug": "email", "check.slug": "smtp-01"}) == "check:smtp-01:email"
    assert group_key("service:<slug>", {"ticket.id": 1042}) == "ticket:1042"
    assert group_key("service:<slug>", {"service.slug": None, "alert.id": 7}) == "alert:7"


def test_the_moment_to_look_again_is_the_earliest_of_all_rules() -> None:
    due = {"field": "ticket.first_answer_due_at", "op": "passed"}
    critical = {"field": "check.critical_since", "op": "for_at_least", "value": 300}
    known = {"ticket.first_answer_due_at": "2026-11-23T08:10:00+00:00", "check.critical_since": "2026-11-23T07:59:00+00:00"}
    decision = decide(known, Memory(), [rule(1, "escalation", conditions=due), rule(2, "escalation", conditions=critical)], NOW)
    assert decision.recheck_at == NOW.replace(minute=4)


def test_the_condition_of_an_action_makes_rules_look_again_too() -> None:
    declare = {"do": "declare", "when": {"field": "desk.open", "op": "is", "value": False}}
    known = {"desk.open": True, "desk.changes_at": "2026-11-23T17:00:00+00:00"}
    assert decide(known, Memory(), [rule(1, "escalation", declare)], NOW).recheck_at == NOW.replace(hour=17)


@given(st.lists(DEFINITIONS, max_size=4), facts())
def test_the_same_facts_give_the_same_decision_and_stay_untouched(data: list[dict[str, Any]], known: dict[str, Any]) -> None:
    rules, before = [rule_from_json(one) for one in data], copy.deepcopy(known)
    decision = decide(known, Memory(), rules, NOW)
    assert decide(known, Memory(), rules, NOW) == decision
    assert known == before
