"""What came of an attempt, written only by the attempt that still owns the row."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from notifications import providers, signing, walk
from notifications.channels import CAN_BE_ASKED, DeliveryFailed
from notifications.channels.push import UNSUBSCRIBED
from notifications.models import Attempt, Channel, ContactMethod, Message
from notifications.models.messages import MessageQuerySet
from notifications.models.methods import FLAGGED_FOR, ContactMethodQuerySet
from notifications.states import IN_FLIGHT, AttemptState, MessageState, below
from servicedesk.audit import trail

BACK_OFF_S = (5.0, 15.0, 30.0, 60.0)
DAY_LONG_S = (5.0, 300.0, 1800.0, 7200.0, 14_400.0, 21_600.0, 25_200.0)  # programs: tried over about a day
JITTER = 0.2
ANSWER_WAIT = timedelta(seconds=15)
RECEIPT_WAIT = timedelta(minutes=5)  # a receipt that is later is asked for
GONE = "410"
UNWANTED = "unwanted"  # an e-mail was reported as spam
OPTED_OUT = ("21610", UNWANTED, UNSUBSCRIBED)


def owned(attempt: Attempt) -> MessageQuerySet:
    """The message, as long as no later attempt has taken it."""
    return Message.objects.filter(pk=attempt.message_id, attempt_id=attempt.attempt_id)


def in_flight(attempt: Attempt) -> MessageQuerySet:
    """The message, while it is out with this attempt."""
    return owned(attempt).filter(state__in=IN_FLIGHT)


def rise(attempt: Attempt, to: str, **columns: Any) -> bool:
    """The attempt at a higher rank; False, and nothing changed, where it already stands as high."""
    return bool(Attempt.objects.filter(pk=attempt.pk, state__in=below(to)).update(state=to, **columns))


@transaction.atomic
def sent(attempt: Attempt, provider_id: str, *, now: datetime) -> None:
    """The provider took it."""
    message = walk.lock(attempt.message_id)
    check_at = now + RECEIPT_WAIT if message.channel in CAN_BE_ASKED else None
    named = Case(When(provider_id="", then=Value(provider_id)), default=F("provider_id"))
    if not rise(attempt, AttemptState.ACCEPTED, ended_at=now, check_at=check_at, provider_id=named):
        Attempt.objects.filter(pk=attempt.pk, provider_id="").update(provider_id=provider_id)
        return  # a receipt was faster
    providers.well(attempt.provider)
    late = message.channel == Channel.VOICE and message.stop_at is not None
    if owned(attempt).move(
        MessageState.SENT,
        hang_up_at=now if late else None,
        provider_id=provider_id,
        sent_at=now,
        ended_at=None,
        lease_until=None,
        reason="",
    ):
        told(message, now=now)
    if message.channel == Channel.EMAIL:  # of a letter no more is ever heard
        trust(message.method_id, now=now)


def told(message: Message, *, now: datetime) -> None:
    """It is out: a notice that walks on needs no other method."""
    if message.errand_id is not None and message.lane != Message.Lane.PAGE:
        walk.told([message.errand_id], now=now)


@transaction.atomic
def failed(attempt: Attempt, error: DeliveryFailed, *, now: datetime) -> None:
    """It surely did not go out: the next method at once, or once more after a pause."""
    message = walk.lock(attempt.message_id)
    if not rise(attempt, AttemptState.FAILED, ended_at=now, code=error.code[:20], reason=error.reason[:240]):
        return
    providers.troubled(attempt, error, now=now)
    if error.flags_method and message.method_id is not None:
        doubt(message.method_id, code=error.code, reason=error.reason, now=now)
    ours = in_flight(attempt)
    if message.stop_at is not None:
        ours.move(MessageState.CANCELLED, ended_at=now, lease_until=None, reason=_("Stopped before it went out."))
    elif providers.has_other(attempt, error, now=now):
        ours.move(MessageState.QUEUED, due_at=now, reason=error.reason[:240], lease_until=None, unclaimed_since=Now())
        walk.ring([message.pk])
    elif error.permanent:
        walk.close(ours, message, MessageState.FAILED, reason=error.reason, now=now)
        if message.channel == Channel.WEBHOOK and error.code == GONE:
            signing.switch_off(message, reason=error.reason, now=now)
    elif is_given_up(message):
        walk.close(ours, message, MessageState.DEAD, reason=_("Given up: %(why)s") % {"why": error.reason}, now=now)
    else:
        again(ours, at=now + pause(message.attempts, error.retry_after_s, steps=_back_off(message)), reason=error.reason)


def again(rows: MessageQuerySet, *, at: datetime, reason: str) -> None:
    """Back in the queue, to be rung for at `at`."""
    rows.move(MessageState.QUEUED, due_at=at, reason=reason[:240], lease_until=None, unclaimed_since=None)


def is_given_up(message: Message) -> bool:
    """It was tried as often as its channel is."""
    return message.attempts > len(_back_off(message))


def _back_off(message: Message) -> tuple[float, ...]:
    return DAY_LONG_S if message.channel == Channel.WEBHOOK else BACK_OFF_S


def pause(attempts: int, retry_after_s: int | None = None, *, steps: tuple[float, ...] = BACK_OFF_S) -> timedelta:
    """How long to wait after this many attempts: longer each time, never all at once, and at least what the provider asked."""
    usual = steps[min(attempts, len(steps)) - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  (no secret)
    return timedelta(seconds=max(usual, retry_after_s or 0))


@transaction.atomic
def unprovided(attempt: Attempt, reason: str, *, now: datetime) -> None:
    """No provider is set up: kept and shown as not sent, and for the ladder a method that failed."""
    message = walk.lock(attempt.message_id)
    if rise(attempt, AttemptState.FAILED, ended_at=now, code="no_provider", reason=reason[:240]):
        ours = in_flight(attempt)
        walk.close(ours, message, MessageState.FAILED, reason=_("Not sent: no provider. %(why)s") % {"why": reason}, now=now)


@transaction.atomic
def unknown(attempt: Attempt, reason: str, *, now: datetime) -> None:
    """The answer was lost. A receipt may still tell; else the provider is asked."""
    walk.lock(attempt.message_id)
    providers.silent(attempt, reason, now=now)
    if rise(attempt, AttemptState.UNKNOWN, check_at=now + ANSWER_WAIT, reason=reason[:240]):
        owned(attempt).move(MessageState.UNKNOWN, reason=reason[:240], lease_until=None)


@transaction.atomic
def stopped(attempt: Attempt, *, now: datetime) -> None:
    """The last look said no: somebody asked to stop, or the row belongs to another by now."""
    walk.lock(attempt.message_id)
    reason = _("Stopped before it went out.")
    rise(attempt, AttemptState.FAILED, ended_at=now, reason=reason)
    owned(attempt).filter(stop_at__isnull=False).move(MessageState.CANCELLED, ended_at=now, lease_until=None, reason=reason)


def doubt(method_id: int, *, code: str, reason: str, now: datetime) -> None:
    """The provider says this address is bad: others first, for some hours. Only who opted out is not tried any more."""
    if code in OPTED_OUT:
        off = {"disabled_at": now, "disabled_code": code, "disabled_reason": reason[:200]}
        _note(ContactMethod.objects.filter(pk=method_id, disabled_at=None), "switch off", off, now=now)
        return
    columns = {"flagged_at": now, "flagged_code": code[:20], "flagged_reason": reason[:200]}
    if not _note(ContactMethod.objects.filter(pk=method_id).exclude(flagged_at__gt=now - FLAGGED_FOR), "flag", columns, now=now):
        ContactMethod.objects.filter(pk=method_id).update(**columns)


def trust(method_id: int | None, *, now: datetime) -> None:
    """Something arrived there: whatever was said against this address is over."""
    if method_id is None:
        return
    columns = {"flagged_at": None, "flagged_code": "", "flagged_reason": ""}
    _note(ContactMethod.objects.filter(pk=method_id, flagged_at__isnull=False), "lift the flag", columns, now=now)


def _note(methods: ContactMethodQuerySet, verb: str, columns: dict[str, Any], *, now: datetime) -> bool:
    """Change the one method, if it is among these, and keep who reads the trail informed."""
    method = methods.first()
    if method is None or not methods.update(**columns):
        return False
    shown = {name: str(value or "") for name, value in columns.items() if not name.endswith("_at")}
    trail.record(method, verb, actor=None, now=now, after=shown)
    return True
