"""Telling programs outside what happened: one signed message a webhook, in the transaction of the deed that it tells of."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from notifications import outbox, signing
from notifications.models import Channel, Happening, Message, Webhook
from notifications.outbox import Letter
from servicedesk.directory import moments

FOR = timedelta(hours=24)  # so long it is tried


def hears(event: str) -> list[Webhook]:
    """The webhooks that chose this event (Happening) and are not switched off."""
    return [row for row in Webhook.objects.on() if event in row.events]


def call(webhook: Webhook, event: str, data: Mapping[str, Any], *, thread: str, key: str, now: datetime) -> Message | None:
    """One message to this webhook, whatever it chose to hear; None where it is switched off. A key used before: that message."""
    if webhook.switched_off_at is not None:
        return None
    body = json.dumps({"type": event, "timestamp": moments.utc(now), "data": data}, ensure_ascii=False)
    letter = Letter(
        subject=event, text=body, html="", sms="", short="", reference=f"msg_{secrets.token_hex(8)}", headers={signing.ROW: str(webhook.pk)}
    )
    return outbox.post(
        thread=thread,
        key=f"hook:{webhook.pk}:{key}",
        channel=Channel.WEBHOOK,
        to=webhook.url,
        letter=letter,
        now=now,
        expires_at=now + FOR,
    )


def tell(rows: Iterable[Webhook], event: str, data: Mapping[str, Any], *, thread: str, key: str, now: datetime) -> int:
    """The same to each of them; how many are told."""
    return sum(call(row, event, data, thread=thread, key=key, now=now) is not None for row in rows)


def test(webhook: Webhook, *, now: datetime) -> Message | None:
    """A message that means nothing, to see that the other side takes it."""
    return call(webhook, "test", {"name": webhook.name}, thread="TEST", key=f"test:{secrets.token_hex(4)}", now=now)


__all__ = ["Happening", "call", "hears", "tell", "test"]
