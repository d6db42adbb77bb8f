"""A ticket's three clocks, worked out from its events. Pure: no models, no clock of its own.

First response runs from the report, next response from the oldest unanswered message after it, resolution from the
report again. A rise of severity makes an unmet clock due at the earlier of its old due time and the rise plus the new
target; a fall, at the later of the old one and the clock's beginning plus the new target, pauses left out. Other terms (the
ticket came to another service level) take the old due time where it lies between these two, else the nearer of them: nothing
is late by them alone. Missed stands, whatever comes after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Literal, Protocol

from incidents import deskhours
from incidents.deskhours import Desk

Name = Literal["first_response", "next_response", "resolution"]

PAUSES = frozenset({"requester", "vendor", "approval", "planned", "merged"})
ALWAYS = Desk("UTC", ((),) * 7)
REACH = timedelta(days=300)  # well within what a desk looks ahead
WARN_SHARE, WARN_S = 0.25, 120


class Target(Protocol):
    """Seconds of one severity; in desk hours unless round the clock."""

    @property
    def severity(self) -> int: ...
    @property
    def first_answer_s(self) -> int: ...
    @property
    def next_answer_s(self) -> int: ...
    @property
    def solution_s(self) -> int: ...
    @property
    def is_round_the_clock(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What a service level says: the targets of each rank, and what its clocks stand still for."""

    targets: Mapping[int, Target]
    pauses: frozenset[str] = PAUSES


