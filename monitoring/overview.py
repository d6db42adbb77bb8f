"""All checks at a glance: how many are how, by service, the worst first. A fixed number of queries, however many there are."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from incidents import escalation
from incidents.models import Incident, LinkedAlert, Silence, Ticket
from incidents.states import OPEN_INCIDENT, OPEN_TICKET
from monitoring import charts, forecast, readings, wording
from monitoring.charts import Point
from monitoring.models import Check
from servicedesk.directory import moments
from servicedesk.directory.models import Service, User

T = TypeVar("T")
MINUTE = timedelta(minutes=1)
STATES = ("critical", "warning", "unknown", "paused", "ok")
FIRST = {state: place for place, state in enumerate(STATES)}
MOST = 1_000  # checks read for one page, the worst first
WELL_SHOWN = 2  # beside what is bad, for comparison
SHOWN = 12  # of one service, before "show all"
MOST_SHOWN = 250  # on one page
OF_SERVICE = ("slug", "name", "tier")
PAGE = 100  # of one service alone
FAILING, PAUSED = "failing", "paused"
SORTS = ("worst", "name", "newest")
NOBODY = escalation.First("", "", "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the address: a state (or "failing": any that is bad), a service's short name ("-": of none), words of
    a name, an order; `after` is the number of the last check of the page before.
    """

    state: str = ""
    group: str = ""
    q: str = ""
    sort: str = "worst"
    view: str = "list"
    after: int = 0


@dataclass(slots=True)
class Row:
    """One check as a line: `state` is paused where it is, `since` since when it is not OK."""

    check: Check
    state: str
    since: datetime | None
    note: str
    ahead: str = ""
    incident: Incident | None = None
    silence: Silence | None = None
    spark: charts.Spark | None = None

    @property
    def is_down(self) -> bool:
        return self.state == "critical"

    @property
    def is_bad(self) -> bool:
        return self.state in ("critical", "warning", "unknown")


@dataclass(slots=True)
class Group:
    """The checks of one service; `service` None: those of none. `counts` are of all, `rows` are those shown."""

    service: Service | None
    counts: Counter[str]
    rows: list[Row] = field(default_factory=list)
    on_call: str = ""
    incident: Incident | None = None
    tickets: int = 0

    @property
    def number(self) -> int:
        return self.counts.total()

    @property
    def watched(self) -> int:
        return self.number - self.counts["paused"]

    @property
    def bad(self) -> int:
        return sum(self.counts[state] for state in ("critical", "warning", "unknown"))

    @property
    def worst(self) -> str:
        return next((state for state in STATES if self.counts[state]), "ok")

    @property
    def slug(self) -> str:
        return self.service.slug if self.service else "-"

    @property
    def hidden(self) -> int:
        return self.number - len(self.rows)


@dataclass(frozen=True, slots=True)
class Overview:
    """`failing` are drawn line by line, `well` folded to one line each; `following`: where the next page of one service begins."""

    counts: Counter[str]
    failing: list[Group]
    well: list[Group]
    last_at: datetime | None
    following: int
    cursor: str

    @property
    def number(self) -> int:
        return self.counts.total()

    @property
    def groups(self) -> list[Group]:
        return [*self.failing, *self.well]


def look(asked: Asked, *, user: User, now: datetime, is_pulse: str = "") -> Overview | None:
    """What the page shows. `is_pulse`: the cursor of what is shown already; None where it still is so."""
    groups = _groups(user)
    checks, following = _paged(_checks(asked), asked)
    rows = [row(check, now) for check in checks]
    cursor = _cursor(rows, groups.values())
    if is_pulse and is_pulse == cursor:
        return None
    shown = _placed(asked, rows, groups)
    beside(shown, alerts_of([row.check.pk for group in shown for row in group.rows if row.is_bad], user), now=now)
    counts = sum((group.counts for group in groups.values()), Counter())
    last_at = max((row.check.state.last_result_at for row in rows if row.check.state.last_result_at), default=None)
    is_open = bool(asked.state or asked.q or asked.group)
    failing = [group for group in shown if group.rows and (group.bad or is_open)]
    return Overview(counts, failing, [] if is_open else [group for group in shown if not group.bad], last_at, following, cursor)


