"""Results rolled up to five minutes, those to hours, those to days. A stretch is rolled once, when nothing of it can come any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from monitoring import buckets
from monitoring.buckets import Bucket
from monitoring.models import Result, Rollup, RollupMark

FIVE_MINUTES, HOUR, DAY = 300, 3600, 86_400
STEPS = (FIVE_MINUTES, HOUR, DAY)
BELOW = {HOUR: FIVE_MINUTES, DAY: HOUR}  # what a step is made of; the smallest of results
LATE = timedelta(seconds=60)  # a result is committed at most so long after it was received
AT_ONCE = 24  # stretches of one step in one run of the pass
COLUMNS = ("check_id", "metric", "n", "bad", "worst", "low", "high", "total", "unit", "warn", "crit", "is_lead")
SAY_NOTHING = ("start", "log")
NO_READINGS = Q(status="unknown", summary__in=SAY_NOTHING)  # pings that say nothing of how it went


def roll_due(*, now: datetime) -> int:
    """Every stretch that is over, smallest first, each in its own transaction; how many."""
    return sum(_roll_step(step_s, now) for step_s in STEPS)


def _roll_step(step_s: int, now: datetime) -> int:
    RollupMark.objects.get_or_create(step_s=step_s, defaults={"done_until": buckets.floor(_first(step_s) or now, step_s)})
    done = 0
    while done < AT_ONCE and _roll_next(step_s, now):
        done += 1
    return done


@transaction.atomic
def _roll_next(step_s: int, now: datetime) -> bool:
    """The next stretch. False: it is not over yet, or nothing came since the last one."""
    mark = RollupMark.objects.select_for_update().get(step_s=step_s)
    over, start = _over_until(step_s, now), mark.done_until
    if start + buckets.span(step_s) > over:
        return False
    rows = _rolled(step_s, start)
    Rollup.objects.bulk_create(rows, batch_size=500)
    following = start + buckets.span(step_s) if rows else _next_with_any(step_s, start, over)
    mark.done_until = following
    mark.save(update_fields=["done_until"])
    return bool(rows) or following + buckets.span(step_s) <= over


def _over_until(step_s: int, now: datetime) -> datetime:
    """Nothing of before this moment can come any more."""
    if step_s == FIVE_MINUTES:
        return buckets.floor(now - LATE, step_s)
    return RollupMark.objects.get(step_s=BELOW[step_s]).done_until


def _rolled(step_s: int, start: datetime) -> list[Rollup]:
    end = start + buckets.span(step_s)
    parts = _of_results(start, end) if step_s == FIVE_MINUTES else _of_rollups(BELOW[step_s], start, end)
    return [Rollup(step_s=step_s, at=start, **{name: getattr(one, name) for name in COLUMNS}) for one in buckets.merged(parts)]


def _of_results(start: datetime, end: datetime) -> Iterable[Bucket]:
    rows = _results(start).filter(received_at__lt=end).order_by("day", "id")
    for check_id, status, metrics in rows.values_list("check_id", "status", "metrics").iterator(5000):
        yield from buckets.of_result(check_id, status, metrics)


def _of_rollups(step_s: int, start: datetime, end: datetime) -> Iterable[Bucket]:
    rows = Rollup.objects.filter(step_s=step_s, at__gte=start, at__lt=end).order_by("at", "id")
    return (Bucket(*row) for row in rows.values_list(*COLUMNS).iterator(5000))


def _results(start: datetime) -> QuerySet[Result]:
    """`day` beside the moment: only those partitions are read."""
    return Result.objects.filter(day__gte=start.date(), received_at__gte=start).exclude(NO_READINGS)


def says_nothing(result: Result) -> bool:
    """NO_READINGS, of one that is read already."""
    return result.status == "unknown" and result.summary in SAY_NOTHING


def _first(step_s: int) -> datetime | None:
    if step_s == FIVE_MINUTES:
        return _least(Result.objects.all(), "received_at")
    return _least(Rollup.objects.filter(step_s=BELOW[step_s]), "at")


def _least(rows: QuerySet[Any], column: str) -> datetime | None:
    found: datetime | None = rows.aggregate(least=Min(column))["least"]
    return found


def _next_with_any(step_s: int, start: datetime, over: datetime) -> datetime:
    """The stretch in which something came again, past those in which nothing did."""
    if step_s == FIVE_MINUTES:
        first = _least(_results(start), "received_at")
    else:
        first = _least(Rollup.objects.filter(step_s=BELOW[step_s], at__gte=start), "at")
    return min(buckets.floor(first, step_s), buckets.floor(over, step_s)) if first else buckets.floor(over, step_s)
