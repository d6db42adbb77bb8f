"""The night in ten lines, on a page and by mail at 07:30; and, before one goes, what one leaves behind until one is back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import mirror, targets
from incidents.deskhours import Desk
from incidents.models import Approval, Draft, Incident, Page, Pledge, Ticket
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import DUE_AT, MOST_COUNTED, TicketQuerySet, capped, counted
from incidents.states import OPEN_INCIDENT, IncidentState, TicketState
from notifications import outbox, reach
from notifications.models import Channel, Message, Topic
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Organisation, Role, Service, User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule

AT, UNTIL = time(7, 30), time(9, 0)  # later it is no morning letter any more
NIGHT = timedelta(hours=14)  # where no desk hours say when it began
SOON = timedelta(hours=1)
NAMED = 5
PAGING = (1, 2)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a fact, how it feels (ok, warn, bad, mute), and where to go."""

    text: str
    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What one leaves behind until `back_at`."""

    back_at: datetime
    pledges: list[Pledge]
    waiting: list[Ticket]
    breaches: list[Ticket]
    drafts: list[Draft]
    approvals: list[Approval]


# This morning


def since(now: datetime) -> datetime:
    """When the desk closed last, looked at from its next opening: yesterday at six on a plain day, Friday on a Monday."""
    desk = targets.desk(None, Organisation.current())
    if desk.is_round_the_clock:
        return now - NIGHT
    ends = [end for start, end in _spans(desk, now - timedelta(days=10), now) if end <= now]
    return max(ends, default=now - NIGHT)


def _spans(desk: Desk, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    found = []
    for opens, closes in desk.spans(start):
        if opens > end:
            break
        found.append((opens, closes))
    return found


def overnight(reader: User, *, now: datetime) -> list[Line]:
    """Ten lines, of what this reader may see; what is confidential is only counted. As many statements whatever there is."""
    start = since(now)
    incidents, confidential = _incidents(reader, start)
    tickets = TicketQuerySet(Ticket).visible_to(reader).filter(is_confidential=False)
    numbers = _counted(tickets.open(), reader, now)
    return [
        _opened([row for row in incidents if row.created_at >= start], confidential),
        _still_open([row for row in incidents if row.state in OPEN_INCIDENT]),
        _woken(start, now),
        _new(tickets.filter(created_at__gte=start, created_at__lte=now).exclude(origin=Ticket.Origin.IMPORT)),
        _triage(numbers["triage"]),
        _late(numbers["late"]),
        _due_soon(numbers["soon"]),
        _promised(tickets.open(), now),
        _failing(),
        _on_call(now),
        *_mirrored(reader, start, now),
    ]


def _mirrored(reader: User, start: datetime, now: datetime) -> list[Line]:
    """Beside an old pager that still pages: how often it did, and how often we would have woken the same; for who may open the page."""
    rows = list(mirror.between(start, now)) if reader.holds(Role.MANAGER, Role.ADMIN, Role.AUDITOR) else []
    if not rows:
        return []
    same = sum(row.verdict == "same" for row in rows)
    said = ngettext(
        "The old pager paged %(n)d time; %(same)d as ours would.", "The old pager paged %(n)d times; %(same)d as ours would.", len(rows)
    )
    return [Line(said % {"n": len(rows), "same": same}, "ok" if same == len(rows) else "warn", "/oncall/mirror/")]


def _incidents(reader: User, start: datetime) -> tuple[list[Incident], int]:
    """Those opened since or open still that are not confidential, the worst first; and how many were opened that are."""
    seen = IncidentQuerySet(Incident).visible_to(reader).filter(is_confidential=False)
    rows = seen.filter(Q(created_at__gte=start) | Q(state__in=OPEN_INCIDENT)).select_related("acknowledged_by").order_by("severity", "pk")
    return list(rows), Incident.objects.filter(created_at__gte=start, is_confidential=True).count()


def _counted(rows: TicketQuerySet, reader: User, now: datetime) -> Mapping[str, int]:
    """Triage, late, and due soon, each along an index and up to the cap: a full desk's morning takes no longer."""
    return counted(
        reader,
        triage=capped(rows.untriaged()),
        late=capped(rows.filter(_due(now)), DUE_AT, "pk"),
        soon=capped(rows.filter(_falls_due(now, now + SOON)).exclude(_due(now))),
    )


