"""What a check read over a stretch of time, for charts: rollups where there are any, results for what is not rolled up yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from django.db.models import Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring import buckets
from monitoring.buckets import Bucket
from monitoring.charts import Point
from monitoring.models import Check, Result, Rollup, RollupMark
from monitoring.storage import rolling

MOST = 600  # points of a chart
TAIL = 2_000  # results read one by one where the engine has not rolled them up
RECENT = 40  # results read whole: as a rule all that is not rolled up yet is among them
SPARK_SPAN = timedelta(hours=24)
COLUMNS = (*rolling.COLUMNS, "at")


@dataclass(frozen=True, slots=True)
class Range:
    """`step_s`: each point stands for so long; 0: each result, as long as those are few enough."""

    key: str
    words: str | Promise
    span: timedelta
    step_s: int


RANGES = (
    Range("6h", _("6 h"), timedelta(hours=6), 0),
    Range("24h", _("24 h"), timedelta(hours=24), 300),
    Range("7d", _("7 d"), timedelta(days=7), 3600),
    Range("30d", _("30 d"), timedelta(days=30), 7200),
)
BY_KEY = {one.key: one for one in RANGES}


@dataclass(frozen=True, slots=True)
class Series:
    """`gap`: readings further apart than this are not of one line."""

    metric: str
    unit: str
    points: list[Point]
    gap: timedelta
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest results of a check, the newest first; none that came after `since` is missing."""

    results: list[Result]
    since: datetime


def of_check(check: Check, wanted: Range, *, metric: str, now: datetime, recent: Recent | None = None) -> Series:
    """At most MOST points from `now - span` to now; a check without that metric has points of its states alone."""
    start = now - wanted.span
    raw = _few_results(check.pk, start) if not wanted.step_s else None
    step_s = wanted.step_s or (0 if raw is not None else rolling.FIVE_MINUTES)
    found = _raw(raw, metric) if raw is not None else _stretched(_parts(check.pk, step_s, start, metric, recent), step_s, metric)
    unit = next((unit for _point, unit in reversed(found) if unit), "")
    points = [point for point, _unit in found]
    return Series(metric, unit, points, gap(points, step_s, check.period_s), start, now)


def sparks(ids: Iterable[int], *, now: datetime) -> dict[int, list[Point]]:
    """The last 24 hours of each check's leading metric, by the hour: one query, however many they are."""
    wanted, start = list(ids), now - SPARK_SPAN
    if not wanted:
        return {}
    by_check: dict[int, dict[datetime, Bucket]] = {}
    for *columns, at in _rollups(wanted, rolling.HOUR, start).filter(is_lead=True).values_list(*COLUMNS):
        bucket = Bucket(*columns)
        hour = by_check.setdefault(bucket.check_id, {})
        hour.setdefault(buckets.floor(at, rolling.HOUR), Bucket(bucket.check_id, bucket.metric)).add(bucket)
    return {pk: [_point(at, one, None) for at, one in sorted(hours.items())] for pk, hours in by_check.items()}


def gap(points: list[Point], step_s: int, period_s: int | None) -> timedelta:
    """Two and a half times as far apart as readings usually are, or are expected."""
    apart = [(after.at - before.at).total_seconds() for before, after in pairwise(points)]
    return timedelta(seconds=2.5 * max(step_s, period_s or (median(apart) if apart else 60), 1))


def recent(check: Check, *, last_at: datetime) -> Recent:
    """`last_at`: when the last of them came; only its day and the one before are read."""
    first = last_at.date() - timedelta(days=1)
    found = list(Result.objects.filter(check_id=check.pk, day__gte=first).order_by("-id")[:RECENT])
    is_all = len(found) < RECENT
    return Recent(found, datetime.combine(first, time.min, UTC) if is_all else found[-1].received_at)


