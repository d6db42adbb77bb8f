"""A shift handed over: generated from what stands, completed by who leaves, signed by both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import escalation
from incidents.models import Handover, Incident, Pledge, Run, Silence, Ticket
from incidents.states import OPEN_TICKET, RunState, Severity
from servicedesk.audit import trail
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule

MOST = 50
Section = tuple[str, list[str]]


class NotYours(Exception):
    """Only the one it was given to takes it over."""


def sections(reader: User, *, now: datetime) -> list[Section]:
    """What stands now, by heading, times on the organisation's clock. Of what is confidential only how many."""
    return [
        (_("Open incidents"), list(_incidents(now))),
        (_("Silences and their end"), list(_silences(now))),
        (_("Promises to requesters"), list(_pledges(now))),
        (_("On call"), list(_duties(now))),
        (_("My tickets"), list(_tickets(reader))),
    ]


@tongues.deed
def give(*, giver: User, taker: User, next_steps: str, left_out: str, now: datetime) -> Handover:
    """Signed by who leaves: what stands now is kept as it is. While the other has not signed, given again is the same one."""
    known = Handover.objects.select_for_update().filter(giver=giver, taker=taker, taken_at=None).first()
    if known is not None:
        return known
    said = {"next_steps": next_steps.strip(), "left_out": left_out.strip()}
    made = Handover.objects.create(giver=giver, taker=taker, sections=sections(giver, now=now), given_at=now, **said)
    trail.record(made, "hand over", actor=giver, now=now, after={"taker": taker.username})
    return made


@tongues.deed
def take(row: Handover, *, by: User, now: datetime) -> Handover:
    """Signed by who takes over. Taken already: unchanged. Raises NotYours."""
    row = Handover.objects.select_for_update(of=("self",)).select_related("giver", "taker").get(pk=row.pk)
    if row.taker != by:
        raise NotYours
    if row.taken_at is None:
        row.taken_at = now
        row.save(update_fields=["taken_at"])
        trail.record(row, "take over", actor=by, now=now)
    return row


def _incidents(now: datetime) -> Iterator[str]:
    open_now = Incident.objects.open().select_related("acknowledged_by", "service").order_by("severity", "pk")
    for row in open_now.filter(is_confidential=False)[:MOST]:
        words = {
            "number": row.number,
            "sev": f"SEV{int(Severity(row.severity))}",
            "title": row.title,
            "state": row.get_state_display().lower(),
        }
        owner = _("%(name)s has it") % {"name": row.acknowledged_by} if row.acknowledged_by else _("nobody has it")
        yield "; ".join(filter(None, [_("%(number)s %(sev)s %(title)s, %(state)s") % words, owner, _next_step(row, now)]))
    yield from _confidential(open_now.filter(is_confidential=True).count())


def _next_step(row: Incident, now: datetime) -> str:
    """Who is called next; of what somebody has nobody is, but its owner may be asked again."""
    held = Run.objects.open().filter(incident=row, state=RunState.HELD).first()
    if held is not None:
        return _("asked again at %(at)s") % {"at": _at(held.next_step_at, now)} if held.next_step_at else ""
    following = escalation.next_person(row, now=now)
    if following is None or following.at is None:
        return ""
    names = ", ".join(str(person) for person in following.people) or _("the last resort")
    return _("next %(names)s at %(at)s") % {"names": names, "at": _at(following.at, now)}


def _silences(now: datetime) -> Iterator[str]:
    for row in Silence.objects.filter(starts_at__lte=now, ends_at__gt=now).select_related("service", "made_by").order_by("ends_at")[:MOST]:
        yield _("%(what)s until %(end)s: %(why)s (%(name)s)") % {
            "what": row.about, "end": _at(row.ends_at, now), "why": row.reason, "name": row.made_by,
        }  # fmt: skip


def _pledges(now: datetime) -> Iterator[str]:
    rows = Pledge.objects.filter(kept_at=None, withdrawn_at=None).select_related("ticket", "person").order_by("due_at")
    for row in rows.filter(ticket__is_confidential=False)[:MOST]:
        words = {"number": row.ticket.number, "text": row.text, "due": _at(row.due_at, now), "name": row.person}
        yield _("%(number)s by %(due)s: %(text)s (%(name)s)") % words
    yield from _confidential(rows.filter(ticket__is_confidential=True).count())


def _duties(now: datetime) -> Iterator[str]:
    for rota in roster.load(list(Schedule.objects.select_related("team", "fallback")), start=now, end=now):
        names = ", ".join(str(duty.person) for duty in rota.on_call(now)) or _("nobody")
        yield _("%(schedule)s: %(names)s") % {"schedule": rota.schedule, "names": names}


def _tickets(reader: User) -> Iterator[str]:
    mine = Ticket.objects.filter(assignee=reader, state__in=OPEN_TICKET).order_by("severity", "pk")
    for row in mine.filter(is_confidential=False)[:MOST]:
        yield _("%(number)s %(title)s, %(state)s") % {"number": row.number, "title": row.title, "state": row.get_state_display().lower()}
    yield from _confidential(mine.filter(is_confidential=True).count())


def _confidential(number: int) -> Iterator[str]:
    if number:
        yield ngettext("%(n)d confidential", "%(n)d confidential", number) % {"n": number}


def _at(then: datetime, now: datetime) -> str:
    return moments.stamp(zones.local(then, None), zones.local(now, None))
