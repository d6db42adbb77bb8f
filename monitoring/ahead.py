"""Looking ahead: a level that will reach its critical limit is a warning before it is a failure.

The warning stands as a check of its own beside the one it is about, so that it is confirmed, silenced, told and over like
any other; once the limit is reached, the check itself tells. What is looked at are rolled-up values of five minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from monitoring import forecast, judging, wording
from monitoring.forecast import Forecast
from monitoring.models import Check, CheckState, Rollup
from monitoring.normal import Signal
from monitoring.thresholds import BadRange, parse

log = structlog.get_logger(__name__)

STEP_S = 300
RECENT = timedelta(minutes=20)
MOST = 500  # metrics in one round


def look_ahead(*, now: datetime) -> int:
    """Every metric that has a critical limit and was heard lately, one transaction each; how many were near theirs."""
    done = 0
    for row in _newest(now):
        try:
            done += look(row, now=now)
        except Exception:  # one odd metric must not stop the others
            log.exception("a forecast failed", check=row.check_id, metric=row.metric)
    return done


def look(row: Rollup, *, now: datetime) -> int:
    """Of one metric by its newest rollup: warn, or take a warning back. 1 where the history was read."""
    found = limit_of(row.crit)
    if found is None:
        return 0
    limit, is_floor = found
    mean = (row.total or 0.0) / max(row.n, 1)
    near = not forecast.is_far(mean, limit, is_floor=is_floor)
    told = forecast.look(_history(row, now), limit, now, is_floor=is_floor) if near else None
    _tell(row, told, now=now)
    return int(near)


def limit_of(crit: str) -> tuple[float, bool] | None:
    """The limit that a critical range sets, and whether it is a lower one. Of a range with two ends, the upper one."""
    try:
        bounds = parse(crit)
    except BadRange:
        return None
    if bounds is None or bounds.inside:
        return None
    if math.isfinite(bounds.high):
        return bounds.high, False
    return (bounds.low, True) if math.isfinite(bounds.low) else None


def _newest(now: datetime) -> Iterable[Rollup]:
    rows = Rollup.objects.filter(step_s=STEP_S, at__gt=now - RECENT).exclude(metric="").exclude(crit="").order_by("at")
    newest = {(row.check_id, row.metric): row for row in rows[: MOST * 4]}
    return list(newest.values())[:MOST]


def _history(row: Rollup, now: datetime) -> list[tuple[datetime, float]]:
    rows = Rollup.objects.filter(check_id=row.check_id, metric=row.metric, step_s=STEP_S, at__gt=now - forecast.HISTORY, n__gt=0)
    found = rows.order_by("at").values_list("at", "total", "n")
    return [(at, total / n) for at, total, n in found if total is not None]


@transaction.atomic
def _tell(row: Rollup, told: Forecast | None, *, now: datetime) -> None:
    about = Check.objects.select_related("source").filter(pk=row.check_id, is_paused=False).first()
    if about is None:
        return
    own = Check.objects.filter(source_id=about.source_id, slug=_slug(about, row.metric)).first()
    if own is None and told is None:
        return
    own = own or _made(about, row.metric, now)
    words = wording.ahead(row.metric, row.unit, told) if told else wording.not_ahead(row.metric)
    CheckState.objects.get_or_create(check_ref=own)
    judging.judge({own.pk: [Signal(check=own.slug, status="warning" if told else "ok", summary=words)]}, now=now)
    _kept(about, row, told, now)


def _slug(about: Check, metric: str) -> str:
    return f"ahead:{about.pk}:{metric}"[:120]


def _made(about: Check, metric: str, now: datetime) -> Check:
    """Two warnings in a row open it, three rounds without one close it: ten and fifteen minutes."""
    check, _is_new = Check.objects.get_or_create(
        source=about.source,
        slug=_slug(about, metric),
        defaults={
            "kind": Check.Kind.FORECAST,
            "service_id": about.service_id,
            "depends_on": about,
            "confirm": 2,
            "clear_confirm": 3,
            "notices_flapping": False,
            "created_at": now,
        },
    )
    return check


def _kept(about: Check, row: Rollup, told: Forecast | None, now: datetime) -> None:
    """For the page of the check itself: what lies ahead, by metric."""
    state = CheckState.objects.select_for_update().filter(check_ref=about).first()
    if state is None:
        return
    state.forecast = {name: kept for name, kept in state.forecast.items() if name != row.metric}
    if told:
        spans = {"seconds": told.seconds, "earliest_s": told.earliest_s, "latest_s": told.latest_s}
        state.forecast[row.metric] = {**spans, "unit": row.unit, "limit": told.limit, "level": told.level, "at": now.isoformat()}
    state.save(update_fields=["forecast"])
