"""Tickets in a vendor's hands: their case number, and a clock that says when to chase them, in the vendor's own hours."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from incidents import deskhours, journal, letters_staff, tickets
from incidents.models import Ticket, Vendor, VendorCase
from incidents.states import TicketState
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User

log = structlog.get_logger(__name__)

AT_ONCE = 200


def chase_at(vendor: Vendor, since: datetime) -> datetime | None:
    """When they should have answered; None where their hours never come."""
    return deskhours.due(deskhours.desk(vendor.hours, vendor.zone, ""), since, vendor.answers_within_s)


@tongues.deed
def hand_over(ticket: Ticket, vendor: Vendor, *, number: str = "", actor: User, now: datetime) -> VendorCase:
    """The ticket waits for them. The same vendor again keeps the case and takes the new number; another ends it."""
    row = tickets.wait(ticket, Ticket.Waiting.VENDOR, actor=actor, now=now, reason=_("%(vendor)s has it.") % {"vendor": vendor})
    case = VendorCase.objects.filter(ticket=row, ended_at=None).select_for_update().first()
    if case is not None and case.vendor_id == vendor.pk:
        case.number, case.chase_at = number[:80] or case.number, chase_at(vendor, now)
        case.save(update_fields=["number", "chase_at"])
    else:
        _end(case, now)
        case = VendorCase.objects.create(ticket=row, vendor=vendor, number=number[:80], since=now, chase_at=chase_at(vendor, now))
    said = _("Handed to %(vendor)s, case %(number)s.") % {"vendor": vendor, "number": case.number or _("without a number yet")}
    journal.ticket_event(row, said, actor=actor, now=now, verb="vendor", after={"vendor": vendor.pk, "case": case.number})
    return case


def chase_due(*, now: datetime) -> int:
    """Tell whoever has the ticket that the vendor owes an answer; how many."""
    due = VendorCase.objects.filter(chase_at__lte=now).order_by("chase_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_chase(pk, now) for pk in list(due))


@tongues.deed
def _chase(pk: int, now: datetime) -> bool:
    case = (
        VendorCase.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("vendor")
        .filter(pk=pk, chase_at__lte=now)
        .first()
    )
    if case is None:
        return False
    ticket = Ticket.objects.locked(case.ticket_id)
    if ticket.state != TicketState.WAITING or ticket.waiting_for != Ticket.Waiting.VENDOR:
        _end(case, now)
        return True
    case.chased, case.chase_at = case.chased + 1, chase_at(case.vendor, now)
    case.save(update_fields=["chased", "chase_at"])
    since = moments.stamp(zones.local(case.since, None), zones.local(now, None))
    words = {"vendor": case.vendor, "since": since, "number": case.number or _("none"), "n": case.chased}
    because = tongues.later(
        "%(vendor)s has had it since %(since)s (case %(number)s) and owes an answer: chase them, for the %(n)d. time.", words
    )
    journal.ticket_event(ticket, str(because), actor=None, now=now, verb="chase")
    letters_staff.notify(ticket, "assignee" if ticket.assignee else "team", because=because, now=now)
    return True


def _end(case: VendorCase | None, now: datetime) -> None:
    if case is not None:
        case.ended_at, case.chase_at = now, None
        case.save(update_fields=["ended_at", "chase_at"])
