"""The sentences people read about decisions, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given

from incidents import starter, wording
from incidents.likeness import signature
from incidents.rules import Counted, Outcome, Repeat, Rule, decide, rule_from_json
from incidents.wording.sentences import repeat_words
from tests.incidents.remembering import Memory, Past
from tests.incidents.rule_strategies import DEFINITIONS, NOW, facts

RULES = {rule.key: rule for rule in starter.rules()}
ANSWERED = {
    "ticket.id": 1023,
    "ticket.loss": False,
    "ticket.kind": "report",
    "service.slug": "email",
    "desk.open": True,
    "requester.kind": "employee",
}
ANSWERED |= {
    "ticket.impacted": "me",
    "ticket.effect": "part",
    "ticket.requester": "lea",
    "ticket.signature": signature("Outlook cannot connect"),
}


def outcome(key: str, memory: Memory | None = None, **more: Any) -> Outcome:
    known = {**ANSWERED, **{name.replace("__", "."): value for name, value in more.items()}}
    return next(one for one in decide(known, memory or Memory(), RULES.values(), NOW).outcomes if one.key == key)


def reported(number: int, person: str) -> Past:
    values = {"ticket.requester": person, "service.slug": "email", "ticket.signature": ANSWERED["ticket.signature"]}
    return Past(f"T-{number}", NOW - timedelta(minutes=5), values)


TWO_OTHERS = Memory([reported(1021, "ella"), reported(1022, "omar")])


@pytest.mark.parametrize(
    ("key", "rank", "answers", "sentence"),
    [
        ("3", 3, {"ticket__effect": "cannot"}, "Only one person and cannot work gives SEV3, by rule 3, version 1."),
        (
            "1",
            1,
            {"ticket__impacted": "everyone", "ticket__effect": "cannot"},
            "Everyone and cannot work gives SEV1, by rule 1, version 1.",
        ),
        (
            "2",
            2,
            {"ticket__impacted": "department"},
            "A department or site and part of the work is blocked gives SEV2, by rule 2, version 1.",
        ),
        (
            "3",
            3,
            {"ticket__impacted": "several", "ticket__effect": "workaround"},
            "Several people and can work around it gives SEV3, by rule 3, version 1.",
        ),
        ("4", 4, {"ticket__effect": "question"}, "Only one person and a question or request gives SEV4, by rule 4, version 1."),
        ("0", 2, {"ticket__loss": True}, "Something was lost, stolen or seen gives SEV2, by rule 0, version 1."),
    ],
)
def test_why_this_severity(key: str, rank: int, answers: dict[str, Any], sentence: str) -> None:
    assert wording.why_severity(outcome(key, **answers), rank) == sentence


def test_why_it_was_raised() -> None:
    at = datetime(2026, 11, 23, 9, 9, tzinfo=ZoneInfo("Europe/Paris"))
    sentence = "Raised to SEV2 at 09:09, because 3 people reported similar text for File server within 30 min, by rule R4, version 1."
    assert wording.why_raised(outcome("R4", TWO_OTHERS), RULES["R4"].repeat, 2, at, service="File server") == sentence


def test_why_a_person_set_it() -> None:
    at = datetime(2026, 11, 23, 9, 12, tzinfo=ZoneInfo("Europe/Paris"))
    assert wording.why_overridden("Ana Roy", 2, at, "the board meets at ten.") == "Set to SEV2 by Ana Roy at 09:12: the board meets at ten."
    assert wording.why_overridden("Ana Roy", 3, at) == "Set to SEV3 by Ana Roy at 09:12."


def test_why_this_incident_several_people() -> None:
    sentence = "3 people reported similar text for Email within 30 min: T-1021, T-1022, this (rule R4, version 1)."
    assert wording.why_incident(outcome("R4", TWO_OTHERS), RULES["R4"].repeat, service="Email") == sentence


def test_why_this_incident_the_same_person() -> None:
    earlier = Past("T-1011", NOW, {"ticket.requester": "lea", "service.slug": "email"}, solved_at=NOW - timedelta(days=1))
    sentence = "The same person reported it again, after it was solved, for Email within 7 days: T-1011, this (rule R3, version 1)."
    assert wording.why_incident(outcome("R3", Memory([earlier])), RULES["R3"].repeat, service="Email") == sentence


def test_why_this_incident_a_check() -> None:
    since = (NOW - timedelta(minutes=5)).isoformat()
    critical = outcome("R5", check__state="critical", check__critical_since=since, service__tier=1)
    assert wording.why_incident(critical, None, check="smtp-01") == "smtp-01 critical for 5 min on a tier-1 service (rule R5, version 1)."


def test_why_this_incident_no_answer() -> None:
    late = outcome("R2", ticket__impacted="everyone", ticket__first_answered=False, ticket__first_answer_due_at=NOW.isoformat())
    assert wording.why_incident(late, None, answer_s=1800) == "First answer was not given in 30 min (rule R2, version 1)."


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"desk__open": False}, "The severity is SEV1 and outside desk hours (rule R1, version 1)."),
        ({"check__state": "warning"}, "The severity is SEV1 and the check's state is warning (rule R1, version 1)."),
        ({"desk__open": True}, "The severity is SEV1 (rule R1, version 1)."),
    ],
)
def test_why_this_incident_a_critical_ticket(more: dict[str, Any], sentence: str) -> None:
    everyone = outcome("R1", ticket__impacted="everyone", ticket__effect="cannot", **more)
    assert wording.why_incident(everyone, RULES["R1"].repeat, service="Email") == sentence


def test_why_you_were_paged() -> None:
    assert wording.why_paged("primary", "IT Ops", 1, 3) == "You, because you are primary for IT Ops (step 1 of 3)."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45, "45 s"), (300, "5 min"), (3600, "1 h"), (3900, "1 h 05 min"), (86_400, "24 h"), (604_800, "7 days"), (90_000, "1 d 1 h")],
)
def test_durations(seconds: int, words: str) -> None:
    assert wording.duration(seconds) == words


SENTENCES = {
    "1": "If everyone is impacted and cannot work, then SEV1.",
    "4": "If who is impacted is known and the effect is known, then SEV4 and the kind is request (when a question or request).",
    "R2": "If the severity is SEV2 or higher, the kind is not request, no first answer was given and the time for the first answer "
    "has passed, then declare an incident.",
    "R4": "If the kind is not request and the requester's kind is employee or external and at least 3 people report the same "
    "service and similar text within 30 min (3 times the usual; until 8 weeks are known, 5 without similar text are enough), "
    "then at least SEV2 and propose an incident.",
    "R5": "If the check's state is critical, the check is critical for at least 5 min and the service's tier is 1, then SEV1 and "
    "declare an incident.",
}


@pytest.mark.parametrize(("key", "sentence"), SENTENCES.items())
def test_a_rule_as_a_sentence(key: str, sentence: str) -> None:
    assert wording.rule_sentence(RULES[key]) == sentence


@pytest.mark.parametrize("key", ["R3", "R4"])
@pytest.mark.parametrize(
    "changed",
    [{"at_least": 7}, {"within_s": 60}, {"same": ("site",)}, {"distinct_people": None}, {"times_usual": 9.0}, {"after_solved": None},
     {"at_least_without_history": 9}],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_whatever_a_repeat_asks_is_told_in_its_sentence(key: str, changed: dict[str, Any]) -> None:
    repeat = RULES[key].repeat
    assert repeat
    other = {name: (not getattr(repeat, name)) if value is None else value for name, value in changed.items()}
    assert repeat_words(replace(repeat, **other)) != repeat_words(repeat)


def test_only_a_return_of_the_same_persons_problem_is_told_as_one() -> None:
    several = Repeat(3, 600, ("service",), distinct_people=True, after_solved=True)
    assert repeat_words(several) == "at least 3 people report the same service within 10 min (those before were solved first)"
    assert (
        wording.counted_words(Counted(number=3, people=3, items=()), several, "Email")
        == "3 people reported a problem for Email within 10 min"
    )


@given(DEFINITIONS, facts())
def test_every_rule_and_every_decision_can_be_said(data: dict[str, Any], known: dict[str, Any]) -> None:
    rule: Rule = rule_from_json({**data, "mode": "live"})
    sentences = [wording.rule_sentence(rule)]
    for one in decide(known, Memory(), [rule], NOW).outcomes:
        sentences += [wording.why_severity(one, 3), wording.why_incident(one, rule.repeat), *map(wording.seen_words, one.trace)]
    assert all(sentences)
    assert not any(fault in sentence for sentence in sentences for fault in ("%(", "None", "{", "  ", "then .", "()"))


def test_counts_that_share_nothing_told_still_read_well() -> None:
    alerts = Repeat(at_least=5, within_s=86_400, same=("service",), of="alerts")
    assert wording.counted_words(Counted(5, 1), alerts, "Email") == "5 alerts for Email within 24 h"
    reports = Repeat(at_least=2, within_s=3600, same=("site",))
    assert wording.counted_words(Counted(2, 1), reports) == "2 reports within 1 h"


def test_sentences_are_built_in_the_active_language() -> None:
    with translation.override("de"):
        assert wording.duration(604_800)
        assert wording.rule_sentence(RULES["1"])
