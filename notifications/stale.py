"""What waited in a backup is not sent after it was restored: it is kept, as expired, with the reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from notifications.models import Attempt, Errand, Message
from notifications.states import IN_FLIGHT, WAITING, AttemptState, MessageState

AT_ONCE = 500  # rows of one statement
ON_ITS_WAY = (AttemptState.QUEUED, AttemptState.SENDING, AttemptState.UNKNOWN)


@transaction.atomic
def expire(*, now: datetime, reason: str, but_since: datetime | None = None, but_until: datetime | None = None) -> int:
    """End every letter that waits or was on its way, and what people would be told next; how many letters.

    What was written from `but_since` until before `but_until` is left alone.
    """
    spared = Q(created_at__gte=but_since, created_at__lt=but_until) if but_since and but_until else Q(pk__in=[])
    rows = Message.objects.filter(~spared, state__in=(*WAITING, *IN_FLIGHT))
    ids = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        some = Message.objects.filter(pk__in=ids[start : start + AT_ONCE])
        tries = Attempt.objects.filter(message__in=some, state__in=ON_ITS_WAY)
        tries.update(state=AttemptState.FAILED, ended_at=now, check_at=None, reason=reason[:240])
        some.move(MessageState.EXPIRED, ended_at=now, lease_until=None, reason=reason[:240])
    Errand.objects.filter(~spared, state=Errand.State.OPEN).update(state=Errand.State.CANCELLED, settled_at=now, noticed_at=now)
    Errand.objects.unsettled().filter(~spared).update(noticed_at=now)
    return len(ids)