def state_of(check: Check) -> str:
    return "paused" if check.is_paused else str(check.state.status)


def note(check: Check, now: datetime) -> str:
    """What a line says beside the state: why it is bad, in the fewest words."""
    state = check.state
    if check.is_paused or state.status == "ok":
        return ""
    if state.last_result_at is None:
        return _("waiting for the first signal")
    if state.status == "unknown" and check.period_s:
        return _("expected every %(span)s") % {"span": moments.duration(timedelta(seconds=check.period_s))}
    return state.summary


# Reading


def _groups(user: User) -> dict[int | None, Group]:
    """Every service that has checks, with how many are how, its open tickets and its gravest incident this person may see."""
    of_service = [f"service__{name}" for name in OF_SERVICE]
    tickets = Ticket.objects.visible_to(user).filter(state__in=OPEN_TICKET, service=OuterRef("service")).order_by().values("service")
    gravest = Incident.objects.visible_to(user).filter(state__in=OPEN_INCIDENT, service=OuterRef("service")).order_by("severity", "-pk")
    rows = (
        Check.objects.order_by()
        .values_list("service", "is_paused", "state__status", *of_service)
        .annotate(
            n=Count("pk"),
            tickets=Coalesce(Subquery(tickets.annotate(n=Count("pk")).values("n")), 0),
            incident=Subquery(gravest.values("pk")[:1]),
            incident_state=Subquery(gravest.values("state")[:1]),
        )
    )
    found: dict[int | None, Group] = {}
    for pk, is_paused, status, *columns, n, open_tickets, number, state in rows:
        service = Service(pk=pk, **dict(zip(OF_SERVICE, columns, strict=True))) if pk is not None else None
        incident = Incident(pk=number, state=state) if number else None
        group = found.setdefault(pk, Group(service, Counter(), incident=incident, tickets=open_tickets))
        group.counts["paused" if is_paused else status or "unknown"] += n
    return found


def rank() -> Case:
    """Worst first in SQL, as FIRST says."""
    paused = When(is_paused=True, then=Value(FIRST["paused"]))
    states = [When(state__status=state, then=Value(place)) for state, place in FIRST.items() if state != "paused"]
    return Case(paused, *states, default=Value(FIRST["unknown"]), output_field=IntegerField())


def _checks(asked: Asked) -> list[Check]:
    rows: QuerySet[Check] = Check.objects.all()
    if asked.state in STATES:
        rows = rows.filter(is_paused=True) if asked.state == "paused" else rows.filter(is_paused=False, state__status=asked.state)
    if asked.state == FAILING:
        rows = rows.filter(is_paused=False).exclude(state__status="ok")
    if asked.q:
        rows = rows.filter(Q(slug__icontains=asked.q) | Q(service__name__icontains=asked.q))
    if asked.group:
        rows = rows.filter(service=None) if asked.group == "-" else rows.filter(service__slug=asked.group)
    return list(ordered(rows, asked.sort)[:MOST])


def ordered(rows: QuerySet[Check], sort: str = "worst") -> QuerySet[Check]:
    """Checks with their state and service, the worst first or as `sort` says."""
    orders = {"worst": (rank(), F("state__since").desc(nulls_last=True), "slug"), "name": ("slug", "pk"), "newest": ("-pk",)}
    return rows.select_related("state", "service").filter(state__isnull=False).order_by(*orders[sort])


def _paged(checks: list[Check], asked: Asked) -> tuple[list[Check], int]:
    """Of a list that somebody narrowed one page; and the check after which the next begins, 0: there is none."""
    if not (asked.group or asked.state or asked.q):
        return checks, 0
    first = next((place + 1 for place, check in enumerate(checks) if check.pk == asked.after), 0)
    page = checks[first : first + PAGE]
    return page, page[-1].pk if len(checks) > first + PAGE else 0


def row(check: Check, now: datetime) -> Row:
    state = state_of(check)
    since = None if state in ("ok", "paused") else check.state.since or check.created_at
    return Row(check, state, since, note(check, now), ahead="" if state == "paused" else ahead(check, now))


