"""Counting repeats in the database: what rules ask of the past, each question bounded by its window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from incidents.likeness import likeness
from incidents.models import LinkedAlert, Ticket
from incidents.rules import SHARED, Counted, Facts, Repeat
from incidents.states import IncidentState, TicketState

MOST = 2_000  # rows read of one window, the newest; no sentence needs more
WEEKS = 12  # past weeks that say what is usual
WEEK = timedelta(weeks=1)
UNDECLARED = (IncidentState.PROPOSED, IncidentState.REJECTED)  # a proposal grows by every further report
TICKET_COLUMNS: Mapping[str, str] = {
    "requester": "requester__username",
    "service": "service__slug",
    "site": "requester__site__slug",
    "category": "category",
}
ALERT_COLUMNS: Mapping[str, str] = {"service": "service__slug", "check": "check_slug", "status": "status"}


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier thing of the window."""

    pk: int
    label: str
    person: str
    at: datetime
    signature: Sequence[str]


@dataclass(slots=True)
class LiveHistory:
    """rules.History by SQL, for one evaluation: what was read once is not read again."""

    read: dict[tuple[Any, ...], list[Past]] = field(default_factory=dict)
    began: dict[tuple[Any, ...], datetime | None] = field(default_factory=dict)

    def count(self, repeat: Repeat, facts: Facts, now: datetime) -> Counted:
        """The one at hand and those alike; see rules.History for what is left out."""
        if repeat.of == "alerts":
            return _counted_alerts(repeat, facts, now)
        others = self._others(repeat, facts, now)
        if "text" in repeat.same:
            mine = cast("Sequence[str]", facts["ticket.signature"])
            others = [past for past in others if likeness(mine, past.signature).is_similar]
        usual, weeks = self._usual(repeat, facts, now)
        reporters = {past.person for past in others} | {str(facts["ticket.requester"])}
        labels = (*(past.label for past in others), str(facts["ticket.id"]))
        return Counted(len(labels), len(reporters), labels, others[0].at if others else None, usual, weeks)

    def _others(self, repeat: Repeat, facts: Facts, now: datetime) -> list[Past]:
        """Everything else of the window that shares what columns can tell, oldest first."""
        asked = (repeat.within_s, repeat.after_solved, _but_text(repeat))
        if asked not in self.read:
            start = now - timedelta(seconds=repeat.within_s)
            rows = _alike(repeat, facts).filter(_inside(repeat, facts, start, now)).exclude(pk=_own(facts))
            columns = ("pk", "requester__username", "created_at", "signature")
            newest = rows.order_by("-created_at", "-pk").values_list(*columns)[:MOST]
            self.read[asked] = [Past(pk, f"T-{pk}", person, at, words) for pk, person, at, words in reversed(newest)]
        return self.read[asked]

    def _usual(self, repeat: Repeat, facts: Facts, now: datetime) -> tuple[float | None, float]:
        """What the same window held on average in the weeks before, and how many weeks of history there are."""
        if repeat.times_usual is None and repeat.at_least_without_history is None:
            return None, 0.0
        began = self._first(repeat, facts)
        weeks = max(0.0, (now - began) / WEEK) if began else 0.0
        if repeat.times_usual is None or weeks < repeat.weeks_of_history:
            return None, weeks
        return _average(_alike(repeat, facts), repeat, facts, now, min(WEEKS, int(weeks))), weeks

    def _first(self, repeat: Repeat, facts: Facts) -> datetime | None:
        """When the history of what shares the same begins."""
        asked = _but_text(repeat)
        if asked not in self.began:
            self.began[asked] = _alike(repeat, facts).order_by("created_at").values_list("created_at", flat=True).first()
        return self.began[asked]


def _but_text(repeat: Repeat) -> tuple[str, ...]:
    return tuple(name for name in repeat.same if name != "text")


def _alike(repeat: Repeat, facts: Facts) -> QuerySet[Ticket]:
    """The tickets that count at all and share these values. Who stands in a declared incident is counted there."""
    shared = {TICKET_COLUMNS[name]: facts[SHARED[name]] for name in _but_text(repeat) if name in TICKET_COLUMNS}
    if len(shared) < len(_but_text(repeat)):
        return Ticket.objects.none()  # a ticket has no check of its own to share
    free = Q(incident=None) | Q(incident__state__in=UNDECLARED)
    return Ticket.objects.counting().filter(free, is_confidential=False, **shared).exclude(state=TicketState.MERGED)


def _inside(repeat: Repeat, facts: Facts, start: datetime, now: datetime) -> Q:
    if not repeat.after_solved:
        return Q(created_at__gte=start, created_at__lte=now)
    return Q(solved_at__gte=start, solved_at__lte=datetime.fromisoformat(str(facts["ticket.reported_at"])))


def _own(facts: Facts) -> int:
    return int(str(facts["ticket.id"]).removeprefix("T-"))


def _average(tickets: QuerySet[Ticket], repeat: Repeat, facts: Facts, now: datetime, weeks: int) -> float:
    """By the wall clock of the desk, so that nine o'clock stays nine o'clock when summer time ends. One query."""
    local = now.astimezone(ZoneInfo(str(facts["time.zone"])))
    ends = [(local - week * WEEK).astimezone(now.tzinfo) for week in range(1, weeks + 1)]
    length = timedelta(seconds=repeat.within_s)
    windows = {f"week_{at}": Q(created_at__gt=end - length, created_at__lte=end) for at, end in enumerate(ends)}
    what = "requester" if repeat.distinct_people else "pk"
    counts = {name: Count(what, distinct=repeat.distinct_people, filter=window) for name, window in windows.items()}
    found = tickets.filter(reduce(or_, windows.values())).aggregate(**counts)
    return float(sum(found.values())) / weeks


def _counted_alerts(repeat: Repeat, facts: Facts, now: datetime) -> Counted:
    """Alerts by when they began; people do not report them."""
    shared = {ALERT_COLUMNS[name]: facts[SHARED[name]] for name in repeat.same if name in ALERT_COLUMNS}
    start = now - timedelta(seconds=repeat.within_s)
    heard = LinkedAlert.objects.filter(since__gte=start, since__lte=now, **shared).exclude(silenced_until__gt=now)
    alerts = heard.exclude(alert_id=int(str(facts["alert.id"])))
    others = list(alerts.order_by("-since", "-pk").values_list("check_slug", "since")[:MOST])[::-1]
    labels = (*(slug for slug, _since in others), str(facts["check.slug"]))
    return Counted(len(labels), 0, labels, others[0][1] if others else None)
