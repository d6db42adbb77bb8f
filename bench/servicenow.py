"""`python -m bench.servicenow [FILE]`: what each starter rule would have raised, day by day, on a real company's log.

The file is the UCI "Incident management process enriched event log" (day-month-year). Its category stands for the service
and its priority for the severity; it has no texts and no answers, so what asks for those is not decidable.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.apps import IS_SET_UP
from incidents import starter
from incidents.backtest.past import for_rules
from incidents.backtest.sides import Occasion, Side
from incidents.rules import Rule, decide

FILE = Path("../shared/data/servicenow_incident_events.csv")
HIGH = 2  # priorities "1 - Critical" and "2 - High"


@dataclass
class Ticket:
    number: str
    caller: str
    category: str
    priority: int
    at: datetime
    solved_at: datetime | None


@dataclass
class Raised:
    """What one rule raised: its occasions, the tickets of each, and what it could not decide."""

    rule: Rule
    side: Side = field(init=False)
    tickets: dict[int, set[str]] = field(default_factory=dict)
    undecided: int = 0

    def __post_init__(self) -> None:
        self.side = Side(self.rule)


def tickets(path: Path) -> list[Ticket]:
    """Each once, as first told; the oldest first."""
    found: dict[str, Ticket] = {}
    with path.open(encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            told = found.setdefault(line["number"], _ticket(line))
            told.priority = min(told.priority, int(line["priority"][0]))
    return sorted(found.values(), key=lambda ticket: ticket.at)


def _ticket(line: dict[str, str]) -> Ticket:
    at, solved_at = _moment(line["opened_at"]), _moment(line["resolved_at"])
    assert at is not None
    return Ticket(line["number"], line["caller_id"], line["category"], int(line["priority"][0]), at, solved_at)


def _moment(words: str) -> datetime | None:
    return None if words in ("", "?") else datetime.strptime(words, "%d-%m-%Y %H:%M").replace(tzinfo=UTC)


def facts_of(ticket: Ticket, number: int) -> dict[str, Any]:
    return {
        "ticket.id": f"T-{number}", "ticket.kind": "report", "ticket.origin": "staff", "ticket.requester": ticket.caller,
        "ticket.severity": ticket.priority, "ticket.severity_by": "person", "ticket.reported_at": ticket.at.isoformat(),
        "requester.kind": "employee", "service.slug": ticket.category, "time.zone": "UTC",
    }  # fmt: skip


def rules() -> tuple[Rule, ...]:
    """The starter rules, and R4 without similar text, which this log does not have."""
    seeded = tuple(replace(rule, mode="live") for rule in starter.rules())
    r4 = next(rule for rule in seeded if rule.key == "R4")
    assert r4.repeat is not None
    loose = replace(r4.repeat, at_least=5, same=("service",), at_least_without_history=None, times_usual=None)
    return (*seeded, replace(r4, id=99, key="R4*", name="Repeat, several people, text left out", repeat=loose))


def replay(log: list[Ticket]) -> list[Raised]:
    book = rules()
    past, raised = for_rules(book, {}), {rule.id: Raised(rule) for rule in book if rule.kind == "escalation"}
    for number, ticket, is_solved in _moments(log):
        if is_solved:
            past.solved(number, ticket.solved_at)
            continue
        known = facts_of(ticket, number)
        past.saw({**known, "ticket.signature": []}, ticket.at)
        decision = decide(known, past, book, ticket.at)
        for outcome in decision.outcomes:
            if outcome.rule_id in raised:
                one = raised[outcome.rule_id]
                one.undecided += outcome.matched is None
                one.side.hear(f"T-{number}", {**known, "ticket.signature": []}, outcome, decision, ticket.at)
                if outcome.matched and outcome.group_key in one.side.open:
                    told = one.tickets.setdefault(id(one.side.open[outcome.group_key]), set())
                    told |= set(outcome.counted.items if outcome.counted else ()) | {f"T-{number}"}
    return list(raised.values())


def _moments(log: list[Ticket]) -> Iterator[tuple[int, Ticket, bool]]:
    came = [(ticket.at, number, ticket, False) for number, ticket in enumerate(log, 1)]
    went = [(ticket.solved_at, number, ticket, True) for number, ticket in enumerate(log, 1) if ticket.solved_at]
    for _at, number, ticket, is_solved in sorted(came + went, key=lambda one: one[:2]):
        yield number, ticket, is_solved


def is_high(occasion: Occasion, one: Raised, log: list[Ticket]) -> bool:
    return any(log[int(label[2:]) - 1].priority <= HIGH for label in one.tickets.get(id(occasion), ()))


def good_of(one: Raised, log: list[Ticket]) -> list[Occasion]:
    """Those of what a rule raised that hold a high-priority ticket."""
    return [occasion for occasion in one.side.occasions if is_high(occasion, one, log)]


def main() -> int:
    assert IS_SET_UP
    log = tickets(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
    high = sum(ticket.priority <= HIGH for ticket in log)
    print(f"{len(log)} tickets from {log[0].at:%Y-%m-%d %H:%M} to {log[-1].at:%Y-%m-%d %H:%M}, {high} of high priority")
    for one in replay(log):
        good = good_of(one, log)
        counts = f"{len(one.side.occasions)} raised, {len(good)} with a high-priority ticket, {one.undecided} not decidable"
        print(f"{one.rule.key} {one.rule.name}: {counts}")
        days, hits = (Counter(f"{occasion.at:%Y-%m-%d}" for occasion in some) for some in (one.side.occasions, good))
        for day in sorted(days):
            print(f"  {day}: {days[day]}, {hits[day]} with a high-priority ticket")
    return 0


if __name__ == "__main__":
    sys.exit(main())
