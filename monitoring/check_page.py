"""One check, put together: its sentence, its chart, its last results, its history, how to send for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import LinkedAlert, Silence
from monitoring import buckets, charts, explaining, forecast, forms, outlook, overview, readings, wording
from monitoring.charts import Lasting
from monitoring.explain import Reason
from monitoring.forecast import Crossing
from monitoring.models import Check, Result, StateChange
from monitoring.readings import BY_KEY, RANGES, Range, Series
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import User

USUAL = "24h"
EVENTS = 20
RESULTS = 10
ROWS = 60  # of the table under the chart


def cursor(check: Check) -> str:
    """Names what the page shows of a check: anything heard or decided since is another one."""
    state = check.state
    told = (state.status, state.since, state.last_result_at, state.last_start_at, check.is_paused, check.paused_until, state.memory)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def page(check: Check, *, asked: str, metric: str, user: User, now: datetime) -> dict[str, Any]:
    """What the page shows, in a fixed number of queries."""
    last_at = check.state.last_result_at or check.state.last_start_at
    recent = readings.recent(check, last_at=last_at) if last_at else None
    results = recent.results[:RESULTS] if recent else []
    names = readings.metrics_of(results)
    chosen = metric if metric in names else next(iter(names), "")
    wanted = BY_KEY.get(asked, BY_KEY[USUAL])
    series = readings.of_check(check, wanted, metric=chosen, now=now, recent=recent)
    alerts = _alerts(check, series.start, user)
    ahead = forecast.crossing(check.state.forecast.get(chosen), now)
    return {
        "check": check,
        "state": overview.state_of(check),
        "sentence": explaining.state_sentence(check, now),
        "is_waiting": check.state.last_result_at is None,
        "ranges": RANGES,
        "range": wanted,
        "metric": chosen,
        "metrics": names,
        **chart(check, series, alerts, ahead, now=now),
        "caption": caption(series, wanted),
        "ahead": looking_ahead(series, ahead),
        "table": table(series),
        "unit": series.unit,
        "results": [(result, list(_measured(result))) for result in results],
        "events": _events(check),
        "alerts": [alert for alert in alerts if alert.cleared_at is None],
        "address": address(check),
        "results_address": f"{settings.SITE_URL}/in/results/",
        "slots": forms.slots(check, now),
        **_when_it_fails(check, now),
        "cursor": cursor(check),
    }


def chart(check: Check, series: Series, alerts: list[LinkedAlert], ahead: Crossing | None, *, now: datetime) -> dict[str, Any]:
    """The picture, with what lasted (maintenance and incidents) and what lies ahead."""
    if not series.points:
        return {"chart": None, "outlook": None}
    until = outlook.until(ahead, series.start, now) if ahead else None
    drawn = charts.draw(
        series.points, start=series.start, end=series.end, gap=series.gap, unit=series.unit, zone=timezone.get_current_timezone(),
        lasting=[*_silenced(check, series), *_incidents(alerts)], until=until, also=ahead.limit if ahead else None,
    )  # fmt: skip
    return {"chart": drawn, "outlook": outlook.draw(ahead, drawn.plane) if ahead else None}


def looking_ahead(series: Series, ahead: Crossing | None) -> str:
    """When it reaches its limit, or that it does not seem to; nothing where no limit is known."""
    if ahead is not None:
        return wording.crossing_times(ahead)
    return _("No steady trend towards the limit.") if any(point.crit for point in series.points[-1:]) else ""


def caption(series: Series, wanted: Range) -> str:
    """The picture in words."""
    values = [point for point in series.points if point.mean is not None]
    if not series.points:
        return ""
    if not values:
        heard, bad = sum(point.n for point in series.points), sum(point.bad for point in series.points)
        counted = ngettext("%(n)d result in %(span)s, %(bad)d not OK.", "%(n)d results in %(span)s, %(bad)d of them not OK.", heard)
        return counted % {"n": heard, "bad": bad, "span": wanted.words}
    low = min(point.mean if point.low is None else point.low for point in values)  # type: ignore[type-var]
    high = max(point.mean if point.high is None else point.high for point in values)  # type: ignore[type-var]
    said = {"first": values[0].mean, "last": values[-1].mean, "low": low, "high": high}
    words = {name: charts.figure(value or 0.0, series.unit) for name, value in said.items()}
    return _("From %(first)s to %(last)s in %(span)s; lowest %(low)s, highest %(high)s.") % {**words, "span": wanted.words}


def table(series: Series) -> list[dict[str, Any]]:
    """The same numbers, newest first, as many as can be read."""
    every = max(1, -(-len(series.points) // ROWS))
    chosen = series.points[::-1][::every]
    return [
        {
            "at": point.at,
            "mean": None if point.mean is None else charts.figure(point.mean, series.unit),
            "low": None if point.low is None else charts.figure(point.low, series.unit),
            "high": None if point.high is None else charts.figure(point.high, series.unit),
            "warn": point.warn, "crit": point.crit, "worst": point.worst, "n": point.n,
        }
        for point in chosen
    ]  # fmt: skip


def address(check: Check) -> str:
    """Where its signals go. Empty: nobody sends them, the desk asks."""
    if check.kind == Check.Kind.HEARTBEAT:
        return f"{settings.SITE_URL}/ping/{check.ping_id}"
    return f"{settings.SITE_URL}/api/push/{check.ping_id}?status=up&msg=OK" if check.kind == Check.Kind.PUSH else ""


def result_of(check: Check, number: int, day: str) -> Result | None:
    """One result of this check by its number and day."""
    try:
        when = datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007  (a date has no zone)
    except ValueError:
        return None
    return Result.objects.filter(pk=number, day=when, check_id=check.pk).first()


def spark(check: Check, *, now: datetime) -> charts.Spark | None:
    """The line of the last day."""
    points = readings.sparks([check.pk], now=now).get(check.pk, [])
    return charts.spark(points, start=now - readings.SPARK_SPAN, end=now, gap=readings.gap(points, 3600, check.period_s))


def _measured(result: Result) -> Iterator[str]:
    """The first values of a result, each with its name."""
    for metric in result.metrics[:3]:
        value = buckets.number(metric.get("value"))
        yield " ".join(
            [str(metric.get("name")), _("not measured") if value is None else charts.figure(value, str(metric.get("unit") or ""))]
        )


def _alerts(check: Check, since: datetime, user: User) -> list[LinkedAlert]:
    """Open, or over since then; `seen`: its incident, if this person may see it."""
    rows = overview.with_seen(LinkedAlert.objects.filter(check_id=check.pk).exclude(cleared_at__lt=since), user)
    return list(rows.select_related("incident", "silence__made_by").order_by("-since")[:50])


def _silenced(check: Check, series: Series) -> list[Lasting]:
    """One silence without weekdays is one band; of a recurring one that which stands now."""
    near = Silence.objects.about(check.service, check.slug).filter(starts_at__lt=series.end, ends_at__gt=series.start)
    found = []
    for silence in near.order_by("-starts_at")[:20]:
        window = (silence.starts_at, silence.ends_at) if not silence.weekdays else silence.window(series.end)
        if window:
            found.append(Lasting(*window, silence.reason))
    return found


def _incidents(alerts: list[LinkedAlert]) -> list[Lasting]:
    seen = {alert.incident for alert in alerts if alert.incident and alert.seen}  # type: ignore[attr-defined]  # annotated
    return [Lasting(incident.since, incident.resolved_at, incident.number) for incident in seen]


def _events(check: Check) -> list[dict[str, Any]]:
    """Changes of state and of settings, the newest first."""
    told: list[dict[str, Any]] = [
        {"at": change.at, "change": change, "why": _why(change)} for change in check.changes.order_by("-pk")[:EVENTS]
    ]
    rows = AuditEntry.objects.filter(noun="monitoring.check", object_id=str(check.pk)).order_by("-pk")[:EVENTS]
    told += [{"at": row.at, "entry": row, "lines": _differences(row)} for row in rows]
    return sorted(told, key=lambda one: one["at"], reverse=True)[:EVENTS]


def _why(change: StateChange) -> str:
    return " ".join(wording.sentence(Reason(str(code), tuple(values))) for code, *values in change.why)


def _differences(row: AuditEntry) -> list[str]:
    """ "grace_s: 300 to 600", in the words of the columns."""
    if row.verb != "change":
        return []
    labels = {field.name: str(field.verbose_name) for field in Check._meta.get_fields() if hasattr(field, "verbose_name")}
    return [f"{labels.get(name, name)}: {row.before.get(name)} → {value}" for name, value in row.after.items()]


def _when_it_fails(check: Check, now: datetime) -> dict[str, Any]:
    people = overview.first_on_call(now)
    first = people.get(check.service_id or 0, people.get(0, overview.NOBODY))
    return {"policy": first if first.policy else None, "on_call": first.person}


def soon(check: Check) -> timedelta:
    """How often the page looks again: sooner while the first signal is waited for."""
    return timedelta(seconds=3 if check.state.last_result_at is None else 15)
