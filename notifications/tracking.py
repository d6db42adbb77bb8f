"""What e-mail services report later about our letters: arrived, came back, or called unwanted by whoever got it.

A report counts once and only for a letter of ours to that very address; anybody can write that some address is dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from notifications import caretakers, delivery
from notifications.delivery import outcomes
from notifications.models import Attempt, BouncedAddress, Channel, Message, ProviderCallback
from servicedesk.directory import tongues

ARRIVED = "delivered"
CAME_BACK = frozenset({"bounced", "rejected", "failed"})
UNWANTED = "complained"
FOR_GOOD = frozenset({"bounced", "invalid", "blocked", "unsubscribed", "spam"})


@dataclass(frozen=True, slots=True)
class Report:
    """One event. `kind` and `why` are Anymail's words; `is_hard`: that address takes no mail, not only this letter did not arrive."""

    provider: str
    event_id: str
    kind: str
    number: str  # the service's id of the letter
    recipient: str
    why: str = ""
    words: str = ""
    is_hard: bool = True
    raw: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def took(report: Report, *, now: datetime) -> str:
    """Take one report; what was made of it. A repeat changes nothing, nor does what names no letter of ours."""
    attempt = _attempt(report)
    if attempt is None:
        return _kept(report, None, "unknown attempt", now=now)
    if report.kind == UNWANTED:
        made = _kept(report, attempt, "called unwanted", now=now)
    elif report.kind == ARRIVED or report.kind in CAME_BACK:
        made = _receipt(report, attempt, now=now)
    else:
        return _kept(report, attempt, "nothing to us", now=now)
    if made != "repeated" and report.kind != ARRIVED:
        _mark(attempt.message, report, now=now)
    return made


def _attempt(report: Report) -> Attempt | None:
    """The attempt that bears this id and went to this address."""
    if not report.number:
        return None
    same = Attempt.objects.filter(provider_id=report.number[:120], message__channel=Channel.EMAIL, message__to__iexact=report.recipient)
    return same.select_related("message__person", "message__method").order_by("-pk").first()


def _receipt(report: Report, attempt: Attempt, *, now: datetime) -> str:
    has_arrived = report.kind == ARRIVED
    return delivery.receipt(
        attempt.token,
        status="delivered" if has_arrived else "failed",
        provider_id=report.number,
        event_id=report.event_id,
        raw=report.raw,
        now=now,
        code="" if has_arrived else f"mail:{report.why or report.kind}",
        provider=report.provider,
    )


def _kept(report: Report, attempt: Attempt | None, outcome: str, *, now: datetime) -> str:
    made = {"raw": dict(report.raw), "received_at": now, "outcome": outcome, "attempt": attempt}
    _row, is_new = ProviderCallback.objects.get_or_create(provider=report.provider, event_id=report.event_id[:160], defaults=made)
    return outcome if is_new else "repeated"


def _mark(message: Message, report: Report, *, now: datetime) -> None:
    """The address is marked, so that others are tried first, or switched off by who called us unwanted; the administrators hear of it."""
    is_unwanted = report.kind == UNWANTED
    reason = (
        _("The letter was called unwanted.") if is_unwanted else _("The letter came back: %(why)s") % {"why": report.words or report.why}
    )
    if not is_unwanted and not (report.is_hard and report.why in FOR_GOOD):
        return
    if not is_unwanted:
        found = {"code": f"mail:{report.why}"[:20], "reason": reason[:200], "at": now}
        BouncedAddress.objects.update_or_create(address=message.to.lower(), defaults=found)
    if message.method_id is None or message.person is None:
        return
    outcomes.doubt(message.method_id, code=outcomes.UNWANTED if is_unwanted else f"mail:{report.why}", reason=reason, now=now)
    said = {"name": message.person, "address": message.to, "reason": reason}
    caretakers.tell(
        key=f"mail:{report.kind}:{message.method_id}:{now:%Y%m%d}",
        subject=tongues.later("Mail to %(name)s comes back", said),
        text=tongues.later(
            "A letter to %(name)s at %(address)s: %(reason)s\nPages reach them by their other ways, if they have some.", said
        ),
        link=f"/people/{message.person.username}/notifications/",
        now=now,
    )