def _opened(found: list[Incident], confidential: int) -> Line:
    if not found and not confidential:
        return Line(_("No incident was opened."), "ok", "/incidents/")
    text = ngettext("%(n)d incident was opened", "%(n)d incidents were opened", len(found)) % {"n": len(found)}
    text += f": {_names([f'{row.number} SEV{row.severity} {row.title}' for row in found])}" if found else ""
    text += f"; {_n_confidential(confidential)}" if confidential else ""
    return Line(text + ".", "warn", "/incidents/")


def _still_open(found: list[Incident]) -> Line:
    if not found:
        return Line(_("No incident is open."), "ok", "/incidents/")
    alone = [row for row in found if row.acknowledged_by is None and row.state != IncidentState.PROPOSED]
    nobody = _("nobody has it")
    named = _names([f"{row.number} ({row.acknowledged_by or nobody})" for row in found])
    text = ngettext("%(n)d incident is open: %(named)s.", "%(n)d incidents are open: %(named)s.", len(found))
    return Line(text % {"n": len(found), "named": named}, "bad" if alone else "warn", "/incidents/")


def _woken(start: datetime, now: datetime) -> Line:
    people = list(Page.objects.filter(at__gte=start, at__lte=now).values_list("person__name", flat=True))
    if not people:
        return Line(_("Nobody was paged."), "ok", "/outbox/")
    text = ngettext("%(n)d page went out, to %(named)s.", "%(n)d pages went out, to %(named)s.", len(people))
    return Line(text % {"n": len(people), "named": _names(sorted(set(people)))}, "warn", "/outbox/")


def _new(rows: TicketQuerySet) -> Line:
    count, grave = rows.count(), list(rows.filter(severity__in=PAGING).order_by("severity", "-pk")[: NAMED + 1])
    text = ngettext("%(n)d ticket came", "%(n)d tickets came", count) % {"n": count}
    text += f": {_names([f'{row.number} SEV{row.severity}' for row in grave])}" if grave else ""
    return Line(text + ".", "bad" if grave else "mute", "/queue/?sort=newest")


def _triage(count: int) -> Line:
    more = _("More than %(n)d tickets need triage.")
    text = _capped(count, more) or ngettext("%(n)d ticket needs triage.", "%(n)d tickets need triage.", count) % {"n": count}
    return Line(text, "warn" if count else "ok", "/queue/?view=triage")


def _late(count: int) -> Line:
    more = _("More than %(n)d tickets are late.")
    text = _capped(count, more) or ngettext("%(n)d ticket is late.", "%(n)d tickets are late.", count) % {"n": count}
    return Line(text, "bad" if count else "ok", "/queue/")


def _due_soon(count: int) -> Line:
    more = _("More than %(n)d others fall due within an hour.")
    text = _capped(count, more) or ngettext("%(n)d more falls due within an hour.", "%(n)d more fall due within an hour.", count) % {
        "n": count
    }
    return Line(text, "warn" if count else "ok", "/queue/")


def _capped(count: int, more: str) -> str:
    return more % {"n": MOST_COUNTED} if count > MOST_COUNTED else ""


def _due(by: datetime) -> Q:
    """What is owed by then: a first answer, a next answer, a solution."""
    first = Q(first_answered_at=None, first_answer_due_at__lte=by)
    return ~Q(state=TicketState.WAITING) & (first | Q(next_answer_due_at__lte=by) | Q(solution_due_at__lte=by))


def _falls_due(after: datetime, by: datetime) -> Q:
    """What becomes owed between the two: each of the three times has its index."""
    first = Q(first_answered_at=None, first_answer_due_at__gt=after, first_answer_due_at__lte=by)
    following = Q(next_answer_due_at__gt=after, next_answer_due_at__lte=by)
    return ~Q(state=TicketState.WAITING) & (first | following | Q(solution_due_at__gt=after, solution_due_at__lte=by))


def _promised(rows: TicketQuerySet, now: datetime) -> Line:
    day = zones.local(now, None).replace(hour=23, minute=59, second=59)
    found = Pledge.objects.open().filter(ticket__in=rows, due_at__lte=day)
    count, missed = found.aggregate(n=Count("pk"), missed=Count("pk", filter=Q(due_at__lte=now))).values()
    text = ngettext("%(n)d promise is for today", "%(n)d promises are for today", count) % {"n": count}
    text += ", " + _("%(n)d of them missed") % {"n": missed} if missed else ""
    return Line(text + ".", "bad" if missed else "mute", "/before-you-go/")


