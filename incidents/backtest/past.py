"""The past as a stream tells it: rules.History in memory, bounded by the longest window. Pure: no rows, no clock.

What is told must come in order of time. Counted is what repeats.LiveHistory counts by SQL; a differential test holds both equal.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from zoneinfo import ZoneInfo

from incidents.likeness import likeness
from incidents.rules import SHARED, Counted, Facts, Repeat, Rule

MOST = 2_000  # of one window, the newest: as the database is asked
WEEKS = 12
WEEK = timedelta(weeks=1)
USUAL_SPAN = (WEEKS + 1) * WEEK
TICKET_NAMES = ("requester", "service", "site", "category")
ALERT_NAMES = ("service", "check", "status")
HUMAN, MACHINES = ("employee", "external"), ("import", "monitoring")

Names: TypeAlias = tuple[str, ...]
Key: TypeAlias = tuple[Names, tuple[Any, ...]]


@dataclass(slots=True)
class Told:
    """One earlier ticket, as far as repeats ask."""

    number: int
    at: datetime
    values: dict[str, Any]
    signature: Sequence[str] = ()
    counts: bool = False
    solved_at: datetime | None = None
    incident: int | None = None
    is_merged: bool = False
    label: str = field(init=False)

    def __post_init__(self) -> None:
        self.label = f"T-{self.number}"

    @property
    def order(self) -> tuple[datetime, int]:
        return self.at, self.number


@dataclass(slots=True)
class Group:
    """Tickets that share something, in order of time, with their times beside them to look up a window by."""

    told: list[Told] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)

    def add(self, told: Told) -> None:
        place = bisect_left(self.told, told.order, lo=bisect_left(self.at, told.at), hi=bisect_right(self.at, told.at), key=_order)
        self.told.insert(place, told)
        self.at.insert(place, told.at)

    def remove(self, told: Told) -> None:
        low, high = bisect_left(self.at, told.at), bisect_right(self.at, told.at)
        place = bisect_left(self.told, told.order, lo=low, hi=high, key=_order)
        del self.told[place], self.at[place]

    def between(self, start: datetime, end: datetime) -> list[Told]:
        """Both ends included."""
        return self.told[bisect_left(self.at, start) : bisect_right(self.at, end)]


def _order(told: Told) -> tuple[datetime, int]:
    return told.order


NOBODY = Group()


@dataclass(slots=True)
class StreamedPast:
    """`groupings`: what the rules' clauses share, text aside. `declared_at`: since when an incident is more than a proposal."""

    groupings: frozenset[Names]
    keep: timedelta
    declared_at: Mapping[int, datetime]
    firsts: dict[Key, datetime] = field(default_factory=dict)
    tickets: dict[int, Told] = field(default_factory=dict)
    groups: dict[Key, Group] = field(default_factory=dict)
    alerts: dict[int, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    forgot_at: datetime | None = None
    alike: dict[tuple[int, int], bool] = field(default_factory=dict)

    # What is told

    def saw(self, facts: Facts, at: datetime) -> None:
        """The facts of an evaluation."""
        self.alike.clear()
        if "alert.id" in facts:
            since = datetime.fromisoformat(str(facts["alert.since"]))
            self.alerts[cast("int", facts["alert.id"])] = since, {name: facts.get(SHARED[name]) for name in ALERT_NAMES}
        elif "ticket.id" in facts:
            self._saw_ticket(facts)
        self._forget(at)

    def solved(self, number: int, at: datetime | None) -> None:
        if told := self.tickets.get(number):
            told.solved_at = at

    def linked(self, number: int, incident: int | None) -> None:
        if told := self.tickets.get(number):
            told.incident = incident

    def merged(self, number: int, is_merged: bool) -> None:
        if told := self.tickets.get(number):
            told.is_merged = is_merged

    def _saw_ticket(self, facts: Facts) -> None:
        number = number_of(facts)
        told = self.tickets.get(number)
        values = {name: facts.get(SHARED[name]) for name in TICKET_NAMES}
        if told is None:
            told = Told(number, datetime.fromisoformat(str(facts["ticket.reported_at"])), values)
            self.tickets[number] = told
            self._place(told)
        elif told.values != values:
            self._displace(told)
            told.values = values
            self._place(told)
        told.signature = cast("Sequence[str]", facts.get("ticket.signature") or ())
        told.counts = _counts(facts)

    def _place(self, told: Told) -> None:
        for key in self._keys(told):
            self.groups.setdefault(key, Group()).add(told)

    def _displace(self, told: Told) -> None:
        for key in self._keys(told):
            self.groups[key].remove(told)

    def _keys(self, told: Told) -> Iterable[Key]:
        return ((names, tuple(told.values[name] for name in names)) for names in self.groupings)

    def _forget(self, at: datetime) -> None:
        """Once a day: what no window reaches any more. An open ticket stays, for it may be solved yet."""
        if self.forgot_at is not None and at - self.forgot_at < timedelta(days=1):
            return
        self.forgot_at, horizon = at, at - self.keep
        for told in [told for told in self.tickets.values() if told.at < horizon and told.solved_at and told.solved_at < horizon]:
            if told.counts and not told.is_merged:
                for key in self._keys(told):
                    self.firsts[key] = min(told.at, self.firsts.get(key, told.at))
            self._displace(told)
            del self.tickets[told.number]
        self.alerts = {pk: kept for pk, kept in self.alerts.items() if kept[0] >= horizon}

    # What is asked

    def count(self, repeat: Repeat, facts: Facts, now: datetime) -> Counted:
        if repeat.of == "alerts":
            return self._counted_alerts(repeat, facts, now)
        names = tuple(name for name in repeat.same if name != "text")
        others = self._others(repeat, names, facts, now)
        usual, weeks = self._usual(repeat, names, facts, now)
        people = {told.values["requester"] for told in others} | {facts["ticket.requester"]}
        labels = (*(told.label for told in others), str(facts["ticket.id"]))
        return Counted(len(labels), len(people), labels, others[0].at if others else None, usual, weeks)

    def _group(self, names: Names, facts: Facts) -> Group:
        """None where a ticket has no such thing to share, as a check."""
        return self.groups.get((names, tuple(facts[SHARED[name]] for name in names)), NOBODY)

    def _others(self, repeat: Repeat, names: Names, facts: Facts, now: datetime) -> list[Told]:
        own, start = number_of(facts), now - timedelta(seconds=repeat.within_s)
        if repeat.after_solved:
            end = datetime.fromisoformat(str(facts["ticket.reported_at"]))
            inside = [told for told in self._group(names, facts).told if told.solved_at and start <= told.solved_at <= end]
        else:
            inside = self._group(names, facts).between(start, now)
        found = [told for told in inside if told.number != own and self._is_free(told, now)][-MOST:]
        if "text" not in repeat.same:
            return found
        mine = cast("Sequence[str]", facts["ticket.signature"])
        return [told for told in found if self._is_alike(own, mine, told)]

    def _is_alike(self, own: int, mine: Sequence[str], told: Told) -> bool:
        """Kept until the next is seen: one thing is often counted over several windows."""
        key = own, told.number
        if key not in self.alike:
            self.alike[key] = likeness(mine, told.signature).is_similar
        return self.alike[key]

    def _is_free(self, told: Told, now: datetime) -> bool:
        """It counts at all, and stands in no declared incident: it is counted there."""
        if not told.counts or told.is_merged:
            return False
        declared = self.declared_at.get(told.incident) if told.incident else None
        return declared is None or declared >= now

    def _usual(self, repeat: Repeat, names: Names, facts: Facts, now: datetime) -> tuple[float | None, float]:
        if repeat.times_usual is None and repeat.at_least_without_history is None:
            return None, 0.0
        began = self._first(names, facts, now)
        weeks = max(0.0, (now - began) / WEEK) if began else 0.0
        if repeat.times_usual is None or weeks < repeat.weeks_of_history:
            return None, weeks
        return self._average(repeat, names, facts, now, min(WEEKS, int(weeks))), weeks

    def _first(self, names: Names, facts: Facts, now: datetime) -> datetime | None:
        kept = next((told.at for told in self._group(names, facts).told if self._is_free(told, now)), None)
        forgotten = self.firsts.get((names, tuple(facts[SHARED[name]] for name in names)))
        return min((at for at in (kept, forgotten) if at is not None), default=None)

    def _average(self, repeat: Repeat, names: Names, facts: Facts, now: datetime, weeks: int) -> float:
        """By the wall clock of the desk, as repeats._average."""
        local, group = now.astimezone(ZoneInfo(str(facts["time.zone"]))), self._group(names, facts)
        ends = [(local - week * WEEK).astimezone(now.tzinfo) for week in range(1, weeks + 1)]
        length, total = timedelta(seconds=repeat.within_s), 0
        for end in ends:
            inside = [told for told in group.between(end - length, end) if told.at > end - length and self._is_free(told, now)]
            total += len({told.values["requester"] for told in inside}) if repeat.distinct_people else len(inside)
        return float(total) / weeks

    def _counted_alerts(self, repeat: Repeat, facts: Facts, now: datetime) -> Counted:
        start, own = now - timedelta(seconds=repeat.within_s), facts["alert.id"]
        wanted = {name: facts[SHARED[name]] for name in repeat.same if name in ALERT_NAMES}
        inside = sorted(
            (since, pk, values["check"])
            for pk, (since, values) in self.alerts.items()
            if pk != own and start <= since <= now and all(values[name] == value for name, value in wanted.items())
        )[-MOST:]
        labels = (*(slug for _since, _pk, slug in inside), str(facts["check.slug"]))
        return Counted(len(labels), 0, labels, inside[0][0] if inside else None)


def for_rules(rules: Iterable[Rule], declared_at: Mapping[int, datetime]) -> StreamedPast:
    """A past that can answer every clause of these rules."""
    clauses = [rule.repeat for rule in rules if rule.repeat is not None]
    names = frozenset(tuple(name for name in clause.same if name != "text") for clause in clauses if clause.of == "tickets")
    answerable = frozenset(one for one in names if set(one) <= set(TICKET_NAMES))
    return StreamedPast(answerable, span(clauses), declared_at)


def span(clauses: Iterable[Repeat]) -> timedelta:
    """How far back these clauses look."""
    asked = list(clauses)
    longest = max((timedelta(seconds=clause.within_s) for clause in asked), default=timedelta())
    looks_back = any(clause.times_usual is not None or clause.at_least_without_history is not None for clause in asked)
    return max(longest, USUAL_SPAN + longest if looks_back else longest) + timedelta(days=1)


def number_of(facts: Facts) -> int:
    return int(str(facts["ticket.id"]).removeprefix("T-"))


def _counts(facts: Facts) -> bool:
    """Reports of people; a confidential one keeps its text to itself and is not counted."""
    is_persons = facts.get("requester.kind") in HUMAN and facts.get("ticket.origin") not in MACHINES
    return is_persons and facts.get("ticket.kind") == "report" and "ticket.signature" in facts
