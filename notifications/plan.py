"""Which method of a person, and when: the ladder, quiet hours, and pages that go as one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from servicedesk import walltime

DAY = timedelta(days=1)
WINDOW = timedelta(seconds=60)
AFTER_OTHERS_S = 60  # a flagged method comes so long after the last of those that are not
RINGS = ("sms", "voice")
AT_ONCE = 2  # so many pages to one person within the window go alone


@dataclass(frozen=True, slots=True)
class Method:
    id: int
    kind: Literal["email", "sms", "voice", "push", "chat", "apprise"]
    verified: bool = True
    disabled: bool = False
    flagged: bool = False  # refused not long ago: others first


@dataclass(frozen=True, slots=True)
class Rung:
    """`delay_s` counts from the beginning of the page."""

    position: int
    delay_s: int
    method: Method


@dataclass(frozen=True, slots=True)
class Quiet:
    """Wall-clock hours of the person's zone; a week day (0 is Monday; empty: every day) is the one they begin on."""

    starts: time
    ends: time
    zone: str
    days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """`due_at` is when it goes out; `held_until` says that quiet hours moved it there."""

    rung: int
    method: Method
    due_at: datetime
    held_until: datetime | None = None
    why: Literal["in_turn", "pulled_forward", "quiet_hours"] = "in_turn"


@dataclass(frozen=True, slots=True)
class Plan:
    """`skipped`: positions, with "unverified" or "disabled". `unreachable`: nobody is told, or a page not before quiet hours end."""

    steps: tuple[Planned, ...]
    skipped: tuple[tuple[int, str], ...]
    unreachable: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page to one person. `about`: whose noise it is; `rank`: 1 for SEV1; `at`: when it came due, sent or not."""

    id: int
    about: str
    rank: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes now: ids `alone`, a message each, and ids `together` in one message. The others wait until `wait_until`."""

    alone: tuple[int, ...] = ()
    together: tuple[int, ...] = ()
    wait_until: datetime | None = None


def plan(rungs: Iterable[Rung], *, kind: Literal["page", "notice"], on_duty: bool, quiet: Quiet | None, now: datetime) -> Plan:
    """When each usable method is tried. `on_duty`: told through a policy or schedule, so quiet hours hold nothing."""
    ladder = sorted(rungs, key=lambda rung: (rung.delay_s, rung.position))
    skipped = tuple((rung.position, why) for rung in ladder if (why := why_not(rung.method)))
    steps = tuple(_quietly(_others_first(list(_climb(ladder))), None if on_duty else quiet, now))
    held = kind == "page" and all(step.held_until for step in steps)
    return Plan(steps, skipped, unreachable=not steps or held)


def why_not(method: Method) -> str:
    """Why this method is left out; empty where it is used."""
    if not method.verified:
        return "unverified"
    return "disabled" if method.disabled else ""


def quiet_until(quiet: Quiet | None, at: datetime) -> datetime | None:
    """When the quiet hours that hold at this instant end; None outside them, or where they begin and end alike."""
    if quiet is None:
        return None
    zone = ZoneInfo(quiet.zone)
    today = walltime.shown(at, zone).date()
    for day in (today - DAY, today):
        last = day + DAY if quiet.ends < quiet.starts else day
        begins, ends = walltime.first(datetime.combine(day, quiet.starts), zone), walltime.first(datetime.combine(last, quiet.ends), zone)
        if begins <= at < ends and (not quiet.days or day.weekday() in quiet.days):
            return ends
    return None


def bundle(sent: Sequence[Page], waiting: Sequence[Page], now: datetime) -> Bundle:
    """Which pages to one person go now. `sent`: what went in the last minute before the oldest that waits.

    The first two of a minute go at once. Of the others, those about one thing count once against another's: a noisy
    service delays itself, nobody else. What waits goes as one message, at most a minute after the first of it.
    """
    known = list(sent)
    alone: list[Page] = []
    held: list[Page] = []
    for page in sorted(waiting, key=lambda page: (page.at, page.rank, page.id)):
        (held if _crowd(page, known) >= AT_ONCE else alone).append(page)
        known.append(page)
    until = min((page.at for page in held), default=now) + WINDOW
    if held and now >= until and len(held) == 1:
        alone, held = alone + held, []
    go = _by_rank(held) if now >= until else ()
    return Bundle(_by_rank(alone), go, until if held and not go else None)


def _crowd(page: Page, known: Iterable[Page]) -> int:
    """How many pages of the minute before count against this one."""
    recent = [other for other in known if other.at > page.at - WINDOW]
    own = sum(other.about == page.about for other in recent)
    return own + len({other.about for other in recent} - {page.about})


def _by_rank(pages: Iterable[Page]) -> tuple[int, ...]:
    return tuple(page.id for page in sorted(pages, key=lambda page: (page.rank, page.at, page.id)))


def _climb(ladder: Sequence[Rung]) -> Iterator[tuple[Rung, int]]:
    """Usable rungs and their delays. A method that cannot be used hands its moment to the next; the first, now."""
    free: int | None = None
    for number, rung in enumerate(ladder):
        if why_not(rung.method):
            free = (0 if number == 0 else rung.delay_s) if free is None else free
            continue
        yield rung, rung.delay_s if free is None else free
        free = None


def _others_first(steps: Sequence[tuple[Rung, int]]) -> list[tuple[Rung, int]]:
    """Flagged methods come last and hand their moment to the next that wakes. Where the others wake nobody, none waits."""
    doubtful = [rung.position for rung, _delay in steps if rung.method.flagged]
    wakes = [rung.position for rung, _delay in steps if not rung.method.flagged and rung.method.kind in RINGS]
    delays = {rung.position: delay for rung, delay in steps}
    if doubtful and wakes:
        begins = min(delays[position] for position in doubtful)
        heir = next((position for position in wakes if delays[position] >= begins), wakes[-1])
        delays[heir] = min(delays[heir], begins)
        last = max(delays[position] for position in wakes) + AFTER_OTHERS_S
        delays |= {position: max(delays[position], last) for position in doubtful}
    return sorted(((rung, delays[rung.position]) for rung, _delay in steps), key=lambda step: (step[1], step[0].method.flagged))


def _quietly(steps: Iterable[tuple[Rung, int]], quiet: Quiet | None, now: datetime) -> Iterator[Planned]:
    """Begun in quiet hours, the ladder begins when they end; a later step that falls into them waits for their end."""
    begins = quiet_until(quiet, now)
    for rung, delay_s in steps:
        due_at = (begins or now) + timedelta(seconds=delay_s)
        held_until = quiet_until(quiet, due_at) or begins
        why: Literal["in_turn", "pulled_forward", "quiet_hours"] = "pulled_forward" if delay_s < rung.delay_s else "in_turn"
        yield Planned(rung.position, rung.method, max(due_at, held_until or due_at), held_until, "quiet_hours" if held_until else why)
