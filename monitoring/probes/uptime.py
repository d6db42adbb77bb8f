"""The share of a window in which a check was well, silenced time taken out. Time nobody knows of is no uptime, and is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from incidents.models import Silence
from monitoring.models import Check, StateChange
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

Span = tuple[datetime, datetime]
MOST_WINDOWS = 1000


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, end = Finding(), context.now
    check = Check.objects.select_related("service", "state").filter(slug=given["check"]).order_by("pk").first()
    if check is None:
        found.lack("uptime", f"there is no check “{given['check']}”", "Correct its name.")
        return found
    start = max(end - timedelta(hours=given["hours"]), check.created_at)
    spent = _spent(check, start, end)
    known = spent["ok"] + spent["warning"] + spent["critical"]
    if not known:
        found.lack("uptime", f"nothing is known of {check.slug} in this time", "See whether its results arrive.")
        return found
    found.measure("uptime_percent", 100 * (known - spent["critical"]) / known)
    found.measure("down_s", spent["critical"])
    found.measure("unknown_percent", 100 * spent["unknown"] / (known + spent["unknown"]))
    found.measure("left_out_s", spent["out"])
    return found


def _spent(check: Check, start: datetime, end: datetime) -> Counter[str]:
    """Seconds by status; `out`: of announced or silenced time."""
    changes = list(StateChange.objects.filter(check_ref=check, at__lte=end).order_by("at", "pk"))
    silences = Silence.objects.about(check.service, check.slug).filter(starts_at__lt=end, ends_at__gt=start)
    out = [span for silence in silences for span in _windows(silence, start, end)]
    edges = sorted({start, end, *(c.at for c in changes if start < c.at < end), *(t for span in out for t in span if start < t < end)})
    spent: Counter[str] = Counter()
    for begins, ends in pairwise(edges):
        is_out = any(a <= begins < b for a, b in out)
        spent["out" if is_out else _status_at(begins, changes, check)] += round((ends - begins).total_seconds())
    return spent


def _status_at(moment: datetime, changes: Sequence[StateChange], check: Check) -> str:
    before = [change for change in changes if change.at <= moment]
    if before:
        return before[-1].after
    state = getattr(check, "state", None)
    return changes[0].before if changes else state.status if state else "unknown"


def _windows(silence: Silence, start: datetime, end: datetime) -> Iterator[Span]:
    """What it covers between the two, one window after the other."""
    moment: datetime | None = start if silence.window(start) else silence.next_at(start)
    for _turn in range(MOST_WINDOWS):
        span = silence.window(moment) if moment and moment < end else None
        if span is None:
            return
        yield span
        moment = silence.next_at(span[1])


PROBE = Probe(
    name="uptime",
    title=_("Uptime of a check"),
    kind="application",
    run=run,
    every_s=300,
    is_inside=True,
    privilege=_("None: the desk reads its own rows. It runs on the desk alone."),
    options=(
        Option("check", _("check"), is_required=True, help=_("The name of the check whose uptime is told.")),
        Option("hours", _("over the last"), "number", 168, "", "h", "a week, as most service levels", low=1, high=2200),
    ),
    figures=(
        Figure("uptime_percent", "%", _("share of the known time that was not critical"), "99.9:", "99:", "our judgement"),
        Figure("down_s", "s", _("time critical")),
        Figure("unknown_percent", "%", _("share of the time nothing is known of"), "5", "", "our judgement"),
        Figure("left_out_s", "s", _("silenced time, left out")),
    ),
)