def metrics_of(results: Iterable[Result]) -> list[str]:
    """The names of what the newest result measured, the leading one first."""
    for result in results:
        if names := [str(one["name"]) for one in result.metrics if one.get("name") and buckets.number(one.get("value")) is not None]:
            return names[: buckets.MOST_METRICS]
    return []


# Where they come from


def _few_results(check_id: int, start: datetime) -> list[Result] | None:
    rows = Result.objects.filter(check_id=check_id, day__gte=start.date(), received_at__gte=start).exclude(rolling.NO_READINGS)
    found = list(rows.order_by("-id").only("status", "metrics", "received_at", "check_id")[: MOST + 1])
    return None if len(found) > MOST else sorted(found, key=lambda one: one.received_at)


def _raw(results: Iterable[Result], metric: str) -> list[tuple[Point, str]]:
    found = []
    for result in results:
        parts = {part.metric: part for part in buckets.of_result(result.check_id, result.status, result.metrics)}
        value = parts.get(metric) if metric else None
        found.append((_point(result.received_at, parts[""], value), value.unit if value else ""))
    return found


def _stretched(parts: Iterable[tuple[datetime, Bucket]], step_s: int, metric: str) -> list[tuple[Point, str]]:
    by_step: dict[datetime, dict[str, Bucket]] = {}
    for at, part in parts:
        here = by_step.setdefault(buckets.floor(at, step_s), {})
        here.setdefault(part.metric, Bucket(part.check_id, part.metric)).add(part)
    found = []
    for at, here in sorted(by_step.items()):
        value = here.get(metric) if metric else None
        state = here.get("") or value
        if state is not None:
            found.append((_point(at, state, value), value.unit if value else ""))
    return found


def _point(at: datetime, state: Bucket, value: Bucket | None) -> Point:
    value = value or (state if state.total is not None else None)
    if value is None or value.mean is None:
        return Point(at, worst=state.worst, n=state.n, bad=state.bad)
    return Point(at, value.mean, value.low, value.high, state.worst, state.n, state.bad, value.warn, value.crit)


def _parts(check_id: int, step_s: int, start: datetime, metric: str, known: Recent | None) -> list[tuple[datetime, Bucket]]:
    """Rollups in their order, then what is not rolled up yet: what came after the last of them."""
    rows = _rollups([check_id], min(step_s, rolling.HOUR), start).filter(metric__in={"", metric})
    ends, found = start, []
    for *columns, at, rolled_s in rows.values_list(*COLUMNS, "step_s"):
        found.append((at, Bucket(*columns)))
        ends = max(ends, at + buckets.span(rolled_s))
    for status, metrics, at in _tail(check_id, ends, known):
        found += [(at, part) for part in buckets.of_result(check_id, status, metrics) if part.metric in ("", metric)]
    return found


def _tail(check_id: int, since: datetime, known: Recent | None) -> list[tuple[str, Any, datetime]]:
    """Status, metrics and arrival of what came since then, in order; asked for only where it is not known already."""
    if known is not None and known.since < since:
        kept = [one for one in reversed(known.results) if one.received_at >= since and not rolling.says_nothing(one)]
        return [(one.status, one.metrics, one.received_at) for one in kept]
    rows = Result.objects.filter(check_id=check_id, day__gte=since.date(), received_at__gte=since).exclude(rolling.NO_READINGS)
    return list(rows.order_by("-id").values_list("status", "metrics", "received_at")[:TAIL])[::-1]


def _rollups(ids: list[int], step_s: int, start: datetime) -> QuerySet[Rollup]:
    """Of this step as far as it was rolled up, then of the five minutes."""
    of_step = Q(step_s=step_s)
    if step_s > rolling.FIVE_MINUTES:
        mark = RollupMark.objects.filter(step_s=step_s).values("done_until")[:1]
        of_step |= Q(step_s=rolling.FIVE_MINUTES, at__gte=Coalesce(Subquery(mark), Value(start)))
    return Rollup.objects.filter(of_step, check_id__in=ids, at__gte=start).order_by("at", "id")
