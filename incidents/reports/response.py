"""How fast: until it was detected, acknowledged, mitigated, over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models.incidents import IncidentQuerySet
from incidents.reports.asked import Asked
from incidents.reports.shapes import Line, Table, spans
from incidents.states import IncidentState

SPANS = {
    "ttd": ("since", "created_at"),
    "tta": ("triggered_at", "acknowledged_at"),
    "ttm": ("since", "mitigated_at"),
    "ttr": ("since", "resolved_at"),
}
COLUMNS = ("TTD", "TTA", "TTM", "TTR")
TITLE = gettext_lazy("Response")
DEFINITIONS = (
    (gettext_lazy("Counted"), gettext_lazy(
        "Incidents that were triggered in the period. Left out: rejected and merged ones, drills and tests, and those that were over by "
        "themselves before anybody was paged.")),
    ("TTD", gettext_lazy("from the beginning of the trouble until the desk had an incident")),
    ("TTA", gettext_lazy("from the alarm until a person acknowledged it")),
    ("TTM", gettext_lazy("from the beginning until the harm was stopped")),
    ("TTR", gettext_lazy("from the beginning until it was resolved")),
    (gettext_lazy("Figures"), gettext_lazy("Median / 90th percentile by nearest rank, with n. Fewer than five are listed one by one.")),
)  # fmt: skip


def real(asked: Asked) -> IncidentQuerySet:
    """Those that count, triggered in the period."""
    rows = asked.incidents().filter(triggered_at__gte=asked.since, triggered_at__lt=asked.until)
    by_itself = Q(acknowledged_at=None, pages=None, resolved_at__isnull=False)
    return rows.exclude(state__in=(IncidentState.REJECTED, IncidentState.MERGED)).exclude(by_itself)


def build(asked: Asked) -> list[Table]:
    columns = {name for pair in SPANS.values() for name in pair}
    found = list(real(asked).values("pk", "severity", "team_id", "team__name", *columns))
    by_rank, by_team, names = defaultdict(list), defaultdict(list), {}
    for row in found:
        by_rank[row["severity"]].append(row)
        by_team[row["team_id"]].append(row)
        names[row["team_id"]] = row["team__name"] or str(_("No team"))
    ranks = [Line(f"SEV{rank}", _cells(by_rank[rank], f"sev.{rank}")) for rank in (1, 2, 3, 4)]
    teams = [Line(names[team], _cells(by_team[team], f"team.{team or 0}")) for team in sorted(by_team, key=lambda one: names[one])]
    first = Table("severity", _("By severity"), _("Severity"), COLUMNS, ranks, drawn=1)
    return [first, Table("team", _("By team"), _("Team"), COLUMNS, teams)] if found else []


def rows(asked: Asked, key: str) -> IncidentQuerySet:
    """ "sev.1.tta", "team.3.ttr". Raises ValueError, KeyError."""
    by, number, span = key.split(".")
    found = real(asked).filter(**{f"{name}__isnull": False for name in SPANS[span]})
    if by == "team":
        return found.filter(team=int(number) or None)
    return found.filter(severity=int(number))


def _cells(found: Iterable[dict[str, Any]], key: str) -> list[Any]:
    return [spans(_between(found, *pair), f"{key}.{name}") for name, pair in SPANS.items()]


def _between(found: Iterable[dict[str, Any]], start: str, end: str) -> list[timedelta]:
    pairs: list[tuple[datetime | None, datetime | None]] = [(row[start], row[end]) for row in found]
    return [last - first for first, last in pairs if first and last]
