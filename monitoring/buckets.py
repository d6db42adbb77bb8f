"""Many readings of a stretch of time made into one row a metric. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.verdict import RANK

MOST_METRICS = 40  # of one check: a label that became a metric's name must not fill the table


@dataclass(slots=True)
class Bucket:
    """`metric` empty: the states themselves; else the values of that metric, and the ranges sent with the last of them."""

    check_id: int
    metric: str = ""
    n: int = 0
    bad: int = 0
    worst: str = "ok"
    low: float | None = None
    high: float | None = None
    total: float | None = None
    unit: str = ""
    warn: str = ""
    crit: str = ""
    is_lead: bool = False

    def add(self, other: Bucket) -> None:
        """`other` came later."""
        self.n, self.bad = self.n + other.n, self.bad + other.bad
        self.worst = max(self.worst, other.worst, key=RANK.__getitem__)
        self.unit, self.warn, self.crit, self.is_lead = other.unit, other.warn, other.crit, other.is_lead
        if other.total is None or other.low is None or other.high is None:
            return
        self.low = other.low if self.low is None else min(self.low, other.low)
        self.high = other.high if self.high is None else max(self.high, other.high)
        self.total = (self.total or 0.0) + other.total

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.total is not None and self.n else None


def floor(at: datetime, step_s: int) -> datetime:
    """Where the stretch begins that this moment is in; stretches are counted in UTC."""
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % step_s, UTC)


def of_result(check_id: int, status: str, metrics: Iterable[Mapping[str, Any]]) -> Iterator[Bucket]:
    """One result as buckets of one reading each."""
    bad = int(status != "ok")
    yield Bucket(check_id, n=1, bad=bad, worst=status)
    is_lead = True
    for metric in list(metrics)[:MOST_METRICS]:
        value = number(metric.get("value"))
        if value is not None and metric.get("name"):
            words = _words(metric)
            yield Bucket(check_id, str(metric["name"])[:80], 1, bad, status, value, value, value, **words, is_lead=is_lead)
            is_lead = False


def merged(parts: Iterable[Bucket]) -> list[Bucket]:
    """One bucket a check and metric, of parts in the order they came."""
    found: dict[tuple[int, str], Bucket] = {}
    counted: dict[int, int] = {}
    for part in parts:
        key = part.check_id, part.metric
        if key not in found:
            counted[part.check_id] = counted.get(part.check_id, 0) + 1
            if counted[part.check_id] > MOST_METRICS + 1:
                continue
            found[key] = Bucket(part.check_id, part.metric)
        found[key].add(part)
    return list(found.values())


def number(value: Any) -> float | None:
    """None for what is no measurement: a word, a truth, nothing, infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except ValueError:
        return None
    return read if math.isfinite(read) else None


def _words(metric: Mapping[str, Any]) -> dict[str, str]:
    """The unit and the ranges as texts; a missing range is none."""
    given = {"unit": metric.get("unit"), "warn": metric.get("warn"), "crit": metric.get("crit")}
    return {name: "" if value is None else str(value)[: 20 if name == "unit" else 40] for name, value in given.items()}


def span(step_s: int) -> timedelta:
    return timedelta(seconds=step_s)