def ahead(check: Check, now: datetime) -> str:
    """The limit it reaches next: "reaches 90 % in about 5 h (4 to 7)"."""
    found = [one for kept in check.state.forecast.values() if (one := forecast.crossing(kept, now))]
    return wording.crossing(min(found, key=lambda one: one.due_at)) if found else ""


def _cursor(rows: Iterable[Row], groups: Iterable[Group]) -> str:
    """Names what is shown: another state, value or beginning is another cursor."""
    told = [(row.check.pk, row.state, row.since and row.since.isoformat(), row.check.state.value, row.note, row.ahead) for row in rows]
    counted = sorted((group.slug, sorted(group.counts.items())) for group in groups)
    return hashlib.sha256(repr((told, counted)).encode()).hexdigest()[:16]


def _placed(asked: Asked, rows: Sequence[Row], groups: Mapping[int | None, Group]) -> list[Group]:
    """Each row with its service; of a failing service what is bad and a little more, of one that is well nothing."""
    drawn, is_open = 0, bool(asked.state or asked.q or asked.group)
    for row in rows:
        group = groups.get(row.check.service_id)
        if group is None or drawn >= MOST_SHOWN:
            continue
        most = MOST_SHOWN if is_open else SHOWN if row.is_bad else min(SHOWN, group.bad + WELL_SHOWN) if group.bad else 0
        if len(group.rows) < most:
            group.rows.append(row)
            drawn += 1
    kept = (group for group in groups.values() if not is_open or group.rows)
    return sorted(kept, key=lambda group: (FIRST[group.worst], group.service.tier if group.service else 9, _name(group)))


def _name(group: Group) -> str:
    return group.service.name.lower() if group.service else "\uffff"


def alerts_of(ids: Sequence[int], user: User) -> dict[int, LinkedAlert]:
    """The desk's copies of the open alerts of these checks, by the check's number; `seen`: its incident, if this person may see it."""
    found = with_seen(LinkedAlert.objects.open().filter(check_id__in=ids), user) if ids else []
    return {alert.check_id: alert for alert in found}


def with_seen(alerts: QuerySet[LinkedAlert], user: User) -> QuerySet[LinkedAlert]:
    mine = Incident.objects.visible_to(user).filter(pk=OuterRef("incident"))
    return alerts.select_related("silence").annotate(seen=Subquery(mine.values("pk")[:1]))


def beside(groups: Sequence[Group], alerts: Mapping[int, LinkedAlert], *, now: datetime) -> None:
    """Of each service who is on call; of each row its line, its incident and its silence."""
    people = first_on_call(now)
    lines = _sparks([row.check.pk for group in groups for row in group.rows], now)
    for group in groups:
        if group.service:
            group.on_call = people.get(group.service.pk, people.get(0, NOBODY)).person
        for row in group.rows:
            _fill(row, lines.get(row.check.pk, []), alerts.get(row.check.pk), now)


def _sparks(ids: Sequence[int], now: datetime) -> dict[int, list[Point]]:
    """Lines by the hour; kept a minute."""
    key = f"sparks:{hashlib.sha256(repr(ids).encode()).hexdigest()[:16]}"
    return _kept(key, lambda: readings.sparks(ids, now=now), now)


def _kept(key: str, made: Callable[[], T], now: datetime) -> T:
    """What was made less than a minute ago, by the desk's clock."""
    found: tuple[datetime, T] | None = cache.get(key)
    if found is None or not timedelta() <= now - found[0] < MINUTE:
        found = now, made()
        cache.set(key, found, MINUTE.total_seconds())
    return found[1]


def _fill(row: Row, points: list[Point], alert: LinkedAlert | None, now: datetime) -> None:
    start = now - readings.SPARK_SPAN
    row.spark = charts.spark(points, start=start, end=now, gap=readings.gap(points, 3600, row.check.period_s))
    if alert is not None:
        number: int | None = alert.seen  # type: ignore[attr-defined]  # annotated
        row.incident = Incident(pk=number) if number else None
        row.silence = alert.silence if alert.silenced_until and alert.silenced_until > now else None


def first_on_call(now: datetime) -> dict[int, escalation.First]:
    """Whom an incident of each service would page first, and by which policy, by the service's number; 0: of one without a policy.

    Kept a minute.
    """
    return _kept("first-on-call", lambda: escalation.first_paged(at=now), now)
