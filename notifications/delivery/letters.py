"""Letters that come in numbers: claimed, begun and recorded in lots over one connection; ten of them cost two commits, not thirty.

What a crash leaves open are the few that were begun: nobody knows of them, and each goes once more under the same
Message-ID. The rest of the lot is queued again. Pages never come this way, nor does a letter that was tried before.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic

import structlog
from django.db import transaction
from django.db.models import Case, UUIDField, Value, When
from django.db.models.functions import Now

from notifications import providers, walk
from notifications.channels import smtp
from notifications.delivery import handing, outcomes
from notifications.models import Attempt, Channel, Errand, Message
from notifications.states import AttemptState, MessageState, below

log = structlog.get_logger(__name__)

AT_ONCE = 50  # claimed by one commit
IN_HAND = 10  # begun by one commit: so many are unknown after a crash
_letters: deque[tuple[int, datetime]] = deque()
_at_letters = threading.BoundedSemaphore(3)  # of an embedded worker's four threads


def deliver_together(ids: Sequence[int], *, now: datetime) -> int:
    """Deliver these; how many were tried here. What does not fit into the time of one task is rung for again.

    A few threads of a process do this, for the others too: a flood leaves one free for pages. What they have in hand is
    lost with their process; the rows are not, and the engine finds them.
    """
    _letters.extend((message_id, now) for message_id in ids)
    ends, done = monotonic() + handing.BUDGET_S, 0
    while _letters and _at_letters.acquire(blocking=False):
        try:
            done += _empty(ends)
        finally:
            _at_letters.release()
    return done


def _empty(ends: float) -> int:
    done = 0
    with smtp.kept_open():
        while monotonic() <= ends and (lot := _lot()):
            done += len(lot)
            _deliver(lot, ends)
    if late := _lot(len(_letters)):
        walk.ring(late)
    return done


def _lot(most: int = AT_ONCE) -> dict[int, datetime]:
    """The next of those that wait; other threads take from them as well."""
    lot: dict[int, datetime] = {}
    while len(lot) < most:
        try:
            message_id, now = _letters.popleft()
        except IndexError:
            break
        lot[message_id] = now
    return lot


def _deliver(lot: dict[int, datetime], ends: float) -> None:
    now = max(lot.values())
    claimed: list[Attempt] = []
    try:
        claimed = claim(list(lot), now=now)
        for first in range(0, len(claimed), IN_HAND):
            _hand_over(claimed[first : first + IN_HAND], now=now, ends=ends)
    except Exception:
        log.exception("letters could not be handled together", messages=list(lot))
    for message_id in lot.keys() - {attempt.message_id for attempt in claimed}:
        handing.deliver_one(message_id, lot[message_id])


def claim(ids: Sequence[int], *, now: datetime) -> list[Attempt]:
    """Take those of these rows that are letters nobody tried yet, for one lease; their attempts, committed with their tokens."""
    fresh = handing.free(now).filter(pk__in=ids, state=MessageState.QUEUED, attempts=0, lane=Message.Lane.BULK, channel=Channel.EMAIL)
    fresh = fresh.filter(method__disabled_at=None).select_related("method").order_by("pk")
    with transaction.atomic(durable=True):
        rows = list(fresh.select_for_update(skip_locked=True, of=("self",)))
        if not rows:
            return []
        provider = providers.choose(rows[0], now=now)  # the same for all that were not tried
        attempts = [handing.attempt_of(row, 1, uuid.uuid4(), provider, now=now) for row in rows]
        named = Case(*(When(pk=attempt.message_id, then=Value(attempt.attempt_id)) for attempt in attempts), output_field=UUIDField())
        taken = Message.objects.filter(pk__in=[row.pk for row in rows])
        taken.move(MessageState.SENDING, attempt_id=named, attempts=1, lease_until=Now() + handing.LEASE, unclaimed_since=None)
        return Attempt.objects.bulk_create(attempts)


def _hand_over(attempts: Sequence[Attempt], *, now: datetime, ends: float) -> None:
    """Begin these, call the mail server for each, and record together what it took. Without time, they are given back."""
    if monotonic() > ends:
        give_back(attempts)
        return
    begun = begin(attempts)
    went: list[tuple[Attempt, str]] = []
    late: list[Attempt] = []
    try:
        for attempt in attempts:
            if attempt.pk not in begun:
                outcomes.stopped(attempt, now=now)
            elif monotonic() > ends:
                late.append(attempt)
            else:
                handing.hand_over(attempt, now=now, went=lambda one, provider_id: went.append((one, provider_id)))
    finally:
        record(went, now=now)
        give_back(late)


def begin(attempts: Sequence[Attempt]) -> set[int]:
    """The last look before the calls: which of these attempts are still ours, with nobody who asked to stop."""
    owned = Message.objects.filter(pk__in=[one.message_id for one in attempts], attempt_id__in=[one.attempt_id for one in attempts])
    ours = owned.filter(state=MessageState.SENDING, stop_at=None, lease_until__gt=Now())
    with transaction.atomic(durable=True):
        rows = list(ours.select_for_update().order_by("pk").values_list("pk", flat=True))
        Message.objects.filter(pk__in=rows).update(lease_until=Now() + handing.LEASE)
        begun = {one.pk for one in attempts if one.message_id in rows}
        Attempt.objects.filter(pk__in=begun).update(called_at=Now())
    return begun


def give_back(attempts: Sequence[Attempt]) -> None:
    """Nobody was called for these: as if they had not been claimed, and rung for."""
    if not attempts:
        return
    ids = [one.message_id for one in attempts]
    with transaction.atomic():
        rows = Message.objects.select_for_update().filter(pk__in=ids, attempt_id__in=[one.attempt_id for one in attempts])
        ours = list(rows.filter(state=MessageState.SENDING).order_by("pk").values_list("pk", flat=True))
        Message.objects.filter(pk__in=ours).move(MessageState.QUEUED, attempt_id=None, attempts=0, lease_until=None, unclaimed_since=Now())
        Attempt.objects.filter(pk__in=[one.pk for one in attempts if one.message_id in ours]).delete()
        walk.ring(ours)


@transaction.atomic
def record(went: Sequence[tuple[Attempt, str]], *, now: datetime) -> None:
    """The mail server took these: what `outcomes.sent` writes, in a few statements for all."""
    messages = _locked([attempt.message_id for attempt, _id in went])
    free = Attempt.objects.filter(pk__in=[attempt.pk for attempt, _id in went], state__in=below(AttemptState.ACCEPTED))
    rising = set(free.values_list("pk", flat=True))  # each message is locked, and its attempts with it
    for attempt, provider_id in went:
        if attempt.pk not in rising:
            outcomes.sent(attempt, provider_id, now=now)
    ids = {attempt.message_id: (attempt, provider_id) for attempt, provider_id in went if attempt.pk in rising}
    if not ids:
        return
    named = {pk: Value(provider_id) for pk, (_attempt, provider_id) in ids.items()}
    Attempt.objects.filter(pk__in=rising).update(
        state=AttemptState.ACCEPTED, ended_at=now, provider_id=Case(*(When(message=pk, then=name) for pk, name in named.items()))
    )
    for provider in {attempt.provider for attempt, _id in ids.values()}:
        providers.well(provider)
    _told([one for one in messages if one.pk in ids and one.attempt_id == ids[one.pk][0].attempt_id], named, now)


def _locked(ids: Sequence[int]) -> list[Message]:
    """These messages, their errands locked before them."""
    rows = Message.objects.filter(pk__in=ids).order_by("pk")
    errands = rows.filter(errand__isnull=False).order_by().values("errand")
    list(Errand.objects.select_for_update().filter(pk__in=errands).order_by("pk").values_list("pk"))
    return list(rows.select_for_update())


def _told(messages: Sequence[Message], named: Mapping[int, Value], now: datetime) -> None:
    rows = Message.objects.filter(pk__in=[one.pk for one in messages])
    provider_id = Case(*(When(pk=pk, then=name) for pk, name in named.items()))
    rows.move(MessageState.SENT, provider_id=provider_id, hang_up_at=None, sent_at=now, ended_at=None, lease_until=None, reason="")
    walk.told([one.errand_id for one in messages if one.errand_id is not None], now=now)
    for method_id in set(rows.filter(method__flagged_at__isnull=False).values_list("method", flat=True)):
        outcomes.trust(method_id, now=now)
