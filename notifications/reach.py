"""By which ways a person can be reached: their verified methods in the order of their ladder, and what is left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from django.utils.translation import gettext as _

from notifications import plan
from notifications.models import WAKING, Channel, ContactMethod, LadderRung, MutedTopic, QuietHours, Urgency
from servicedesk.directory import zones
from servicedesk.directory.models import User

# for a person who never arranged a ladder: what each verified method is worth, in seconds after the page began
USUAL_S = {Channel.SMS: 0, Channel.PUSH: 0, Channel.CHAT: 0, Channel.APPRISE: 0, Channel.EMAIL: 0, Channel.VOICE: 180}


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
    return rungs or _usual(ContactMethod.objects.kept().filter(person=person).order_by("pk"))


def is_reachable(person: User, urgency: str) -> bool:
    return any(not rung.why_not for rung in ladder(person, urgency))


def why_not(person: User, urgency: str) -> str:
    """Why nobody gets through to this person, in words; empty when somebody does."""
    rungs = ladder(person, urgency)
    if any(not rung.why_not for rung in rungs):
        return ""
    return "; ".join(rung.why_not for rung in rungs) or _("No method is known.")


def wakes(person: User) -> bool:
    """Whether an urgent page reaches this person by more than mail. A flagged number is tried, so it counts."""
    return any(not rung.why_not and rung.method.kind in WAKING for rung in ladder(person, Urgency.URGENT))


def wants(person: User, topic: str) -> bool:
    """Whether this person is told of such things; a notice without a topic is never switched off."""
    return not topic or not MutedTopic.objects.filter(person=person, topic=topic).exists()


def mail_address(person: User) -> str:
    """Where a letter that wakes nobody goes: a verified address of theirs, else that of the account."""
    own = ContactMethod.objects.usable().filter(person=person, kind=Channel.EMAIL).order_by("pk").first()
    return own.address if own else person.email or ""


def quiet(person: User) -> plan.Quiet | None:
    """The quiet hours this person asked for, on their own clock."""
    hours = QuietHours.objects.filter(person=person).first()
    return plan.Quiet(hours.starts, hours.ends, zones.of(person), frozenset(hours.weekdays)) if hours else None


def plan_for(ways: Sequence[Rung], *, kind: str, on_duty: bool, quiet_hours: plan.Quiet | None, now: datetime) -> plan.Plan:
    """When each of these is tried; a step's `rung` is its place among `ways`."""
    rungs = [plan.Rung(place, way.delay_s, plan_method(way.method, now)) for place, way in enumerate(ways)]
    return plan.plan(rungs, kind="page" if kind == "page" else "notice", on_duty=on_duty, quiet=quiet_hours, now=now)


def plan_method(method: ContactMethod, now: datetime) -> plan.Method:
    kind = cast("Literal['email', 'sms', 'voice', 'push', 'chat', 'apprise']", method.kind)
    off = method.disabled_at is not None
    return plan.Method(method.pk or 0, kind, method.verified_at is not None, disabled=off, flagged=method.is_flagged(now))


def _usual(methods: Iterable[ContactMethod]) -> list[Rung]:
    rungs = [Rung(method, USUAL_S[Channel(method.kind)], _why_not(method)) for method in methods]
    return sorted(rungs, key=lambda rung: rung.delay_s)


def _why_not(method: ContactMethod) -> str:
    """In words what the plan calls unverified or disabled."""
    if method.is_usable:
        return ""
    words = {"method": method.get_kind_display(), "reason": method.disabled_reason}
    if method.verified_at is None:
        return _("%(method)s is not verified") % words
    return (_("%(method)s is switched off: %(reason)s") if method.disabled_reason else _("%(method)s is switched off")) % words
