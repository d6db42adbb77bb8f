"""`python -m bench.ahead [NAB folder]`: the forecast on labelled series that are made, and on real ones where the folder is given.

Made: three days of values every five minutes, 20 of each kind, limit 90. A warning is two looks in a row, ten minutes
apart, as the engine's pass confirms them. Real (Numenta's): the limit is what is only crossed inside a labelled window.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitoring import forecast

START, STEP, EVERY = datetime(2026, 11, 1, tzinfo=UTC), timedelta(minutes=5), 2
Points = list[tuple[datetime, float]]


@dataclass
class Tally:
    """`days` looked at; of `crossed` series `warned` in time; `lead` in hours; `spans` that held the true time, of `told`."""

    series: int = 0
    days: float = 0
    crossed: int = 0
    warned: int = 0
    false: int = 0
    lead: list[float] = field(default_factory=list)
    spans: int = 0
    told: int = 0

    def __str__(self) -> str:
        lead = f"{statistics.median(self.lead):.1f} h" if self.lead else "-"
        right = f"{self.warned / (self.warned + self.false):.0%}" if self.warned + self.false else "-"
        inside = f"{self.spans / self.told:.0%}" if self.told else "-"
        week = self.false / max(self.days, 0.01) * 7
        return f"{self.series} | {self.crossed} | {self.warned} | {lead} | {self.false} | {week:.2f} | {right} | {inside}"


def level(kind: str, rolled: random.Random) -> Callable[[float], float]:
    """The level by the hour."""
    start, lasts, base = rolled.uniform(30, 40), rolled.uniform(6, 30), rolled.uniform(50, 80)
    period, height = rolled.uniform(4, 30), rolled.uniform(8, 20)

    def leak(hour: float) -> float:
        return base + max(0.0, (90 - base) * (hour - start) / lasts)

    kinds: dict[str, Callable[[float], float]] = {
        "leak": leak,
        "leak on a daily rhythm": lambda hour: leak(hour) + 2 * math.sin(hour / 24 * math.tau),
        "log that is rotated": lambda hour: 66 + height * (hour % period) / period,
        "nightly burst": lambda hour: 68 + (height * (hour % 24 - 1) / 2 if 1 <= hour % 24 < 3 else 0),
        "daily rise": lambda hour: 70 + 0.8 * height * max(0.0, math.sin((hour - 6) / 24 * math.tau)),
        "step": lambda hour: 65 + (height if hour > start else 0),
        "noise": lambda hour: 78 + rolled.gauss(0, 3),
    }
    return kinds[kind]


def made(kind: str, seed: int) -> Points:
    rolled = random.Random(seed)
    if kind == "random walk":
        walk = itertools.accumulate((rolled.gauss(0, 0.35) for _ in range(863)), lambda a, b: min(89.0, max(40.0, a + b)), initial=76.0)
        return [(START + n * STEP, value) for n, value in enumerate(walk)]
    at = level(kind, rolled)
    return [(START + n * STEP, at(n / 12) + rolled.gauss(0, 0.3)) for n in range(864)]


def warnings(points: Points, limit: float, until: datetime) -> Iterator[tuple[datetime, forecast.Forecast]]:
    streak = 0
    for n in range(288, len(points), EVERY):
        now = points[n][0]
        if now >= until:
            return
        found = forecast.look(points[max(0, n - 576) : n + 1], limit, now)
        streak = streak + 1 if found else 0
        if found and streak >= 2:
            yield now, found


def judge(tally: Tally, points: Points, limit: float, spared: list[tuple[datetime, datetime]] | None = None) -> None:
    """`spared`: windows in which something was wrong anyhow."""
    hit = next((at for at, value in points[288:] if value >= limit), None)
    until = hit or points[-1][0]
    told = list(warnings(points, limit, until))
    in_time = [(at, found) for at, found in told if hit and hit - at <= forecast.HORIZON]
    stray = [at for at, _found in told if not (hit and hit - at <= forecast.HORIZON)]
    stray = [at for at in stray if not any(a <= at <= b for a, b in spared or [])]
    tally.series += 1
    tally.days += (until - points[288][0]) / timedelta(days=1)
    tally.crossed += hit is not None
    tally.warned += bool(in_time)
    tally.false += sum(n == 0 or at - stray[n - 1] > timedelta(hours=2) for n, at in enumerate(stray))
    for at, found in in_time:
        left = (until - at).total_seconds()
        tally.told += 1
        tally.spans += found.earliest_s <= left <= found.latest_s
    if in_time:
        tally.lead.append((until - in_time[0][0]) / timedelta(hours=1))


def real(folder: Path) -> Iterator[tuple[str, Tally]]:
    windows = json.loads((folder / "windows.json").read_text())
    for path in sorted(folder.glob("*.csv")):
        key = next((name for name in windows if name.endswith(path.name)), "")
        spared = [(_time(a), _time(b)) for a, b in windows.get(key, [])]
        points = [(_time(row["timestamp"]), float(row["value"])) for row in csv.DictReader(path.open())]
        calm = [value for at, value in points if not any(a <= at <= b for a, b in spared)]
        tally = Tally()
        judge(tally, points, max(calm) * 1.02, spared)
        yield path.stem, tally


def _time(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


def main() -> None:
    head = ("series", "n", "crossed", "warned", "lead (median)", "false", "false a week", "right", "span held")
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    kinds = ("leak", "leak on a daily rhythm", "log that is rotated", "nightly burst", "daily rise", "step", "noise", "random walk")
    for kind in kinds:
        tally = Tally()
        for seed in range(20):
            judge(tally, made(kind, seed), 90)
        print(f"| {kind} | {tally} |", flush=True)
    for name, tally in real(Path(sys.argv[1])) if len(sys.argv) > 1 else ():
        print(f"| {name} | {tally} |", flush=True)


if __name__ == "__main__":
    main()
