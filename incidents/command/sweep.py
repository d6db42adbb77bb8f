"""What the engine finds due of incidents that people lead: updates that were promised."""

from __future__ import annotations

from datetime import datetime

import structlog

from incidents import letters
from incidents.command import roles
from incidents.escalation import paging
from incidents.models import Command, Incident, RoleHolding
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User

log = structlog.get_logger(__name__)
Kind = RoleHolding.Kind


def remind_due(*, now: datetime, limit: int = 50) -> int:
    """How many were reminded of an update they promised: shortly before, and once more when it is due."""
    due = Command.objects.to_remind(now).order_by("remind_at").values_list("incident", flat=True)[:limit]
    return sum(_reminded(number, now) for number in list(due))


def _reminded(number: int, now: datetime) -> bool:
    try:
        return remind(number, now=now)
    except Exception:  # one broken incident must not stop the others
        log.exception("nobody could be reminded of an update", incident=number)
        return False


@tongues.deed
def remind(number: int, *, now: datetime) -> bool:
    """Remind whoever writes the updates, by mail; False: it is not due any more."""
    incident = Incident.objects.locked(number)
    row = Command.objects.filter(incident=incident, remind_at__lte=now).first()
    if row is None or row.next_update_at is None:
        return False
    is_due = row.next_update_at <= now
    row.remind_at = None if is_due else row.next_update_at
    row.save(update_fields=["remind_at"])
    due = row.next_update_at
    at = tongues.later_from(lambda: moments.stamp(zones.local(due, None), zones.local(now, None)))
    words = tongues.later("It was promised for %(at)s. Write it on the incident's page.", {"at": at})
    headline = tongues.later("the next update is due") if is_due else tongues.later("the next update is due soon")
    paging.write_to(
        writers(incident), incident, key=f"remind:{row.next_update_at.isoformat()}:{is_due}", now=now,
        write=lambda person, link: letters.informed(incident, person, headline=headline, words=words, link=link, now=now),
    )  # fmt: skip
    return True


def writers(incident: Incident) -> list[User]:
    """Communications, else the commander, else who wrote the last one."""
    held = roles.holders(incident)
    row = held.get(Kind.COMMUNICATIONS) or held.get(Kind.COMMANDER)
    last = incident.updates.order_by("-id").first()
    return [row.person] if row else [last.author] if last else []
