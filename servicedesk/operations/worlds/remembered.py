"""What the rules saw and said of each ticket of a past: facts, decisions and firings, as the desk would have kept them."""

from __future__ import annotations

import copy
import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from incidents import facts, rulebook, rules, wording
from incidents.backtest.past import for_rules
from incidents.models import Evaluation, Firing, Ticket
from incidents.states import TicketState


@dataclass
class Kept:
    evaluations: list[Evaluation] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)

    def write(self) -> None:
        """Once the tickets have their rows."""
        Evaluation.objects.bulk_create(self.evaluations, batch_size=200)
        for firing in self.firings:
            firing.evaluation_id = firing.evaluation.pk
        Firing.objects.bulk_create(self.firings, batch_size=200)


def remember(tickets: Sequence[Ticket]) -> Kept:
    """Rates these tickets, the oldest first, by the rules in force; escalation rules only say what they would do."""
    book = tuple(replace(rule, mode="shadow") if rule.kind == "escalation" else rule for rule in rulebook.in_force())
    past, kept, around = for_rules(book, {}), Kept(), facts.Around()
    for at, ticket, is_solved in _moments(tickets):
        if is_solved:
            past.solved(ticket.pk, at)
            continue
        known = json.loads(json.dumps(facts.of_ticket(_as_it_came(ticket), now=at, around=around)))  # as the database gives them back
        past.saw(known, at)
        decision = rules.decide(known, past, book, at)
        _rate(ticket, decision, at)
        evaluation = Evaluation(ticket=ticket, at=at, schema=rules.SCHEMA, facts=known, decision=rules.decision_to_json(decision))
        kept.evaluations.append(evaluation)
        kept.firings += [_firing(outcome, evaluation) for outcome in decision.outcomes if outcome.matched]
    return kept


def _moments(tickets: Sequence[Ticket]) -> Iterator[tuple[datetime, Ticket, bool]]:
    """Every report and every solution in order of time."""
    solved = sorted(((ticket.solved_at, ticket.pk, True, ticket) for ticket in tickets if ticket.solved_at), key=lambda one: one[:2])
    came = [(ticket.created_at, ticket.pk, False, ticket) for ticket in tickets]
    for at, _pk, is_solved, ticket in heapq.merge(came, solved, key=lambda one: one[:2]):
        yield at, ticket, is_solved


def _as_it_came(ticket: Ticket) -> Ticket:
    new = copy.copy(ticket)
    new.state, new.first_answered_at, new.solved_at, new.assignee = TicketState.NEW, None, None, None
    return new


def _rate(ticket: Ticket, decision: rules.Decision, at: datetime) -> None:
    ticket.severity = decision.severity
    outcome = next((one for one in decision.live() if one.kind == "severity" and one.action("set_severity")), None)
    if outcome is not None:
        source = {"rule": outcome.key, "rule_id": outcome.rule_id, "version": outcome.version}
        text = wording.why_severity(outcome, decision.severity)
        ticket.severity_reasons = [{"rank": decision.severity, "at": at.isoformat(), "by": "rule", "text": text, **source}]


def _firing(outcome: rules.Outcome, evaluation: Evaluation) -> Firing:
    actions = outcome.would or outcome.actions
    deed = next((deed for deed in ("declare", "propose") if any(action.do == deed for action in actions)), "")
    return Firing(
        rule_id=outcome.rule_id, version=outcome.version, evaluation=evaluation, group_key=outcome.group_key[:120],
        is_shadow=bool(outcome.would), deed=deed, did=", ".join(map(wording.action_words, actions))[:240], at=evaluation.at,
    )  # fmt: skip
