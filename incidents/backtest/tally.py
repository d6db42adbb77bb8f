"""A rule tried on stored facts, one after the other in order of time, by rules.decide and nothing else. Pure.

What grows with the period is a few words a ticket; the past itself is kept in a window (past.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from operator import is_
from typing import Any, NamedTuple, cast

from incidents.backtest.past import StreamedPast
from incidents.backtest.sides import Side, is_confidential
from incidents.rules import SHARED, Counted, Decision, Facts, Outcome, Rated, Repeat, Rule, Seen, Tree, rate
from incidents.rules.conditions import leaves

ALERTS_OWN = ("alert.status", "alert.since", "check.critical_since")
UNRATED = 5  # as a rank: below every other


class Variant(NamedTuple):
    """The same rule with another threshold or window: `part` is people or window, `value` what it would be."""

    part: str
    value: int
    rule: Rule


class Near(NamedTuple):
    """The thing that came nearest: how many conditions were missing, how many repeats, and which."""

    conditions: int
    repeats: float
    thing: str
    at: datetime
    missing: tuple[Seen, ...]


class Book:
    """Rules asked together, those of each kind apart."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.severities = tuple(rule for rule in self.rules if rule.kind == "severity")
        self.escalations = tuple(rule for rule in self.rules if rule.kind == "escalation")


@dataclass(frozen=True)
class Question:
    """`rule`: the version on trial, as if live. `against`: the version in force. `others`: every other rule in force."""

    rule: Rule
    against: Rule | None
    others: tuple[Rule, ...]
    variants: tuple[Variant, ...] = ()

    @cached_property
    def book(self) -> Book:
        return Book((*self.around, self.rule))

    @cached_property
    def book_in_force(self) -> Book:
        return Book((*self.around, self.against) if self.against else self.around)

    @property
    def around(self) -> tuple[Rule, ...]:
        """The rules its outcome hangs on: what sets severity; escalation rules decide each for itself."""
        return self.others if self.rule.kind == "severity" else tuple(rule for rule in self.others if rule.kind == "severity")


@dataclass(slots=True)
class Once:
    """A history asked many times at one moment: each clause is counted once."""

    past: StreamedPast
    known: dict[tuple[Any, ...], Counted] = field(default_factory=dict)

    def count(self, repeat: Repeat, facts: Facts, now: datetime) -> Counted:
        key = _whatever_is_enough(repeat), facts.get("ticket.category")
        if key not in self.known:
            self.known[key] = self.past.count(repeat, facts, now)
        return self.known[key]


@dataclass(slots=True)
class Asked:
    """One evaluation, decided with several books in turn: of books with the same severity rules that half is decided once."""

    facts: Facts
    history: Once
    at: datetime
    rated: list[tuple[tuple[Rule, ...], Rated]] = field(default_factory=list)

    def decide(self, book: Book) -> Decision:
        """As rules.decide of the whole book, which is these two in turn."""
        known = next((rated for rules, rated in self.rated if _are_same(rules, book.severities)), None)
        if known is None:
            known = rate(self.facts, self.history, book.severities, self.at)
            self.rated.append((book.severities, known))
        return known.escalate(book.escalations)


