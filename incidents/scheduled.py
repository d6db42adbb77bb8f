"""Work that comes round: filed once each time, never for every time that was missed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from cronsim import CronSim, CronSimError
from django.db import transaction

from incidents import asking, automation, targets
from incidents.models import ScheduledTicket, Ticket
from incidents.states import Effect, Impacted

log = structlog.get_logger(__name__)

AT_ONCE = 50


class BadTime(ValueError):
    """These are not five fields of cron."""


def following(cron: str, zone: str, after: datetime) -> datetime:
    """The next time after that moment, on that wall clock. Raises BadTime."""
    try:
        found = next(CronSim(cron, after.astimezone(ZoneInfo(zone))))
    except (CronSimError, StopIteration) as error:
        raise BadTime(str(error) or cron) from error
    return found.astimezone(after.tzinfo)


def plan(row: ScheduledTicket, *, now: datetime) -> ScheduledTicket:
    """Write down when it comes next. Raises BadTime."""
    row.next_at = following(row.cron, row.zone, now)
    row.save(update_fields=["next_at"])
    return row


def file_due(*, now: datetime) -> int:
    due = ScheduledTicket.objects.due(now).order_by("next_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_one(pk, now) for pk in list(due))


def _one(pk: int, now: datetime) -> bool:
    """False: somebody else has it, or it failed; then it rests until it is planned again, and the log says so."""
    try:
        with transaction.atomic():
            row = ScheduledTicket.objects.due(now).select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if row is None:
                return False
            _file(row, now)
            return True
    except Exception:
        log.exception("a scheduled ticket could not be filed", number=pk)
        ScheduledTicket.objects.filter(pk=pk).update(next_at=None)
        return False


def _file(row: ScheduledTicket, now: datetime) -> Ticket:
    assert row.next_at is not None
    key = f"scheduled:{row.pk}:{row.next_at.timestamp():.0f}"
    ticket = automation.file_ticket(
        requester=row.requester, what=row.what or row.title, title=row.title, service=row.service, origin=Ticket.Origin.MONITORING,
        kind=Ticket.Kind.REQUEST, impacted=Impacted.ME, effect=Effect.QUESTION, idempotency_key=key, now=now,
    )  # fmt: skip
    if row.team is not None:
        ticket.team = row.team
        ticket.save(update_fields=["team"])
        targets.follow(ticket, now=now)
    asking.lay_down(ticket, row.checklist)
    plan(row, now=now)
    return ticket