@dataclass(frozen=True, slots=True)
class Event:
    """`value`: of created and severity the rank whose targets hold, of waiting the reason, else None.

    `terms`: of created and terms those that hold from then on; a created without runs on those of the caller.
    message: the requester wrote, which ends waiting for the requester. answer: staff answered in public. solved counts
    as an answer. created comes first. A reply to a solved ticket is two events, message and reopened.
    """

    kind: Literal["created", "severity", "terms", "message", "answer", "waiting", "resumed", "solved", "reopened"]
    at: datetime
    value: int | str | None = None
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a clock: running (`because` empty) or standing still for a reason."""

    starts_at: datetime
    ends_at: datetime
    because: str
    worked_s: float
    rank: int


@dataclass(frozen=True, slots=True)
class ClockState:
    """Seconds are those of the clock's own hours; `left_s` is negative when late. `due_at` is None while paused.

    `done_at`: answered or solved. `earlier`: what became of the rounds of a next response before this one.
    """

    state: Literal["running", "paused", "met", "missed"]
    used_s: float
    left_s: float
    due_at: datetime | None
    warn_at: datetime | None
    began_at: datetime
    done_at: datetime | None
    segments: tuple[Segment, ...]
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Clock:
    """One clock accounted for until `at`."""

    name: Name
    began_at: datetime
    at: datetime
    desk: Desk
    rank: int
    left_s: float
    due_at: datetime | None
    used_s: float = 0
    because: str = ""
    segments: tuple[Segment, ...] = ()
    verdict: Literal["", "met", "missed"] = ""
    done_at: datetime | None = None
    earlier: tuple[str, ...] = ()


@dataclass(slots=True)
class _Course:
    """A ticket on its way through its events."""

    targets: Mapping[int, Target]
    desk: Desk
    pauses: frozenset[str]
    rank: int = 0
    waiting: str = ""
    clocks: dict[Name, _Clock] = field(default_factory=dict)


def evaluate(
    events: Iterable[Event], targets: Mapping[int, Target], calendar: Desk, at: datetime, *, pauses: frozenset[str] = PAUSES
) -> dict[Name, ClockState]:
    """The clocks that ever began, as they stand at that moment. Later events are not looked at."""
    course = _Course(targets, calendar, pauses)
    for event in sorted((event for event in events if event.at <= at), key=lambda event: event.at):
        _each(course, partial(_advanced, to=event.at))
        HAPPENS[event.kind](course, event)
    return {name: _shown(_advanced(clock, at)) for name, clock in course.clocks.items()}


def add_working(calendar: Desk, start: datetime, seconds: float) -> datetime | None:
    """The first instant by which so many seconds of open time have passed; None where they never do."""
    return start if seconds <= 0 else deskhours.due(calendar, start, seconds)


def working_between(calendar: Desk, start: datetime, end: datetime) -> float:
    """Seconds of open time in [start, end)."""
    total, at = timedelta(0), start
    while at < end:
        stop = min(end, at + REACH)
        total += _open_time(calendar, at, stop)
        at = stop
    return total.total_seconds()


def _open_time(calendar: Desk, start: datetime, end: datetime) -> timedelta:
    spans = takewhile(lambda span: span[0] < end, calendar.spans(start))
    return sum((min(closes, end) - max(opens, start) for opens, closes in spans), timedelta(0))


def _created(course: _Course, event: Event) -> None:
    course.rank = int(event.value or 0)
    if event.terms is not None:
        course.targets, course.pauses = event.terms.targets, event.terms.pauses
    _begin(course, "first_response", event.at)
    _begin(course, "resolution", event.at)


def _severity(course: _Course, event: Event) -> None:
    before, course.rank = course.rank, int(event.value or 0)
    if course.rank != before:
        _each(course, partial(_rerated, course, rises=course.rank < before))


def _terms(course: _Course, event: Event) -> None:
    assert event.terms is not None
    course.targets, course.pauses = event.terms.targets, event.terms.pauses
    because = course.waiting if course.waiting in course.pauses else ""
    _each(course, lambda clock: _turned(_redefined(course, clock), because))


def _message(course: _Course, event: Event) -> None:
    if course.waiting == "requester":
        _resumed(course, event)
    before = course.clocks.get("next_response", course.clocks["first_response"])
    if before.done_at is not None:
        earlier = (*before.earlier, before.verdict) if before.name == "next_response" else ()
        _begin(course, "next_response", event.at, earlier)


def _answer(course: _Course, event: Event) -> None:
    _each(course, lambda clock: clock if clock.name == "resolution" else _ended(clock))


def _waiting(course: _Course, event: Event) -> None:
    course.waiting = str(event.value or "")
    _each(course, lambda clock: _turned(clock, course.waiting if course.waiting in course.pauses else ""))


def _resumed(course: _Course, event: Event) -> None:
    course.waiting = ""
    _each(course, lambda clock: _turned(clock, ""))


def _solved(course: _Course, event: Event) -> None:
    course.waiting = ""
    _each(course, _ended)


def _reopened(course: _Course, event: Event) -> None:
    """The solution was none: its clock goes on where it stood."""
    clock = course.clocks["resolution"]
    if clock.done_at is None:
        return
    rested = _noted(clock, event.at, "solved", 0)
    back = replace(rested, done_at=None, because="", verdict="missed" if clock.verdict == "missed" else "")
    course.clocks["resolution"] = _redue(back)


HAPPENS: Mapping[str, Callable[[_Course, Event], None]] = {
    "created": _created,
    "severity": _severity,
    "terms": _terms,
    "message": _message,
    "answer": _answer,
    "waiting": _waiting,
    "resumed": _resumed,
    "solved": _solved,
    "reopened": _reopened,
}


def _each(course: _Course, change: Callable[[_Clock], _Clock]) -> None:
    """Change the clocks that are not done."""
    course.clocks.update({name: change(clock) for name, clock in course.clocks.items() if clock.done_at is None})


def _begin(course: _Course, name: Name, at: datetime, earlier: tuple[str, ...] = ()) -> None:
    desk, seconds = _allowed(course, name)
    because = course.waiting if course.waiting in course.pauses else ""
    clock = _Clock(name, at, at, desk, course.rank, seconds, None, because=because, earlier=earlier)
    course.clocks[name] = _redue(clock)


def _allowed(course: _Course, name: Name) -> tuple[Desk, float]:
    target = course.targets[course.rank]
    seconds = {"first_response": target.first_answer_s, "next_response": target.next_answer_s, "resolution": target.solution_s}[name]
    return (ALWAYS if target.is_round_the_clock else course.desk), seconds


def _advanced(clock: _Clock, to: datetime) -> _Clock:
    """Time passes, up to `to`."""
    if clock.done_at is not None or to <= clock.at:
        return clock
    if clock.because:
        return _noted(clock, to, clock.because, 0)
    if not clock.verdict and clock.due_at is not None and clock.due_at < to:
        clock = replace(clock, verdict="missed")
    return _noted(clock, to, "", working_between(clock.desk, clock.at, to))


def _noted(clock: _Clock, to: datetime, because: str, worked_s: float) -> _Clock:
    """The stretch until `to` added to the last segment, or as one of its own."""
    segment, rest = Segment(clock.at, to, because, worked_s, clock.rank), clock.segments
    if rest and (rest[-1].because, rest[-1].rank) == (because, clock.rank):
        segment, rest = replace(rest[-1], ends_at=to, worked_s=rest[-1].worked_s + worked_s), rest[:-1]
    return replace(clock, at=to, used_s=clock.used_s + worked_s, left_s=clock.left_s - worked_s, segments=(*rest, segment))


def _turned(clock: _Clock, because: str) -> _Clock:
    """Stopped for a reason, or set going again."""
    return clock if clock.because == because else _redue(replace(clock, because=because))


def _redue(clock: _Clock) -> _Clock:
    """Its due time anew, from what is left. A missed one keeps the time it was missed at."""
    return clock if clock.verdict else replace(clock, due_at=add_working(clock.desk, clock.at, clock.left_s))


def _rerated(course: _Course, clock: _Clock, *, rises: bool) -> _Clock:
    """Under the new severity: by the new target, or still by the old one, whichever the direction asks for."""
    desk, seconds = _allowed(course, clock.name)
    if not rises:
        seconds -= _worked(clock, desk)
    old, new = (add_working(d, clock.at, left) for d, left in ((clock.desk, clock.left_s), (desk, seconds)))
    clock = replace(clock, rank=course.rank)
    if clock.verdict or not (_is_before(new, old) if rises else _is_before(old, new)):
        return clock
    return _redue(replace(clock, desk=desk, left_s=seconds))


def _redefined(course: _Course, clock: _Clock) -> _Clock:
    """Under new terms: not before it would be due had they held from its beginning, not after their whole time from now."""
    if clock.verdict:
        return clock
    desk, seconds = _allowed(course, clock.name)
    left = seconds - _worked(clock, desk)
    old = add_working(clock.desk, clock.at, clock.left_s)
    if _is_before(add_working(desk, clock.at, seconds), old):
        return _redue(replace(clock, desk=desk, left_s=seconds))
    return _redue(replace(clock, desk=desk, left_s=left)) if _is_before(old, add_working(desk, clock.at, left)) else clock


def _worked(clock: _Clock, desk: Desk) -> float:
    """How much of that desk's time it ran."""
    return sum(working_between(desk, part.starts_at, part.ends_at) for part in clock.segments if not part.because)


def _is_before(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one < other)


def _ended(clock: _Clock) -> _Clock:
    """Done at the moment it is accounted for; in time unless it was missed before."""
    return replace(clock, done_at=clock.at, because="", verdict=clock.verdict or "met")


def _shown(clock: _Clock) -> ClockState:
    state = clock.verdict or ("paused" if clock.because else "running")
    due_at = None if state == "paused" else clock.due_at
    warn_at = _warn_at(clock) if state == "running" else None
    used_s, left_s = clock.used_s, clock.left_s
    return ClockState(state, used_s, left_s, due_at, warn_at, clock.began_at, clock.done_at, clock.segments, clock.earlier)


def _warn_at(clock: _Clock) -> datetime | None:
    """At 75 % or with 2 minutes left, whichever is later; the present moment once it has passed."""
    still_s = min(WARN_SHARE * (clock.used_s + clock.left_s), WARN_S)
    return add_working(clock.desk, clock.at, clock.left_s - still_s)
