"""Handing one message to its provider: the claim, the last look, the call."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import transaction
from django.db.models import Exists, F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from notifications import channels, providers, pushing, signing, walk
from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown, Parcel
from notifications.delivery import outcomes
from notifications.models import SEALED, Attempt, Channel, Message
from notifications.models.messages import MessageQuerySet
from notifications.states import AttemptState, MessageState
from servicedesk.directory.models import Organisation

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=20)  # longer than the total deadline of any channel
BUDGET_S = 5.0  # with one call's deadline on top, still within a worker's time limit


def deliver_all(ids: Sequence[int], *, now: datetime) -> int:
    """Deliver these in order; how many were tried. What does not fit into the time of one task is rung for again."""
    ends = monotonic() + BUDGET_S
    for done, message_id in enumerate(ids):
        if monotonic() > ends:
            walk.ring(ids[done:])
            return done
        deliver_one(message_id, now)
    return len(ids)


def deliver_one(message_id: int, now: datetime) -> None:
    try:
        deliver(message_id, now)
    except Exception:
        log.exception("a message could not be handled", message=message_id)


def deliver(message_id: int, now: datetime) -> None:
    """Claim a queued message, hand it over and record the outcome; nothing where it is not ours to take. Not in a transaction."""
    attempt = claim(message_id, now=now)
    if attempt is None:
        return
    method = attempt.message.method
    if method is not None and method.disabled_at is not None:
        outcomes.failed(attempt, DeliveryFailed(method.disabled_reason or _("This method is switched off."), permanent=True), now=now)
    elif begin(attempt):
        hand_over(attempt, now=now)
    else:
        outcomes.stopped(attempt, now=now)


def claim(message_id: int, *, now: datetime) -> Attempt | None:
    """Take the row for one lease; its attempt, committed with the token its receipts will bear. None while the desk is on hold."""
    attempt_id = uuid.uuid4()
    with transaction.atomic(durable=True):
        taken = (
            free(now)
            .filter(pk=message_id)
            .move(MessageState.SENDING, attempt_id=attempt_id, attempts=F("attempts") + 1, lease_until=Now() + LEASE, unclaimed_since=None)
        )
        if not taken:
            return None
        message = Message.objects.select_related("method").get(pk=message_id)
        attempt = attempt_of(message, message.attempts, attempt_id, providers.choose(message, now=now), now=now)
        attempt.save(force_insert=True)
        return attempt


def attempt_of(message: Message, number: int, attempt_id: uuid.UUID, provider: str, *, now: datetime) -> Attempt:
    """A try that begins now, not written yet, with the token its receipts will bear."""
    return Attempt(
        message=message,
        number=number,
        attempt_id=attempt_id,
        token=secrets.token_urlsafe(32),
        state=AttemptState.SENDING,
        provider=provider,
        started_at=now,
    )


def free(now: datetime) -> MessageQuerySet:
    """What may be taken: due, of use still, nobody asked to stop, and the desk is not on hold."""
    alive, held = Q(expires_at=None) | Q(expires_at__gt=now), Exists(Organisation.objects.filter(held_since__isnull=False))
    return Message.objects.filter(alive, ~held, due_at__lte=now, stop_at=None)


def begin(attempt: Attempt) -> bool:
    """The last look before the call: still ours, and nobody asked to stop.

    An acknowledgement stamps the row and therefore waits for this commit, or this statement sees its stamp: no call
    begins after an acknowledgement is committed.
    """
    ours = Message.objects.filter(
        pk=attempt.message_id, attempt_id=attempt.attempt_id, state=MessageState.SENDING, stop_at=None, lease_until__gt=Now()
    )
    with transaction.atomic(durable=True):
        if not ours.update(lease_until=Now() + LEASE):
            return False
        Attempt.objects.filter(pk=attempt.pk).update(called_at=Now())
    return True


def hand_over(attempt: Attempt, *, now: datetime, went: Callable[[Attempt, str], object] | None = None) -> None:
    """Call the provider and record the outcome, at `now` and the whole seconds the call took. `went` is told of success instead."""
    began = monotonic()

    def then() -> datetime:
        return now + timedelta(seconds=int(monotonic() - began))

    try:
        provider_id = channels.send(_wrapped(attempt, now=now))
    except NoProvider as error:
        outcomes.unprovided(attempt, str(error), now=then())
    except DeliveryFailed as error:
        outcomes.failed(attempt, error, now=then())
    except OutcomeUnknown as error:
        outcomes.unknown(attempt, str(error), now=then())
    except Exception:  # whatever it was, the request may have left
        log.exception("a channel failed", message=attempt.message_id)
        outcomes.unknown(attempt, _("The channel broke off."), now=then())
    else:
        outcomes.sent(attempt, provider_id, now=then()) if went is None else went(attempt, provider_id)


def _wrapped(attempt: Attempt, *, now: datetime) -> Parcel:
    """With what is only known at this moment: a signature, an address that is kept sealed. DeliveryFailed where it cannot be opened."""
    message = attempt.message
    if message.channel == Channel.WEBHOOK:
        return parcel(attempt, signed=signing.signed(message, now=now))
    if message.channel not in SEALED:
        return parcel(attempt)
    address = pushing.opened(message)
    signed = pushing.wrapping(message, address, now=now) if message.channel == Channel.PUSH else None
    return replace(parcel(attempt, signed=signed), to=address)


def parcel(attempt: Attempt, *, signed: Mapping[str, str] | None = None) -> Parcel:
    message = attempt.message
    return Parcel(
        message_id=message.pk,
        channel=message.channel,
        to=message.to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        token=attempt.token,
        reference=message.reference,
        thread=message.thread,
        headers=message.headers if signed is None else signed,
        provider=attempt.provider,
    )
