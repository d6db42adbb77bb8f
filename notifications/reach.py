"""By which ways a person can be reached: their verified methods in the order of their ladder, and what is left out and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from notifications.models import Channel, ContactMethod, LadderRung, QuietHours
from servicedesk import walltime
from servicedesk.directory import zones
from servicedesk.directory.models import User

# for a person who never arranged a ladder: what each verified method is worth, in seconds after the page began
USUAL_S = {Channel.SMS: 0, Channel.PUSH: 0, Channel.CHAT: 0, Channel.EMAIL: 0, Channel.VOICE: 180}


@dataclass(frozen=True, slots=True)
class Rung:
    """One method so long after the beginning; `why_not` says why it is left out, empty where it is used."""

    method: ContactMethod
    delay_s: int
    why_not: str = ""


def ladder(person: User, urgency: str) -> list[Rung]:
    """All rungs in order, those left out among them. Without rungs of their own: every method at its usual time."""
    own = LadderRung.objects.filter(person=person, urgency=urgency).select_related("method").order_by("delay_s", "position")
    rungs = [Rung(rung.method, rung.delay_s, _why_not(rung.method)) for rung in own]
    return rungs or _usual(ContactMethod.objects.filter(person=person).order_by("pk"))


def is_reachable(person: User, urgency: str) -> bool:
    return any(not rung.why_not for rung in ladder(person, urgency))


def why_not(person: User, urgency: str) -> str:
    """Why nobody gets through to this person, in words; empty when somebody does."""
    rungs = ladder(person, urgency)
    if any(not rung.why_not for rung in rungs):
        return ""
    return "; ".join(rung.why_not for rung in rungs) or _("No method is known.")


def quiet_until(person: User, now: datetime) -> datetime | None:
    """When this person's quiet hours end, if it is in them; a week day means the evening they begin."""
    hours = QuietHours.objects.filter(person=person).first()
    if hours is None or hours.starts == hours.ends:
        return None
    zone = ZoneInfo(zones.of(person))
    local = walltime.shown(now, zone)
    for day in (local.date() - timedelta(days=1), local.date()):
        begins, ends = datetime.combine(day, hours.starts), datetime.combine(day, hours.ends)
        ends += timedelta(days=1) if ends < begins else timedelta()
        if begins <= local < ends and (not hours.weekdays or day.weekday() in hours.weekdays):
            return walltime.first(ends, zone)
    return None


def _usual(methods: Iterable[ContactMethod]) -> list[Rung]:
    rungs = [Rung(method, USUAL_S[Channel(method.kind)], _why_not(method)) for method in methods]
    return sorted(rungs, key=lambda rung: rung.delay_s)


def _why_not(method: ContactMethod) -> str:
    words = {"method": method.get_kind_display(), "reason": method.disabled_reason}
    if method.verified_at is None:
        return _("%(method)s is not verified") % words
    if method.disabled_at is not None:
        return _("%(method)s is switched off: %(reason)s") % words if method.disabled_reason else _("%(method)s is switched off") % words
    return ""
