"""`make bench BENCH=noise` (or `python -m bench.noise`): a generated day of signals with labelled true problems, told by three desks.

Ours is the product's own verdict (confirm, clear, flapping) with its holding back behind a parent, one incident a service.
The others get the same results: one message each time a check changes, and Alertmanager's defaults (group_wait 30 s,
group_interval 5 min, repeat_interval 4 h, grouped by service, resolved ones sent). Nothing is fitted to a seed: the
figures are sums over SEEDS days.
"""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench.measure import Figure
from monitoring import verdict
from monitoring.verdict import Options, Reading, State

START = datetime(2026, 11, 24, tzinfo=UTC)
MINUTES, SERVICES, CHECKS, SEEDS = 1440, 30, 3, 10
SPAN = 10  # minutes after its end in which a message may still be about a problem
OURS = Options(confirm=3, clear_confirm=2)
WAIT, INTERVAL, REPEAT = 0.5, 5, 240


@dataclass(frozen=True)
class Problem:
    """True trouble of these services, in minutes of the day."""

    services: frozenset[int]
    begins: int
    ends: int


@dataclass
class Day:
    """`bad` holds (check, minute) of every bad result; check = service * CHECKS + n. A rack of services hangs on one router."""

    problems: list[Problem] = field(default_factory=list)
    bad: set[tuple[int, int]] = field(default_factory=set)
    rack: range = range(20, 30)
    router: int = SERVICES * CHECKS


@dataclass(frozen=True)
class Message:
    at: float
    services: frozenset[int]
    opens: bool


def made(seed: int) -> Day:
    rolled, day = random.Random(seed), Day()
    for service in rolled.sample(range(20), 8):
        begins, lasts = rolled.randrange(30, 1300), rolled.randrange(8, 90)
        _break(day, frozenset({service}), begins, begins + lasts, rolled, share=0.9)
    begins = rolled.randrange(200, 1200)
    _break(day, frozenset(day.rack), begins, begins + rolled.randrange(15, 60), rolled, share=1.0)
    day.bad |= {(day.router, minute) for minute in range(day.problems[-1].begins, day.problems[-1].ends)}
    for _blip in range(120):
        check, minute = rolled.randrange(SERVICES * CHECKS), rolled.randrange(MINUTES)
        day.bad |= {(check, minute + n) for n in range(rolled.choice((1, 1, 1, 2)))}
    for check in rolled.sample(range(SERVICES * CHECKS), 3):
        begins = rolled.randrange(1300)
        day.bad |= {(check, minute) for minute in range(begins, begins + 60) if rolled.random() < 0.5}
    return day


def _break(day: Day, services: frozenset[int], begins: int, ends: int, rolled: random.Random, share: float) -> None:
    day.problems.append(Problem(services, begins, ends))
    for service in services:
        for check in range(service * CHECKS, service * CHECKS + rolled.randrange(1, CHECKS + 1)):
            day.bad |= {(check, minute) for minute in range(begins, ends) if rolled.random() < share}


# Three desks


def naive(day: Day) -> Iterator[Message]:
    """One alert, one message: at each change of each check."""
    for check in range(SERVICES * CHECKS + 1):
        for minute in range(MINUTES):
            is_bad, was_bad = (check, minute) in day.bad, (check, minute - 1) in day.bad
            if is_bad != was_bad:
                yield Message(minute, _about(day, check), opens=is_bad)


def alertmanager(day: Day) -> Iterator[Message]:
    for service in range(SERVICES + 1):
        checks = range(service * CHECKS, min((service + 1) * CHECKS, SERVICES * CHECKS + 1))
        told: frozenset[int] = frozenset()
        flush_at = told_at = -1.0
        for half in range(MINUTES * 2):
            minute = half / 2
            firing = frozenset(check for check in checks if (check, int(minute)) in day.bad)
            if flush_at < 0 and firing:
                flush_at = minute + WAIT
            if flush_at < 0 or minute < flush_at:
                continue
            if firing != told or (firing and minute - told_at >= REPEAT):
                yield Message(minute, _about(day, checks[0]), opens=bool(firing - told) or not firing < told)
                told, told_at = firing, minute
            flush_at = minute + INTERVAL if firing or told else -1.0


