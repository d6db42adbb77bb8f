"""The severity a decision gives a ticket, and those counted with it: one reason for each step, rule and version in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from incidents import rules, tickets, wording
from incidents.models import Ticket
from incidents.rules.deciding import risen
from incidents.states import OPEN_TICKET
from servicedesk.directory import zones

Book = Mapping[int, rules.Rule]


def apply(ticket: Ticket, decision: rules.Decision, book: Book, *, now: datetime) -> None:
    """First what the severity rules say, then every rise. A person's word is left alone by the former."""
    if ticket.severity_by_id is None:
        _rate(ticket, decision, now)
    for outcome in decision.live():
        if outcome.kind == "escalation" and _rises(outcome):
            _raise(ticket, outcome, book, now)
            for other in counted_tickets(outcome, but=ticket) if _raises_all(outcome, book) else ():
                if other.severity_by_id is None:
                    _raise(other, outcome, book, now)


def counted_tickets(outcome: rules.Outcome, *, but: Ticket) -> Sequence[Ticket]:
    """The open tickets the rule counted besides this one, locked. One that somebody else holds now is left for later."""
    labels = outcome.counted.items if outcome.counted else ()
    numbers = {int(label.removeprefix("T-")) for label in labels if label.startswith("T-")} - {but.pk}
    rows = Ticket.objects.filter(pk__in=numbers, state__in=OPEN_TICKET, is_confidential=False)
    return list(rows.select_for_update(of=("self",), skip_locked=True).select_related("incident", "service").order_by("pk"))


def clause(outcome: rules.Outcome, book: Book) -> rules.Repeat | None:
    """The repeat clause as it was asked: without similar text where, for want of history, the larger number decided."""
    repeat = book[outcome.rule_id].repeat
    if repeat is None or repeat.at_least_without_history is None:
        return repeat
    asked = next((seen.wanted for seen in outcome.trace if seen.field in ("repeat.people", "repeat.number")), None)
    if asked != repeat.at_least_without_history:
        return repeat
    return replace(repeat, at_least=repeat.at_least_without_history, same=tuple(name for name in repeat.same if name != "text"))


def _rate(ticket: Ticket, decision: rules.Decision, now: datetime) -> None:
    """The severity rules' rank: of those that set or floor it the one that says most. An earlier rise is not taken back."""
    said = [(_rank(outcome), outcome) for outcome in decision.live() if outcome.kind == "severity"]
    ranked = [(rank, at, outcome) for at, (rank, outcome) in enumerate(said) if rank is not None]
    if not ranked:
        return
    rank, _at, outcome = min(ranked)
    is_raised = any(why.get("by") == "raise" for why in ticket.severity_reasons)
    if rank == ticket.severity or (is_raised and ticket.severity is not None and ticket.severity < rank):
        return
    tickets.rerate(ticket, rank, {"by": "rule", "text": wording.why_severity(outcome, rank), **_source(outcome)}, actor=None, now=now)


def _raise(ticket: Ticket, outcome: rules.Outcome, book: Book, now: datetime) -> None:
    if any(why.get("rule") == outcome.key and why.get("by") == "raise" for why in ticket.severity_reasons):
        return
    rank = ticket.severity
    for action in outcome.actions:
        if action.do == "set_severity":
            rank = min(int(str(action.args["to"])), rank or 4)
        elif action.do == "raise_severity":
            rank = risen(rank, action)
    if rank is None or rank == ticket.severity:
        return
    text = wording.why_raised(outcome, clause(outcome, book), rank, zones.local(now, None), service=str(ticket.service or ""))
    items = list(outcome.counted.items) if outcome.counted else []
    tickets.rerate(ticket, rank, {"by": "raise", "text": text, "tickets": items, **_source(outcome)}, actor=None, now=now)


def _rank(outcome: rules.Outcome) -> int | None:
    """The rank one severity rule sets, or the floor it gives."""
    ranks = [action.args.get("to" if action.do == "set_severity" else "at_least") for action in outcome.actions if _is_rise(action)]
    return min((rank for rank in ranks if isinstance(rank, int)), default=None)


def _rises(outcome: rules.Outcome) -> bool:
    return any(_is_rise(action) for action in outcome.actions)


def _raises_all(outcome: rules.Outcome, book: Book) -> bool:
    """Those counted stand in the same trouble, unless the rule is about one person's earlier, solved ticket."""
    repeat = book[outcome.rule_id].repeat
    return repeat is not None and not repeat.after_solved


def _is_rise(action: rules.Action) -> bool:
    return action.do in ("set_severity", "raise_severity")


def _source(outcome: rules.Outcome) -> dict[str, Any]:
    return {"rule": outcome.key, "rule_id": outcome.rule_id, "version": outcome.version}
