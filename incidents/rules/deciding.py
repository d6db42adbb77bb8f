"""decide(): facts, a history and rules in; outcomes out. Live, "try it", backtest and explain all call this one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from incidents.rules.conditions import weigh
from incidents.rules.facts import derive
from incidents.rules.fields import SHARED
from incidents.rules.recheck import earliest, next_change
from incidents.rules.shapes import JSON, Action, Counted, Decision, Facts, History, Outcome, Repeat, Rule, Seen, Tree

UNRATED_COUNTS_AS = 3  # an unrated ticket runs on the clocks of SEV3, so a rise starts there
PLACEHOLDER = re.compile(r"<([a-z_.]+)>")


def decide(facts: Facts, history: History, rules: Iterable[Rule], now: datetime) -> Decision:
    """Drafts are left out. Severity rules come first and what they set is a fact for the escalation rules."""
    ordered = in_order(rules)
    return rate(facts, history, ordered, now).escalate(ordered)


@dataclass(frozen=True, slots=True)
class Rated:
    """The first half of a decision: what the severity rules made of the facts. Whoever tries several escalation rules asks it once."""

    known: Facts
    history: History
    now: datetime
    outcomes: tuple[Outcome, ...]
    rechecks: tuple[datetime | None, ...]

    def escalate(self, rules: Iterable[Rule]) -> Decision:
        """The whole decision, with the escalation rules among these."""
        weighed = [_weigh(rule, self.known, self.history, self.now) for rule in in_order(rules) if rule.kind == "escalation"]
        outcomes = tuple(outcome for outcome, _later in weighed)
        severity = _severity(cast("int | None", self.known.get("ticket.severity")), outcomes, self.known)
        recheck_at = earliest([*self.rechecks, *(later for _outcome, later in weighed)])
        return Decision(self.outcomes + outcomes, recheck_at, severity)


def rate(facts: Facts, history: History, rules: Iterable[Rule], now: datetime) -> Rated:
    """The severity rules among these, in their order."""
    known = derive(facts)
    outcomes, rechecks = _rate([rule for rule in in_order(rules) if rule.kind == "severity"], known, history, now)
    return Rated(known | _consequences(known, outcomes), history, now, tuple(outcomes), tuple(rechecks))


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    return sorted((rule for rule in rules if rule.mode != "draft"), key=lambda rule: (rule.position, rule.id))


def passes(repeat: Repeat, counted: Counted) -> bool:
    return all(seen.passed for seen in _measure(repeat, counted))


def _rate(rules: Sequence[Rule], facts: Facts, history: History, now: datetime) -> tuple[list[Outcome], list[datetime | None]]:
    """Up to and with the first live rule that sets a severity; one that only raises is a floor and does not end the search."""
    outcomes, rechecks = [], []
    for rule in rules:
        outcome, later = _weigh(rule, facts, history, now)
        outcomes.append(outcome)
        rechecks.append(later)
        if outcome.action("set_severity"):
            break
    return outcomes, rechecks


def _weigh(rule: Rule, facts: Facts, history: History, now: datetime) -> tuple[Outcome, datetime | None]:
    """One rule's outcome, and when time alone could change it. The history is asked only once the conditions hold."""
    trace: list[Seen] = []
    matched, places = weigh(rule.conditions, facts, now, trace)
    later = next_change(rule.conditions, facts, now)
    outcome = Outcome(rule.id, rule.version, rule.key, rule.name, rule.kind, rule.mode, matched, tuple(trace), places)
    if not matched:
        return outcome, later
    if rule.repeat is not None:
        outcome = _counted(outcome, rule.repeat, facts, history, now)
    if not outcome.matched:
        return outcome, later
    return _chosen(outcome, rule, facts, now, later)


def _counted(outcome: Outcome, repeat: Repeat, facts: Facts, history: History, now: datetime) -> Outcome:
    """The repeat clause. Where a value to share is missing this one stands alone, and more than one is not decidable."""
    missing = [SHARED[name] for name in repeat.same if facts.get(SHARED[name]) in (None, "")]
    if missing:
        unknown = None if any(name not in facts for name in missing) else False
        alone = tuple(Seen(name, "is_set", True, facts.get(name), unknown) for name in missing)
        return replace(outcome, matched=repeat.at_least <= 1 or unknown, trace=outcome.trace + alone, counted=Counted(1, 1))
    counted = history.count(repeat, facts, now)
    if repeat.at_least_without_history and counted.weeks < repeat.weeks_of_history and not passes(repeat, counted):
        repeat, counted = _without_text(repeat, facts, history, now, counted)
    seen = _measure(repeat, counted)
    return replace(outcome, matched=all(one.passed for one in seen), trace=outcome.trace + seen, counted=counted)


