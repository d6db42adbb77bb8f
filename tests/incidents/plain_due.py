"""Due times the plain way, to hold the clocks against: each change of severity looked at by itself, whole from the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents import deskhours, starter
from incidents.deskhours import Desk

TARGETS = {target.severity: target for target in starter.TARGETS}
ROUND_THE_CLOCK = Desk("UTC", ((),) * 7)


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on the ticket ran on this severity's targets."""

    at: datetime
    rank: int


def due(steps: Sequence[Step], target: str, hours: Desk, pauses: Sequence[deskhours.Span]) -> datetime | None:
    """On a rise the earlier of what it was and the rise plus the new target; on a fall the later, from the report."""
    first, *later = steps
    at = _after(first.at, first.rank, target, hours, pauses)
    rank = first.rank
    for step in later:
        if step.rank < rank:
            at = _pick(min, at, _after(step.at, step.rank, target, hours, pauses))
        else:
            at = _pick(max, at, _after(first.at, step.rank, target, hours, pauses))
        rank = step.rank
    return at


def _after(since: datetime, rank: int, target: str, hours: Desk, pauses: Sequence[deskhours.Span]) -> datetime | None:
    goal = TARGETS[rank]
    return deskhours.due(ROUND_THE_CLOCK if goal.is_round_the_clock else hours, since, getattr(goal, target), pauses)


def _pick(choose: Any, one: datetime | None, other: datetime | None) -> datetime | None:
    known = [at for at in (one, other) if at is not None]
    return choose(known) if known else None
