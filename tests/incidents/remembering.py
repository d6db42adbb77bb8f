"""A history kept in memory: the plain meaning of every repeat clause, for tests of rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from incidents.likeness import likeness
from incidents.rules import SHARED, Counted, Facts, Repeat


@dataclass
class Past:
    id: str
    at: datetime
    values: dict[str, Any]
    solved_at: datetime | None = None
    of: str = "tickets"
    counts: bool = True


@dataclass
class Memory:
    events: list[Past] = field(default_factory=list)
    usual: float | None = None
    weeks: float = 0.0
    asked: int = 0

    def count(self, repeat: Repeat, facts: Facts, now: datetime) -> Counted:
        self.asked += 1
        found = sorted((past for past in self.events if self._is_counted(past, repeat, facts, now)), key=lambda past: past.at)
        people = {past.values.get("ticket.requester") for past in found} | {facts.get("ticket.requester")}
        since = found[0].at if found else now
        return Counted(len(found) + 1, len(people), (*(past.id for past in found), "this"), since, self.usual, self.weeks)

    def _is_counted(self, past: Past, repeat: Repeat, facts: Facts, now: datetime) -> bool:
        if past.of != repeat.of or not past.counts:
            return False
        start, at = now - timedelta(seconds=repeat.within_s), past.solved_at if repeat.after_solved else past.at
        return at is not None and start <= at <= now and all(self._is_shared(past, name, facts) for name in repeat.same)

    def _is_shared(self, past: Past, name: str, facts: Facts) -> bool:
        ours, theirs = facts[SHARED[name]], past.values.get(SHARED[name])
        if name == "text":
            return likeness(ours, theirs or ()).is_similar
        return theirs == ours