def ours(day: Day) -> Iterator[Message]:
    """The verdict of each check; one incident a service while any of its checks has a problem that is not held back."""
    states: dict[int, State | None] = defaultdict(lambda: None)
    rechecks: dict[int, datetime | None] = {}
    is_open: dict[int, bool] = defaultdict(bool)
    for minute in range(MINUTES):
        now = START + timedelta(minutes=minute)
        for check in range(SERVICES * CHECKS, -1, -1):  # the router first
            status = "critical" if (check, minute) in day.bad else "ok"
            before = states[check]
            if before is not None and verdict.unchanged(before.status, verdict.settled(before), status):
                continue
            judged = verdict.verdict(before, Reading(status, now), OURS, now)  # type: ignore[arg-type]
            states[check], rechecks[check] = judged.state, judged.recheck_at
        yield from _incidents(day, states, is_open, minute)


def _incidents(day: Day, states: dict[int, State | None], is_open: dict[int, bool], minute: int) -> Iterator[Message]:
    router = states[day.router]
    holds = router is not None and (router.problem or router.soft != "ok")
    for service in range(SERVICES + 1):
        checks = [day.router] if service == SERVICES else list(range(service * CHECKS, (service + 1) * CHECKS))
        has_problem = any((state := states[check]) is not None and state.problem for check in checks)
        if has_problem and not is_open[service] and not (holds and service in day.rack):
            is_open[service] = True
            yield Message(minute, _about(day, checks[0]), opens=True)
        if is_open[service] and not has_problem:
            is_open[service] = False
            yield Message(minute, _about(day, checks[0]), opens=False)


def _about(day: Day, check: int) -> frozenset[int]:
    return frozenset(day.rack) if check == day.router else frozenset({check // CHECKS})


# Judging them


def judged(day: Day, messages: list[Message]) -> dict[str, float | list[float]]:
    """A message is about a problem when it names one of its services, from its beginning until SPAN minutes after its end."""
    about: dict[Problem, list[Message]] = {problem: [] for problem in day.problems}
    false = 0
    for message in messages:
        problem = next((p for p in day.problems if p.services & message.services and p.begins <= message.at <= p.ends + SPAN), None)
        if problem is not None:
            about[problem].append(message)
        else:
            false += message.opens
    first = [min((m.at for m in told if m.opens), default=None) for told in about.values()]
    return {
        "messages": len(messages),
        "incidents": sum(message.opens for message in messages),
        "problems": len(day.problems),
        "missed": sum(at is None for at in first),
        "false": false,
        "duplicates": sum(max(0, len(told) - 2) for told in about.values()),
        "minutes": [at - p.begins for at, p in zip(first, day.problems, strict=True) if at is not None],
    }


def bench() -> Iterator[Figure]:
    """Against Alertmanager's defaults: messages, and false ones. What is missed or late stands in the note."""
    told = {desk.__name__: summed(desk) for desk in (naive, alertmanager, ours)}
    mine, theirs = told["ours"], told["alertmanager"]
    note = "; ".join(f"{name}: {said(sums)}" for name, sums in told.items())
    for name, goal in (("messages", 0.5), ("false", 0.5)):
        values = ([day[name] for day in sums.days] for sums in (mine, theirs))
        ours_a_day, theirs_a_day = ([float(value) for value in each] for each in values)  # type: ignore[arg-type]
        yield Figure(
            "noise", f"{name} of {SEEDS} days", "", [sum(ours_a_day)], [max(sum(theirs_a_day), 1.0)], goal=goal,
            note=note if name == "messages" else "generated, so that every round is the same",
        )  # fmt: skip


@dataclass(frozen=True)
class Sums:
    days: list[dict[str, float | list[float]]]

    def of(self, name: str) -> float:
        return sum(day[name] for day in self.days)  # type: ignore[misc]

    @property
    def median_min(self) -> float:
        return statistics.median(minute for day in self.days for minute in day["minutes"])  # type: ignore[union-attr]


def summed(desk: Callable[[Day], Iterator[Message]]) -> Sums:
    return Sums([judged(day, list(desk(day))) for day in map(made, range(SEEDS))])


def said(sums: Sums) -> str:
    names = ("messages", "incidents", "problems", "missed", "false", "duplicates")
    return " ".join([*(f"{name}={sums.of(name):g}" for name in names), f"median_min={sums.median_min:.1f}"])


def main() -> None:
    for desk in (naive, alertmanager, ours):
        print(f"{desk.__name__:13}", said(summed(desk)))


if __name__ == "__main__":
    main()
