"""The desk's test of itself: once a minute a page to nobody takes the whole road, from the outbox to a channel and back to its row."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from notifications import outbox
from notifications.models import Attempt, Message
from notifications.models.messages import SENTINEL
from notifications.outbox import Letter

KEPT = timedelta(hours=1)
LIVES = timedelta(minutes=5)
FRESH = timedelta(seconds=150)  # two of them missing
LETTER = Letter(subject="", text="", html="", sms="test of the desk by itself", short="")


@transaction.atomic
def send(*, now: datetime) -> int:
    """The next one on its way; those of more than an hour ago are forgotten."""
    old = Message.objects.filter(channel=SENTINEL, created_at__lt=now - KEPT)
    Attempt.objects.filter(message__in=old).delete()
    old.delete()
    key = f"sentinel:{now.timestamp():.0f}"
    lane = Message.Lane.PAGE
    outbox.post(thread="DESK", key=key, channel=SENTINEL, to="nobody", letter=LETTER, now=now, lane=lane, expires_at=now + LIVES)
    return 0


def passed_at() -> datetime | None:
    """When the last one arrived; None where none did within the hour."""
    found: datetime | None = Message.objects.filter(channel=SENTINEL).aggregate(last=Max("sent_at"))["last"]
    return found


def has_passed(*, now: datetime) -> bool:
    last = passed_at()
    return last is not None and last > now - FRESH
