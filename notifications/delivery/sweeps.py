"""What the engine does for letters: let due rows go, deliver what no worker took, take back what a dead worker held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from notifications import walk
from notifications.delivery import outcomes
from notifications.delivery.handing import deliver_all
from notifications.models import Attempt, Errand, Message
from notifications.states import IN_FLIGHT, AttemptState, MessageState

log = structlog.get_logger(__name__)

PROMOTED = 200
DELIVERED = 20
UNCLAIMED = timedelta(seconds=5)
PATIENCE = timedelta(seconds=25)  # with the engine's pace, the next method is out within 30 s


def promote_due(*, now: datetime, limit: int = PROMOTED) -> int:
    """Queue what has come due and ring for it; expire what is of no use any more; how many rows moved."""
    expired = _expire(now, limit)
    _hurry_stuck(now)
    due = list(Message.objects.due(now).order_by("due_at").values_list("pk", flat=True)[:limit])
    retries = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now, unclaimed_since=None).order_by("due_at")
    again = list(retries.values_list("pk", flat=True)[:limit])
    return expired + (_let_go(due, again, now) if due or again else 0)


@transaction.atomic
def _let_go(due: Sequence[int], again: Sequence[int], now: datetime) -> int:
    moved = walk.release(Message.objects.filter(pk__in=_free(due)), now=now, binds=True)
    rows = _free(again)
    Message.objects.filter(pk__in=rows, state=MessageState.QUEUED).update(unclaimed_since=Now())
    walk.ring(rows)
    return moved + len(rows)


def _free(ids: Sequence[int]) -> list[int]:
    """These rows locked, without those another holds: the engine waits for nobody, and nobody can be caught in a circle with it."""
    rows = Message.objects.select_for_update(skip_locked=True).filter(pk__in=ids).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _expire(now: datetime, limit: int) -> int:
    late = Message.objects.waiting().filter(expires_at__lte=now).order_by("pk").values_list("pk", flat=True)[:limit]
    return sum(_expire_one(pk, now) for pk in list(late))


@transaction.atomic
def _expire_one(pk: int, now: datetime) -> bool:
    message = walk.lock(pk)
    return walk.close(Message.objects.waiting(), message, MessageState.EXPIRED, reason=_("Of no use any more."), now=now)


def _hurry_stuck(now: datetime) -> None:
    """A page that no provider has taken for half a minute pulls the person's next method forward."""
    rung_before = Message.objects.filter(errand=OuterRef("errand"), rung__lt=OuterRef("rung"))
    out = (MessageState.QUEUED, *IN_FLIGHT)
    lies, went_late = Q(state__in=out, queued_at__lte=now - PATIENCE), Q(bundle__state__in=out, bundle__queued_at__lte=now - PATIENCE)
    stuck = rung_before.filter(lies | went_late)
    waits = Q(state__in=(MessageState.PLANNED, MessageState.HELD))
    not_yet = rung_before.filter(waits | Q(queued_at__gt=now - PATIENCE) | Q(bundle__queued_at__gt=now - PATIENCE))
    waiting = Message.objects.filter(lane=Message.Lane.PAGE, state=MessageState.PLANNED, due_at__gt=now, errand__state=Errand.State.OPEN)
    early = list(waiting.filter(Exists(stuck), ~Exists(not_yet)).values_list("pk", flat=True))
    if early:
        with transaction.atomic():
            Message.objects.filter(pk__in=_free(early), state=MessageState.PLANNED).update(due_at=now)


def deliver_unclaimed(*, now: datetime, limit: int = DELIVERED, after: timedelta = UNCLAIMED) -> int:
    """Take back expired leases, then deliver here what was queued for `after` and no worker took; how many rows."""
    expired = Message.objects.filter(state=MessageState.SENDING, lease_until__lt=Now()).order_by("pk").values_list("pk", flat=True)
    taken_back = sum(_take_back(pk, now) for pk in list(expired[:limit]))
    lying = Message.objects.filter(
        Q(unclaimed_since__lte=Now() - after) | Q(due_at__lte=now - after), state=MessageState.QUEUED, due_at__lte=now
    )
    ids = lying.order_by("-lane", "due_at").values_list("pk", flat=True)[:limit]
    return taken_back + deliver_all(list(ids), now=now)


@transaction.atomic
def _take_back(pk: int, now: datetime) -> bool:
    """Its worker is gone: before the call the row is queued again, after it the outcome is unknown."""
    message = walk.lock(pk)
    attempt = message.tries.order_by("-number").first()
    left = Message.objects.filter(pk=pk, state=MessageState.SENDING, lease_until__lt=Now())
    if attempt is None or not left.exists():
        return False
    if attempt.called_at is not None:
        reason = _("The worker stopped while the provider was called.")
        outcomes.rise(attempt, AttemptState.UNKNOWN, check_at=now, reason=reason)
        return bool(left.move(MessageState.UNKNOWN, lease_until=None, reason=reason))
    return _not_called(attempt, message, now)


def _not_called(attempt: Attempt, message: Message, now: datetime) -> bool:
    reason = _("The worker stopped before the provider was called.")
    outcomes.rise(attempt, AttemptState.FAILED, ended_at=now, reason=reason)
    ours = outcomes.owned(attempt)
    if message.stop_at is not None:
        return bool(ours.move(MessageState.CANCELLED, ended_at=now, lease_until=None, reason=reason))
    if outcomes.is_given_up(message):
        return walk.close(ours, message, MessageState.DEAD, reason=reason, now=now)
    walk.ring([message.pk])
    return bool(ours.move(MessageState.QUEUED, lease_until=None, unclaimed_since=Now(), reason=reason))
