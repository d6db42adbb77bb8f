"""Calls that still ring when somebody has the incident: cut off at the provider, never once they are picked up."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from notifications import channels, walk
from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown
from notifications.models import Message
from notifications.states import MessageState

log = structlog.get_logger(__name__)

LIMIT = 20
AGAIN = timedelta(seconds=5)  # nobody else asks meanwhile
RINGS_FOR = timedelta(seconds=60)  # after that nothing rings any more


def hang_up_due(*, now: datetime, limit: int = LIMIT) -> int:
    """Cut off the calls that are to ring no more; how many were handled. Not in a transaction."""
    handled = 0
    for message in Message.objects.filter(hang_up_at__lte=now).order_by("hang_up_at", "pk")[:limit]:
        same = Message.objects.filter(pk=message.pk, hang_up_at=message.hang_up_at)
        if not same.update(hang_up_at=now + AGAIN):
            continue
        handled += 1
        try:
            _hang_up(message, now=now)
        except Exception:
            log.exception("a call could not be cut off", message=message.pk)
    return handled


def _hang_up(message: Message, *, now: datetime) -> None:
    """Twilio cancels only what is not picked up, so a call answered this very moment goes on."""
    is_cut = False
    if message.delivered_at is None and message.provider_id:
        try:
            channels.hang_up(message.provider_id, _through(message))
            is_cut = True
        except (OutcomeUnknown, NoProvider, DeliveryFailed) as error:
            may_repeat = not isinstance(error, DeliveryFailed) or not error.permanent
            if may_repeat and (message.stop_at is None or now < message.stop_at + RINGS_FOR):
                return
    _settle(message, is_cut=is_cut, now=now)


def _through(message: Message) -> str:
    return message.tries.filter(provider_id=message.provider_id).values_list("provider", flat=True).first() or ""


@transaction.atomic
def _settle(message: Message, *, is_cut: bool, now: datetime) -> None:
    walk.lock(message.pk)
    rows = Message.objects.filter(pk=message.pk)
    rows.update(hang_up_at=None)
    if is_cut:
        rows.filter(state=MessageState.SENT).move(
            MessageState.CANCELLED, ended_at=now, reason=_("Rings no more: it was answered meanwhile.")
        )
