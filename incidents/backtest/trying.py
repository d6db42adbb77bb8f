"""One thing, as it was seen when it was last looked at: what a rule makes of it, condition by condition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from incidents import rulebook, rules
from incidents.backtest import stream
from incidents.backtest.past import StreamedPast, for_rules
from incidents.backtest.tally import unraised
from incidents.models import Evaluation, Rule


@dataclass(frozen=True, slots=True)
class Trial:
    """`outcome` None: an earlier rule had decided before this one was asked."""

    evaluation: Evaluation
    outcome: rules.Outcome | None
    rule: rules.Rule
    at: datetime


def on(rule: Rule, evaluation: Evaluation) -> Trial:
    """The rule's newest words on the facts of this evaluation, and on the past as it was then. Raises rules.RuleError."""
    candidate = replace(rulebook.candidate(rule), mode="live")
    earlier = tuple(one for one in rulebook.in_force("severity") if one.id != rule.pk)
    book = (*earlier, candidate)
    past = for_rules(book, stream.declared_at())
    if past.groupings or any(one.repeat for one in book):
        stream.remember_firsts(past, past.groupings, evaluation.at - past.keep)
        _tell(past, evaluation)
    decision = rules.decide(unraised(evaluation.facts, rule.key), past, book, evaluation.at)
    outcome = next((one for one in decision.outcomes if one.rule_id == rule.pk), None)
    return Trial(evaluation, outcome, candidate, evaluation.at)


def _tell(past: StreamedPast, evaluation: Evaluation) -> None:
    """What was kept up to this evaluation and with it, nothing later."""
    for event in stream.kept(evaluation.at - past.keep, evaluation.at + timedelta(microseconds=1)):
        if event.facts is None:
            stream.tell(past, event)
        elif (event.at, event.pk) <= (evaluation.at, evaluation.pk):
            past.saw(event.facts, event.at)