def _without_text(repeat: Repeat, facts: Facts, history: History, now: datetime, alike: Counted) -> tuple[Repeat, Counted]:
    """While history is short, more of them are enough without similar text; else the count of those alike stands."""
    loose = _loose(repeat)
    counted = history.count(loose, facts, now)
    return (loose, counted) if passes(loose, counted) else (repeat, alike)


@lru_cache(maxsize=256)
def _loose(repeat: Repeat) -> Repeat:
    unlike = tuple(name for name in repeat.same if name != "text")
    return replace(repeat, at_least=cast("int", repeat.at_least_without_history), same=unlike, at_least_without_history=None)


def _measure(repeat: Repeat, counted: Counted) -> tuple[Seen, ...]:
    name, number = ("repeat.people", counted.people) if repeat.distinct_people else ("repeat.number", counted.number)
    enough = Seen(name, "at_least", repeat.at_least, number, number >= repeat.at_least)
    if repeat.times_usual is None or counted.usual is None or counted.weeks < repeat.weeks_of_history:
        return (enough,)
    unusual = repeat.times_usual * counted.usual
    return enough, Seen(name, "at_least", round(unusual, 2), number, number >= unusual)


def _chosen(outcome: Outcome, rule: Rule, facts: Facts, now: datetime, later: datetime | None) -> tuple[Outcome, datetime | None]:
    """The actions whose own condition holds; of declare and propose only the stronger. An undecided one does not act."""
    asked = dict(facts)
    if outcome.counted is not None:
        asked |= {"repeat.people": outcome.counted.people, "repeat.number": outcome.counted.number}
    whys: list[Seen] = []
    actions = tuple(action for action in rule.actions if action.when is None or _holds(action.when, asked, now, whys))
    if any(action.do == "declare" for action in actions):
        actions = tuple(action for action in actions if action.do != "propose")
    later = earliest([later, *(next_change(action.when, asked, now) for action in rule.actions if action.when is not None)])
    acts = {"actions": actions} if rule.mode == "live" else {"would": actions}
    return replace(outcome, chosen_by=tuple(whys), group_key=group_key(rule.group, facts), **cast("Any", acts)), later


def _holds(when: Tree, facts: Facts, now: datetime, whys: list[Seen]) -> bool:
    trace: list[Seen] = []
    held, places = weigh(when, facts, now, trace)
    whys += [trace[place] for place in places]
    return held is True


def group_key(template: str, facts: Facts) -> str:
    """The key with its facts filled in. Where one is missing the thing is a group of its own, never one of all such things."""
    names = {found: "service.slug" if found == "slug" else found for found in PLACEHOLDER.findall(template)}
    if any(facts.get(name) in (None, "") for name in names.values()):
        own = "ticket" if "ticket.id" in facts else "alert"
        return f"{own}:{facts.get(f'{own}.id', '')}"
    return PLACEHOLDER.sub(lambda found: str(facts[names[found[1]]]), template)


def _consequences(facts: Facts, rated: Sequence[Outcome]) -> dict[str, JSON]:
    """What the severity rules make of the ticket, as facts. A person's word and an earlier rise stand."""
    acting = Decision(tuple(rated), None)
    derived: dict[str, JSON] = {}
    if kind := acting.action("set_kind"):
        derived["ticket.kind"] = kind.args["to"]
    if category := acting.action("category"):
        derived["ticket.category"] = category.args["to"]
    stored = cast("int | None", facts.get("ticket.severity"))
    rank = _severity(None, rated, facts)
    if facts.get("ticket.severity_by") == "person" or rank is None:
        return derived
    if facts.get("ticket.severity_by") == "raise" and stored is not None:
        rank = min(rank, stored)
    return derived | {"ticket.severity": rank}


def _severity(rank: int | None, outcomes: Sequence[Outcome], facts: Facts) -> int | None:
    """The rank after what these outcomes set and raise: what is set first, then every rise on top of it."""
    raised = facts.get("ticket.raised_by") or ()
    acting = [(outcome, action) for outcome in outcomes for action in outcome.actions]
    for _outcome, action in acting:
        if action.do == "set_severity":
            to = cast("int", action.args["to"])
            rank = to if rank is None else min(rank, to)
    for outcome, action in acting:
        if action.do == "raise_severity" and outcome.key not in cast("Sequence[str]", raised):
            rank = risen(rank, action)
    return rank


def risen(rank: int | None, action: Action) -> int | None:
    """The rank after one rise. Never lower than before; `cap` is the highest that `levels` may reach."""
    if floor := cast("int | None", action.args.get("at_least")):
        return floor if rank is None else min(rank, floor)
    start = UNRATED_COUNTS_AS if rank is None else rank
    return min(start, max(start - cast("int", action.args.get("levels", 1)), cast("int", action.args.get("cap", 1))))
