"""Receipts: what a provider reports later about an attempt. Each report counts once, and ranks only rise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later

from notifications import bundling, walk
from notifications.channels import CAN_BE_ASKED, DeliveryFailed, twilio_codes
from notifications.delivery import outcomes
from notifications.models import Attempt, Channel, Errand, Message, ProviderCallback
from notifications.states import AttemptState, MessageState

WORDS: Mapping[str, str] = {
    "accepted": AttemptState.ACCEPTED,
    "scheduled": AttemptState.ACCEPTED,
    "queued": AttemptState.ACCEPTED,
    "sending": AttemptState.ACCEPTED,
    "sent": AttemptState.SENT,
    "delivered": AttemptState.DELIVERED,
    "read": AttemptState.READ,
    "undelivered": AttemptState.FAILED,
    "failed": AttemptState.FAILED,
    "canceled": AttemptState.FAILED,
    # calls: picked up is delivered, by whomever or whatever
    "initiated": AttemptState.ACCEPTED,
    "ringing": AttemptState.SENT,
    "in-progress": AttemptState.DELIVERED,
    "completed": AttemptState.DELIVERED,
    "busy": AttemptState.FAILED,
    "no-answer": AttemptState.FAILED,
}
NOT_THE_END = (AttemptState.ACCEPTED, AttemptState.SENT)
NOT_PICKED_UP = {"busy": _later("The line was busy."), "no-answer": _later("Nobody picked up.")}
RETRY_AFTER = timedelta(seconds=15)
MOST_HANDSET_TRIES = 2


@transaction.atomic
def receipt(
    token: str,
    *,
    status: str,
    provider_id: str,
    event_id: str,
    raw: Mapping[str, Any],
    now: datetime,
    code: str = "",
    provider: str = "twilio",
) -> str:
    """Take one report; what was made of it. A repeat, an unknown token or an unknown word is kept and changes nothing."""
    attempt = Attempt.objects.select_related("message").filter(token=token).first()
    callback, is_new = ProviderCallback.objects.get_or_create(
        provider=provider,
        event_id=event_id[:160],
        defaults={"attempt": attempt, "raw": dict(raw), "received_at": now, "outcome": ""},
    )
    if not is_new:
        return "repeated"
    callback.outcome = _made_of(attempt, status, provider_id=provider_id, code=code, now=now)
    callback.save(update_fields=["outcome"])
    return callback.outcome


def _made_of(attempt: Attempt | None, status: str, *, provider_id: str, code: str, now: datetime) -> str:
    state = WORDS.get(status)
    if attempt is None:
        return "unknown attempt"
    if state is None:
        return "unknown word"
    message = walk.lock(attempt.message_id)
    Attempt.objects.filter(pk=attempt.pk, provider_id="").update(provider_id=provider_id[:120])
    check_at = now + outcomes.RECEIPT_WAIT if state in NOT_THE_END and message.channel in CAN_BE_ASKED else None
    has_risen = outcomes.rise(attempt, state, code=code[:20], check_at=check_at, ended_at=now)
    if has_risen and state == AttemptState.FAILED and message.channel == Channel.VOICE:
        _not_picked_up(attempt, message, status, now=now)
    elif has_risen and state == AttemptState.FAILED:
        _undelivered(attempt, message, code=code, now=now)
    elif has_risen:
        _reached(attempt, message, state, provider_id=provider_id[:120], now=now)
    is_over = status == "completed" and _hung_up(message, now=now)
    return "applied" if has_risen or is_over else "older than what is known"


def _hung_up(message: Message, *, now: datetime) -> bool:
    """The call was answered and is over. Without a key that is all there is to say: voicemail answers too."""
    calls = Message.objects.filter(pk=message.pk, channel=Channel.VOICE, state=MessageState.DELIVERED)
    return bool(calls.move(MessageState.ANSWERED, ended_at=now))


def _not_picked_up(attempt: Attempt, message: Message, status: str, *, now: datetime) -> None:
    """The next method at once; the same telephone is not rung again for this page. Cut off by us, it is only over."""
    if status == "canceled" and message.stop_at is not None:
        outcomes.owned(attempt).move(MessageState.CANCELLED, ended_at=now, reason=_("Rings no more: it was answered meanwhile."))
        return
    reason = str(NOT_PICKED_UP.get(status, twilio_codes.failure(None).reason))
    walk.close(outcomes.owned(attempt), message, MessageState.FAILED, reason=reason, now=now)


def _reached(attempt: Attempt, message: Message, state: str, *, provider_id: str, now: datetime) -> None:
    """Good news counts from any attempt, unless a later one is at the provider right now."""
    columns: dict[str, Any] = {"sent_at": Coalesce("sent_at", Value(now)), "provider_id": provider_id, "lease_until": None}
    columns |= {"ended_at": None, "reason": ""}
    to = MessageState.SENT
    if state in {AttemptState.DELIVERED, AttemptState.READ}:
        to = MessageState.DELIVERED
        columns["delivered_at"] = Coalesce("delivered_at", Value(now))
    rows = Message.objects.filter(~Q(state=MessageState.SENDING) | Q(attempt_id=attempt.attempt_id), pk=message.pk)
    if rows.move(to, **columns):
        outcomes.told(message, now=now)
    if to == MessageState.DELIVERED:  # an answer can be faster than the receipt
        Message.objects.filter(pk=message.pk, delivered_at=None).update(delivered_at=now)
        outcomes.trust(message.method_id, now=now)
    if state == AttemptState.READ:
        Message.objects.filter(pk=message.pk, seen_at=None).update(seen_at=now)


def _undelivered(attempt: Attempt, message: Message, *, code: str, now: datetime) -> None:
    """Bad news counts from the attempt that owns the row: the next method at once, and a switched-off handset is tried once more."""
    failure = _came_back(code) if message.channel == Channel.EMAIL else twilio_codes.by_word(code)
    if failure.flags_method and message.method_id is not None:
        outcomes.doubt(message.method_id, code=code, reason=failure.reason, now=now)
    ours = outcomes.owned(attempt)
    if failure.permanent or not _may_repeat(message):
        walk.close(ours, message, MessageState.FAILED, reason=failure.reason, now=now)
    elif ours.filter(pk=message.pk).exists():
        outcomes.again(ours, at=now + RETRY_AFTER, reason=failure.reason)
        for errand_id in [message.errand_id] if message.errand_id is not None else bundling.errands(message):
            walk.hurry(errand_id, now=now)


def _came_back(code: str) -> DeliveryFailed:
    """A letter its service could not deliver. What that says of the address is another question."""
    return DeliveryFailed(_("The letter came back (%(why)s).") % {"why": code.rpartition(":")[2]}, permanent=True, code=code)


def _may_repeat(message: Message) -> bool:
    """Never after an acknowledgement, and never for long."""
    wanted = message.errand is None or message.errand.state == Errand.State.OPEN
    return wanted and message.stop_at is None and message.attempts < MOST_HANDSET_TRIES
