"""Evidence about times: how long first answers and solutions took, which were late and why, and how soon incidents were taken and over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.reports import promises
from incidents.reviews.asking import Answer, Asked
from incidents.states import IncidentState

NOT_OURS = (Ticket.Origin.IMPORT,)
NO_REASON = ("not", "late")  # what promises.reason finds where nothing else explains it
ENDS = {"answer": "first_answered_at", "solution": "solved_at"}
SPANS = {"acknowledged": ("triggered_at", "acknowledged_at"), "restored": ("since", "resolved_at")}


def times(asked: Asked) -> Answer:
    """First answers and solutions of the period's tickets against the time each was due at, by severity; why the late ones were; and
    how long incidents waited and lasted, for which the plan's table promises nothing.
    """
    seen = Ticket.objects.filter(created_at__gt=asked.since, created_at__lte=asked.now).exclude(origin__in=NOT_OURS).exclude(state="merged")
    rows = _by_severity(seen, asked)
    n, *told = (sum(row[name] for row in rows) for name in ("n", "answers", "late_answers", "solutions", "late_solutions"))
    bad = [row for row in rows if _is_slow(row, asked)]
    why = [(clock, reason) for clock in promises.CLOCKS for reason in _reasons(seen, clock, asked.now)]
    bare = sum(reason in NO_REASON for _clock, reason in why)
    words = {"answers": told[0], "all_answers": told[0] + told[1], "ends": told[2], "all_ends": told[2] + told[3], "bare": bare}
    said = _("%(answers)d of %(all_answers)d first answers and %(ends)d of %(all_ends)d solutions in time") % words
    said += "; " + _("worst: SEV%(s)s") % {"s": bad[0]["severity"] or "-"} if bad else ""
    said += "; " + _("%(bare)d misses without a reason") % words if bare else ""
    shown = [*rows, *_counted(why), *_of_incidents(asked)]
    is_bad = bool(bad) or bare > asked.limit("most_without_reason")
    return Answer(said if n else _("No ticket was filed."), is_bad, n, shown, [(_("queue"), reverse("queue"))])


def _by_severity(seen: TicketQuerySet, asked: Asked) -> list[dict[str, Any]]:
    counted = seen.values("severity").annotate(
        n=Count("pk"),
        answers=Count("pk", filter=promises.met("answer")),
        late_answers=Count("pk", filter=promises.missed("answer", asked.now)),
        solutions=Count("pk", filter=promises.met("solution")),
        late_solutions=Count("pk", filter=promises.missed("solution", asked.now)),
    )
    took: dict[tuple[int | None, str], list[timedelta]] = defaultdict(list)
    for rank, began, *ends in seen.values_list("severity", "created_at", *ENDS.values()).iterator(chunk_size=2000):
        for name, end in zip(ENDS, ends, strict=True):
            if end is not None:
                took[rank, name].append(end - began)
    rows: list[dict[str, Any]] = [dict(row) for row in counted.order_by(F("severity").asc(nulls_last=True))]
    return [row | {key: value for name in ENDS for key, value in _figures(name, took[row["severity"], name]).items()} for row in rows]


def _is_slow(row: dict[str, Any], asked: Asked) -> bool:
    """The 90th percentile is above what was promised where more than a tenth came later than they were due."""
    share = asked.limit("most_missed_percent")
    sides = ((row["late_answers"], row["answers"]), (row["late_solutions"], row["solutions"]))
    return any(late and 100 * late > share * (late + met) for late, met in sides)


def _reasons(seen: TicketQuerySet, clock: str, now: datetime) -> Iterator[str]:
    return (promises.reason(ticket, clock) for ticket in seen.filter(promises.missed(clock, now)).iterator(chunk_size=500))


def _counted(why: Iterable[tuple[str, str]]) -> list[dict[str, object]]:
    found = Counter(why)
    return [
        {"clock": str(promises.WORDS[clock]), "missed because": str(promises.REASONS[reason]), "tickets": n}
        for (clock, reason), n in sorted(found.items())
    ]


def _of_incidents(asked: Asked) -> list[dict[str, object]]:
    """Median and 90th percentile by severity; no target of these is kept, so they are told and not judged."""
    real = Incident.objects.filter(triggered_at__gt=asked.since, triggered_at__lte=asked.now)
    took: dict[tuple[int, str], list[timedelta]] = defaultdict(list)
    columns = [column for pair in SPANS.values() for column in pair]
    for row in real.exclude(state__in=(IncidentState.REJECTED, IncidentState.MERGED)).values("severity", *columns):
        for name, (start, end) in SPANS.items():
            if row[start] and row[end]:
                took[row["severity"], name].append(row[end] - row[start])
    unknown = _("cannot be known here: the plan's table sets none")
    return [{"incidents of SEV": rank, **_figures(name, each), "target": unknown} for (rank, name), each in sorted(took.items())]


def _figures(name: str, found: Iterable[timedelta]) -> dict[str, object]:
    """n, median and 90th percentile (nearest rank) in minutes, by the clock on the wall."""
    each = sorted(one.total_seconds() / 60 for one in found)
    n = len(each)
    middle = (each[(n - 1) // 2] + each[n // 2]) / 2 if n else None
    high = each[-(-9 * n // 10) - 1] if n else None
    return {
        f"{name} n": n,
        f"{name} median min": None if middle is None else round(middle, 1),
        f"{name} p90 min": None if high is None else round(high, 1),
    }