def _are_same(some: Sequence[Rule], others: Sequence[Rule]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


@dataclass(slots=True)
class Tally:
    question: Question
    considered: set[str] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    ranks: dict[str, tuple[int, int]] = field(default_factory=dict)  # with the version in force, with the one on trial
    undecided: dict[str, tuple[str, ...]] = field(default_factory=dict)
    raised: dict[str, datetime] = field(default_factory=dict)  # by people, to SEV1 or SEV2
    missing: dict[str, tuple[Seen, ...]] = field(default_factory=dict)  # of what only the version in force matches
    nearest: Near | None = None
    trial: Side = field(init=False)
    in_force: Side = field(init=False)
    swept: list[Side] = field(init=False)
    books: list[Book] = field(init=False)  # of each variant
    is_in_force: bool = field(init=False)  # the words on trial are those in force

    def __post_init__(self) -> None:
        severities = tuple(rule for rule in self.question.others if rule.kind == "severity")
        self.books = [Book((*severities, variant.rule)) for variant in self.question.variants]
        self.is_in_force = self.question.rule == self.question.against
        self.trial, self.in_force = Side(self.question.rule), Side(self.question.against)
        self.swept = [Side(variant.rule) for variant in self.question.variants]

    def weigh(self, facts: Facts, past: StreamedPast, at: datetime) -> None:
        """One stored evaluation, with the version on trial and with the one in force."""
        if not concerns(self.question.rule, facts):
            return
        thing = name_of(facts)
        if facts.get("ticket.kind") == "request" and leaves_out_requests(self.question.rule):
            self.requests.add(thing)
            return
        self.considered.add(thing)
        asked = Asked(unraised(facts, self.question.rule.key), Once(past), at)
        after = asked.decide(self.question.book)
        outcome = outcome_of(after, self.question.rule)
        self._rank(thing, asked, after)
        self.trial.hear(thing, asked.facts, outcome, after, at)
        self._look(thing, outcome, at)
        self._miss(thing, asked.facts, outcome)
        if outcome is not None and (outcome.matched or outcome.counted):
            self._sweep(thing, asked)

    def raised_by_person(self, thing: str, at: datetime) -> None:
        self.raised.setdefault(thing, at)

    def _rank(self, thing: str, asked: Asked, after: Decision) -> None:
        before = after if self.is_in_force else asked.decide(self.question.book_in_force)
        if self.question.against is not None:
            self.in_force.hear(thing, asked.facts, outcome_of(before, self.question.against), before, asked.at)
        was, becomes = self.ranks.get(thing, (UNRATED, UNRATED))
        self.ranks[thing] = min(was, before.severity or UNRATED), min(becomes, after.severity or UNRATED)

    def _look(self, thing: str, outcome: Outcome | None, at: datetime) -> None:
        """What could not be decided, and what came nearest."""
        if outcome is not None and outcome.matched is None and thing not in self.trial.matched:
            self.undecided[thing] = tuple(dict.fromkeys(seen.field for seen in outcome.trace if seen.passed is None))
            return
        self.undecided.pop(thing, None)
        if outcome is None or outcome.matched:
            return
        missing = tuple(seen for seen in outcome.trace if not seen.passed)
        short = sum(float(cast("float", seen.wanted)) - float(cast("float", seen.seen)) for seen in missing if is_count(seen))
        near = Near(sum(not is_count(seen) for seen in missing), short, thing, at, missing)
        if self.nearest is None or near[:2] < self.nearest[:2]:
            self.nearest = near

    def _miss(self, thing: str, facts: Facts, outcome: Outcome | None) -> None:
        if thing in self.in_force.matched and thing not in self.trial.matched and outcome and not is_confidential(thing, facts):
            self.missing.setdefault(thing, tuple(seen for seen in outcome.trace if not seen.passed))

    def _sweep(self, thing: str, asked: Asked) -> None:
        """Only the clause differs, so only what held the conditions can differ."""
        for variant, book, side in zip(self.question.variants, self.books, self.swept, strict=True):
            if thing not in side.matched and could_match(variant.rule, asked.facts, asked.history, asked.at):
                decision = asked.decide(book)
                side.hear(thing, asked.facts, outcome_of(decision, variant.rule), decision, asked.at)


def could_match(rule: Rule, facts: Facts, history: Once, at: datetime) -> bool:
    """Whether enough are there at all, however they read: counting costs less than deciding."""
    repeat = rule.repeat
    if repeat is None or any(facts.get(SHARED[name]) in (None, "") for name in repeat.same):
        return False
    number = history.count(_however_they_read(repeat), facts, at).number
    return number >= min(repeat.at_least, repeat.at_least_without_history or repeat.at_least)


@lru_cache(maxsize=64)
def _whatever_is_enough(repeat: Repeat) -> Repeat:
    """What is counted does not hang on how many are enough."""
    return replace(repeat, at_least=0)


@lru_cache(maxsize=64)
def _however_they_read(repeat: Repeat) -> Repeat:
    anyhow = tuple(name for name in repeat.same if name != "text")
    return replace(repeat, same=anyhow, times_usual=None, at_least_without_history=None)


def is_count(seen: Seen) -> bool:
    return seen.field in ("repeat.people", "repeat.number")


def outcome_of(decision: Decision, rule: Rule) -> Outcome | None:
    """None: an earlier rule had decided."""
    return next((outcome for outcome in decision.outcomes if outcome.rule_id == rule.id), None)


def name_of(facts: Facts) -> str:
    return str(facts["ticket.id"]) if "ticket.id" in facts else f"alert {facts.get('alert.id')}"


def unraised(facts: Facts, key: str) -> Facts:
    """The facts without what this rule itself had raised when it was live: each version raises anew."""
    raisers = cast("Sequence[str]", facts.get("ticket.raised_by") or ())
    if key not in raisers:
        return facts
    others = [one for one in raisers if one != key]
    if others or facts.get("ticket.severity_by") != "raise":
        return {**facts, "ticket.raised_by": others}
    return {**facts, "ticket.raised_by": [], "ticket.severity": None, "ticket.severity_by": None}


def concerns(rule: Rule, facts: Facts) -> bool:
    """Whether this kind of thing is the rule's at all: tickets, alerts, or both where nothing says which."""
    named = {cast("str", leaf["field"]) for leaf in leaves(rule.conditions)}
    for_alerts = any(name in ALERTS_OWN for name in named) or (rule.repeat is not None and rule.repeat.of == "alerts")
    for_tickets = any(name.startswith(("ticket.", "requester.")) for name in named) or (rule.repeat is not None and not for_alerts)
    is_alert = "alert.id" in facts
    return for_alerts is for_tickets or (for_alerts if is_alert else for_tickets)


def leaves_out_requests(rule: Rule) -> bool:
    """Its conditions say so themselves: it needs a report, or not a request."""
    return {"field": "ticket.kind", "op": "is_not", "value": "request"} in _needed(rule.conditions) or {
        "field": "ticket.kind", "op": "is", "value": "report",
    } in _needed(rule.conditions)  # fmt: skip


def _needed(tree: Tree) -> list[Tree]:
    return [tree] if "field" in tree else [dict(part) for part in cast("Sequence[Tree]", tree.get("all", ()))]


def variants_of(rule: Rule) -> tuple[Variant, ...]:
    """One person more, one fewer; twice the window and half of it."""
    if rule.repeat is None or rule.repeat.at_least < 2:
        return ()
    counts = [("people", number, {"at_least": number}) for number in (rule.repeat.at_least - 1, rule.repeat.at_least + 1) if number > 1]
    windows = [("window", seconds, {"within_s": seconds}) for seconds in (rule.repeat.within_s // 2, rule.repeat.within_s * 2) if seconds]
    changed = [(part, value, replace(rule.repeat, **cast("Any", change))) for part, value, change in (*counts, *windows)]
    return tuple(Variant(part, value, replace(rule, repeat=repeat)) for part, value, repeat in changed)
