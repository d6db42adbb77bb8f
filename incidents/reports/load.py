"""How much: in, out, backlog by day or week, and in by hour of the week."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import accumulate

from django.db.models import Count, Q
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, TruncDate
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models.tickets import TicketQuerySet
from incidents.reports.asked import DAY, Asked
from incidents.reports.shapes import Line, Table, count
from servicedesk import walltime

TITLE = gettext_lazy("Load")
DEFINITIONS = (
    (gettext_lazy("In"), gettext_lazy("tickets filed that day or week, without imports and merged ones")),
    (gettext_lazy("Out"), gettext_lazy(
        "tickets whose present solution is of that day or week: one that was reopened counts where "
        "it was solved last")),
    (gettext_lazy("Backlog"), gettext_lazy("filed and not solved at the end of it")),
    (gettext_lazy("By hour"), gettext_lazy("tickets filed in that hour of that week day, on your clock, over the whole period")),
)  # fmt: skip
BY_DAY_UNTIL = 31


def build(asked: Asked) -> list[Table]:
    came, went = _by_day(asked, "created_at"), _by_day(asked, "solved_at")
    standing = _open_at(asked, asked.since).count()
    if not came and not went and not standing:
        return []
    return [_flow(asked, came, went, standing), _hours(asked)]


def _by_day(asked: Asked, column: str) -> dict[date, int]:
    found = asked.tickets().filter(**{f"{column}__gte": asked.since, f"{column}__lt": asked.until})
    return dict(found.annotate(day=TruncDate(column, tzinfo=asked.zone)).values("day").annotate(n=Count("pk")).values_list("day", "n"))


def _flow(asked: Asked, came: dict[date, int], went: dict[date, int], standing: int) -> Table:
    steps = _steps(asked)
    ins = [sum(n for day, n in came.items() if start <= day < end) for start, end in steps]
    outs = [sum(n for day, n in went.items() if start <= day < end) for start, end in steps]
    left = list(accumulate((here - gone for here, gone in zip(ins, outs, strict=True)), initial=standing))[1:]
    lines = [
        Line(f"{start:%d %b}", [count(n, f"in.{start}.{end}"), count(out, f"out.{start}.{end}"), count(rest, f"left.{end}.{end}")])
        for (start, end), n, out, rest in zip(steps, ins, outs, left, strict=True)
    ]
    title = _("By day") if asked.days <= BY_DAY_UNTIL else _("By week")
    return Table("flow", title, _("From"), [_("In"), _("Out"), _("Backlog")], lines, drawn=0)


def _steps(asked: Asked) -> list[tuple[date, date]]:
    """Days, or for more than a month weeks from Monday; whole ones, so that the first and the last reach over the edges."""
    first, last = (walltime.shown(at, asked.zone).date() for at in (asked.since, asked.until - timedelta(microseconds=1)))
    size = timedelta(days=1 if asked.days <= BY_DAY_UNTIL else 7)
    first -= DAY * first.weekday() if size > DAY else timedelta()
    return [(first + n * size, first + (n + 1) * size) for n in range((last - first) // size + 1)]


def _hours(asked: Asked) -> Table:
    filed = asked.tickets().filter(created_at__gte=asked.since, created_at__lt=asked.until)
    hour, day = ExtractHour("created_at", tzinfo=asked.zone), ExtractIsoWeekDay("created_at", tzinfo=asked.zone)
    found = {
        (row["day"], row["hour"]): row["n"] for row in filed.annotate(day=day, hour=hour).values("day", "hour").annotate(n=Count("pk"))
    }
    most = max(found.values(), default=1)
    lines = [
        Line(str(WEEKDAYS_ABBR[number - 1]), [count(found.get((number, one), 0), f"hour.{number}.{one}") for one in range(24)])
        for number in range(1, 8)
    ]
    return Table("hours", _("In by hour of the week"), _("Day"), [f"{one:02d}" for one in range(24)], lines, heat=True, note=str(most))


def _open_at(asked: Asked, at: datetime) -> TicketQuerySet:
    return asked.tickets().filter(created_at__lt=at).filter(Q(solved_at=None) | Q(solved_at__gte=at))


def rows(asked: Asked, key: str) -> TicketQuerySet:
    """ "in.2026-11-01.2026-11-08", "hour.1.9". Raises ValueError."""
    what, one, other = key.split(".")
    if what == "hour":
        filed = asked.tickets().filter(created_at__gte=asked.since, created_at__lt=asked.until)
        hour, day = ExtractHour("created_at", tzinfo=asked.zone), ExtractIsoWeekDay("created_at", tzinfo=asked.zone)
        return filed.annotate(day=day, hour=hour).filter(day=int(one), hour=int(other))
    start, end = (walltime.first(datetime.combine(date.fromisoformat(word), datetime.min.time()), asked.zone) for word in (one, other))
    if what == "left":
        return _open_at(asked, min(end, asked.until))
    column = {"in": "created_at", "out": "solved_at"}[what]
    return asked.tickets().filter(**{f"{column}__gte": max(start, asked.since), f"{column}__lt": min(end, asked.until)})
