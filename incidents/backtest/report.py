"""What a backtest found, as plain values; its JSON is a public shape."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from incidents.backtest.paging import Paged
from incidents.backtest.sides import Occasion, Side
from incidents.backtest.tally import UNRATED, Tally
from incidents.rules import Outcome, Repeat, Seen

MOST_ROWS = 500  # differences listed; counts are whole


class Row(NamedTuple):
    """One difference. `what`: new or lost (it matches now, or no longer), up or down (its severity).

    `outcome`: what decided where it matches now; `missing`: the conditions that do not hold where it no longer does.
    """

    thing: str
    at: datetime | None
    what: str
    before: int | None
    after: int | None
    by_people: bool
    outcome: Outcome | None = None
    missing: tuple[Seen, ...] = ()
    verdict: str = ""  # accepted or rejected, where a person decided what the rule had proposed of it


class Swept(NamedTuple):
    part: str
    value: int
    matches: int
    lost: int


@dataclass(frozen=True, slots=True)
class Report:
    key: str
    name: str
    version: int
    against_version: int | None
    start: datetime
    end: datetime
    zone: str
    days: int
    considered: int
    requests: int
    imported: int
    matches: int
    matches_before: int
    kept_raised_by_people: int
    raised_by_people: int
    earlier_s: Sequence[int]
    up: int
    down: int
    added: Sequence[Occasion]
    lost: Sequence[Occasion]
    pages_added: Sequence[Paged]
    pages_prevented: Sequence[Paged]
    nights_before: int
    nights_after: int
    undecidable: int
    undecided: Sequence[tuple[str, tuple[str, ...]]]
    nearest: dict[str, Any] | None
    swept: Sequence[Swept]
    replayed: int
    equal: int
    repeat: Repeat | None = None  # the clause on trial
    rows: Sequence[Row] = field(default=())
    more_rows: int = 0
    rejected: Sequence[str] = ()  # of what it drops
    accepted: Sequence[str] = ()
    occasions: int = 0
    nobody_known: Sequence[str] = ()  # occasions of a moment for which no turn is kept
    caught: Sequence[str] = ()
    false_ones: Sequence[str] = ()
    months: Sequence[int] = ()

    @property
    def impossible(self) -> tuple[str, ...]:
        """The facts for want of which nothing at all could be decided; empty: something could."""
        if self.matches or not self.considered or self.undecidable < self.considered:
            return ()
        return self.undecided[0][1]

    def by_person(self) -> dict[str, int]:
        """How many pages more (or fewer) for each."""
        change = Counter(page.person for page in self.pages_added)
        change.subtract(page.person for page in self.pages_prevented)
        return {person: number for person, number in sorted(change.items()) if number}

    @property
    def names(self) -> dict[str, str]:
        """What the people paged are called."""
        return {page.person: page.name for page in (*self.pages_added, *self.pages_prevented)}

    def earlier(self) -> dict[str, int] | None:
        if not self.earlier_s:
            return None
        return {"median": round(statistics.median(self.earlier_s)), "min": min(self.earlier_s), "max": max(self.earlier_s)}


def differences(tally: Tally, verdicts: Mapping[str, str]) -> list[Row]:
    """Everything the two versions do not agree on, oldest first, with what people made of it."""
    trial, in_force = tally.trial.matched, tally.in_force.matched
    found = [_row(tally, thing, "new", at) for thing, at in trial.items() if thing not in in_force]
    found += [_row(tally, thing, "lost", at) for thing, at in in_force.items() if thing not in trial]
    told = {row.thing for row in found}
    for thing, (was, becomes) in tally.ranks.items():
        if was != becomes and thing not in told:
            found.append(_row(tally, thing, "up" if becomes < was else "down", trial.get(thing)))
    found = [row._replace(verdict=verdicts.get(row.thing, "")) for row in found]
    return sorted(found, key=lambda row: (row.at.timestamp() if row.at else float("inf"), row.thing))


def _row(tally: Tally, thing: str, what: str, at: datetime | None) -> Row:
    was, becomes = tally.ranks.get(thing, (UNRATED, UNRATED))
    outcome, missing = tally.trial.why.get(thing), tally.missing.get(thing, ())
    return Row(thing, at, what, _rank(was), _rank(becomes), thing in tally.raised, outcome, missing)


def _rank(rank: int) -> int | None:
    return None if rank == UNRATED else rank


def unlike(mine: Iterable[Occasion], theirs: Sequence[Occasion]) -> list[Occasion]:
    """The occasions of one side that the other does not have."""
    groups: dict[str, list[Occasion]] = {}
    for one in theirs:
        groups.setdefault(one.group, []).append(one)
    return [one for one in mine if not any(one.overlaps(other) for other in groups.get(one.group, ()))]


def swept(tally: Tally) -> list[Swept]:
    """Each variant: how many it matches, and how many of those that people raised themselves it loses."""
    caught = {thing for thing in tally.raised if thing in tally.trial.matched}
    return [
        Swept(variant.part, variant.value, len(side.matched), sum(thing not in side.matched for thing in caught))
        for variant, side in zip(tally.question.variants, tally.swept, strict=True)
    ]


def earlier(tally: Tally, side: Side) -> list[int]:
    """For what people raised themselves: how many seconds earlier the rule would have."""
    both = ((side.matched[thing], at) for thing, at in tally.raised.items() if thing in side.matched)
    return [int((raised - matched).total_seconds()) for matched, raised in both]
