"""The letters of a past that is written today: they went out in that past, and nothing of them is sent now."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import F

from notifications.models import Attempt, Errand, Message
from notifications.states import WAITING, AttemptState, MessageState

TOOK = timedelta(seconds=1)
TRAVELLED = timedelta(seconds=4)


def carried(*, until: datetime) -> None:
    """What was due until then was delivered at its time; an errand that needs no answer is done."""
    due = Message.objects.filter(state__in=WAITING, due_at__lte=until)
    due.filter(state=MessageState.PLANNED).move(MessageState.QUEUED, queued_at=F("due_at"))
    rows = list(due.filter(state=MessageState.QUEUED))
    Attempt.objects.bulk_create([_attempt(message) for message in rows])
    for message in rows:
        columns = {"sent_at": message.due_at + TOOK, "delivered_at": message.due_at + TRAVELLED, "attempts": 1}
        Message.objects.filter(pk=message.pk).move(MessageState.DELIVERED, unclaimed_since=None, provider_id=_name(message), **columns)
    told = Errand.objects.open().filter(kind=Errand.Kind.NOTICE, messages__in=rows)
    told.update(state=Errand.State.DONE, settled_at=until)


def _attempt(message: Message) -> Attempt:
    at = message.due_at
    token = uuid.uuid4().hex
    return Attempt(
        message=message, number=1, attempt_id=uuid.uuid4(), token=token, state=AttemptState.DELIVERED, provider_id=_name(message),
        started_at=at, called_at=at, ended_at=at + TOOK,
    )  # fmt: skip


def _name(message: Message) -> str:
    return f"past-{message.pk}"