def _failing() -> Line:
    names = list(Service.objects.active().failing().values_list("name", flat=True))
    if not names:
        return Line(_("No check of a service sees a problem."), "ok", "/services/")
    return Line(_("Not well: %(named)s.") % {"named": _names(names)}, "bad", "/services/")


def _on_call(now: datetime) -> Line:
    schedules = list(Schedule.objects.select_related("team", "fallback").order_by("name"))
    found = [(rota.schedule.name, rota.on_call(now)) for rota in roster.load(schedules, start=now, end=now)]
    said = [f"{name} {', '.join(str(duty.person) for duty in people) or _('nobody')}" for name, people in found]
    empty = any(not people for _name, people in found)
    return Line(_("On call: %(named)s.") % {"named": "; ".join(said) or _("nobody")}, "bad" if empty or not found else "mute", "/oncall/")


def _names(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" +{len(names) - NAMED}" if len(names) > NAMED else "")


def _n_confidential(count: int) -> str:
    return ngettext("%(n)d confidential", "%(n)d confidential", count) % {"n": count}


def send_due(*, now: datetime) -> int:
    """The mail of the day, once, between half past seven and ten on the desk's wall clock, on days the desk opens; how many."""
    local = zones.local(now, None)
    if not AT <= local.time() < UNTIL or Message.objects.filter(key__startswith=_key(local)).exists():
        return 0
    midnight = datetime.combine(local.date(), time(), ZoneInfo(zones.of(None)))
    opens = targets.desk(None, Organisation.current()).opens_at(midnight)
    return _send(local, now) if opens and opens < midnight + timedelta(days=1) else 0


@tongues.deed
def _send(local: datetime, now: datetime) -> int:
    """All of them or none: a second engine finds the first one's letters."""
    people = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).exclude(email=None).order_by("pk")
    wanting = [person for person in people if reach.wants(person, Topic.DIGEST)]
    for person in wanting:
        with tongues.reader(person):
            said: dict[str, Any] = {
                "lines": overnight(person, now=now),
                "name": person.get_short_name(),
                "site": settings.SITE_URL,
                "url": f"{settings.SITE_URL}/morning/",
            }
            organisation = Organisation.current()
            said |= {"since": moments.stamp(zones.local(since(now), person), zones.local(now, person)), "organisation": organisation}
            letter = outbox.Letter(
                subject=_("This morning, %(day)s") % {"day": f"{local:%d.%m.}"}, text=render_to_string("email/morning.txt", said),
                html=render_to_string("email/morning.html", said), sms="", short="",
                headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
            )  # fmt: skip
        to = {"channel": Channel.EMAIL, "to": str(person.email), "person": person}
        outbox.post(thread="morning", key=f"{_key(local)}{person.pk}", letter=letter, now=now, **to)  # type: ignore[arg-type]
    return len(wanting)


def _key(local: datetime) -> str:
    return f"morning:{local:%Y-%m-%d}:"


# Before you go


def leaving(person: User, *, now: datetime) -> Leaving:
    """What this person has, as it will be when the desk opens on another day."""
    back_at = back(now)
    mine = TicketQuerySet(Ticket).visible_to(person).open().filter(assignee=person)
    visible = TicketQuerySet(Ticket).order_by().visible_to(person).filter(pk=OuterRef("number"))
    return Leaving(
        back_at,
        list(Pledge.objects.open().filter(person=person).select_related("ticket").order_by("due_at")),
        list(mine.filter(next_answer_due_at__isnull=False) | mine.filter(first_answered_at=None).exclude(state=TicketState.WAITING)),
        list(mine.filter(_due(back_at)).by_clock()),
        list(Draft.objects.written().filter(Exists(visible), person=person, kind__in=(Draft.Kind.REPLY, Draft.Kind.NOTE))),
        list(Approval.objects.pending().of(person).select_related("ticket__requester")),
    )


def back(now: datetime) -> datetime:
    """The desk's next opening on another day; in fourteen hours where it never closes."""
    desk = targets.desk(None, Organisation.current())
    tomorrow = datetime.combine(zones.local(now, None).date() + timedelta(days=1), time(), ZoneInfo(zones.of(None)))
    opens = None if desk.is_round_the_clock else desk.opens_at(tomorrow)
    return opens or now + NIGHT
