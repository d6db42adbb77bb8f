"""What a report is asked for: a period, a team, a service, and who reads it. All of it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Incident, Ticket
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import TicketQuerySet
from servicedesk import walltime
from servicedesk.directory import zones
from servicedesk.directory.models import Service, Team, User

DAY = timedelta(days=1)
LONG = 100 * DAY  # a longer one is worked as a job
FARTHEST = 3660 * DAY
PERIODS: dict[str, str | Promise] = {
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "90d": gettext_lazy("90 days"),
    "365d": gettext_lazy("a year"),
}
USUAL = "30d"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it. Agents read of their own teams; managers, auditors and administrators of all."""

    user: User

    @property
    def sees_all(self) -> bool:
        return self.user.is_machine or self.user.holds("manager", "auditor", "admin")

    def teams(self) -> list[Team]:
        every = Team.objects.order_by("name")
        return list(every if self.sees_all else every.filter(pk__in=self.user.team_ids))


@dataclass(frozen=True, slots=True)
class Asked:
    """From `since` up to but not including `until`. `team` None: of every team the reader may read."""

    reader: Reader
    since: datetime
    until: datetime
    zone: ZoneInfo
    period: str = USUAL
    team: Team | None = None
    service: Service | None = None
    compare: bool = False
    notices: tuple[str, ...] = ()

    @property
    def span(self) -> timedelta:
        return self.until - self.since

    @property
    def is_long(self) -> bool:
        return self.span > LONG

    @property
    def days(self) -> int:
        return max(round(self.span / DAY), 1)

    def before(self) -> Asked:
        """The period of the same length before it."""
        return replace(self, since=self.since - self.span, until=self.since)

    @property
    def query(self) -> str:
        """The address of just this, in one order."""
        named = {
            "period": self.period, "team": self.team.slug if self.team else "", "service": self.service.slug if self.service else "",
            "compare": "1" if self.compare else "",
        }  # fmt: skip
        return urlencode({name: value for name, value in named.items() if value})

    def tickets(self) -> TicketQuerySet:
        """Of these teams and this service, of all time: confidential ones are counted, and shown only to whoever may see them."""
        rows = TicketQuerySet(Ticket).exclude(state="merged").exclude(origin=Ticket.Origin.IMPORT)
        return rows.filter(**self._narrow())

    def incidents(self) -> IncidentQuerySet:
        return IncidentQuerySet(Incident).filter(**self._narrow())

    def _narrow(self) -> dict[str, object]:
        narrow: dict[str, object] = {"service": self.service} if self.service else {}
        if self.team is not None:
            narrow["team"] = self.team
        elif not self.reader.sees_all:
            narrow["team__in"] = self.reader.user.team_ids
        return narrow


def ask(given: Mapping[str, str], reader: User, *, now: datetime) -> Asked:
    """From an address. What it does not know is left out, with a word on it."""
    who, zone = Reader(reader), ZoneInfo(zones.of(reader))
    notices: list[str] = []
    period = given.get("period") or USUAL
    try:
        since, until = _bounds(period, zone, now)
    except ValueError:
        notices.append(_("Unknown period “%(period)s”: these are 30 days.") % {"period": period[:40]})
        period = USUAL
        since, until = _bounds(period, zone, now)
    team = _named(Team.objects.filter(pk__in=[team.pk for team in who.teams()]), given.get("team"), notices)
    service = _named(Service.objects.all(), given.get("service"), notices)
    return Asked(who, since, until, zone, period, team, service, given.get("compare") == "1", tuple(notices))


def _bounds(period: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """ "30d" ends now; "2026-08-01..2026-08-31" has whole days, the last one too. Raises ValueError."""
    if period.endswith("d") and period[:-1].isdecimal() and 0 < int(period[:-1]) <= FARTHEST.days:
        return now - int(period[:-1]) * DAY, now
    first, between, last = period.partition("..")
    if not between:
        raise ValueError(period)
    since, until = _midnight(date.fromisoformat(first), zone), _midnight(date.fromisoformat(last) + DAY, zone)
    if not timedelta() < until - since <= FARTHEST:
        raise ValueError(period)
    return since, until


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return walltime.first(datetime.combine(day, time()), zone)


def _named(rows: Any, slug: str | None, notices: list[str]) -> Any:
    found = rows.filter(slug=slug).first() if slug else None
    if slug and found is None:
        notices.append(_("“%(name)s” is not known, or not yours to read: left out.") % {"name": slug[:40]})
    return found
