"""Signatures of what programs are sent, as Standard Webhooks has them; the secrets stay with their rows until the moment of sending."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from notifications.channels import DeliveryFailed
from notifications.models import Message, Webhook
from servicedesk import sealing
from servicedesk.audit import trail
from servicedesk.directory.models import User

MARK = "whsec_"
BYTES = 32
OVERLAP = timedelta(hours=24)  # as long as a message may still be tried with the secret it was promised
ROW = "webhook"  # the header of a message that names its row


def new_secret() -> str:
    return MARK + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def sign(secret: str, *, webhook_id: str, timestamp: int, body: str) -> str:
    """`v1,<base64 of HMAC-SHA-256>` over id, time and body."""
    key = base64.b64decode(secret.removeprefix(MARK))
    digest = hmac.new(key, f"{webhook_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(webhook_id: str, timestamp: int, body: str, keys: Sequence[str]) -> dict[str, str]:
    """The three headers of a Standard Webhook; one signature a secret."""
    signed = [sign(key, webhook_id=webhook_id, timestamp=timestamp, body=body) for key in keys]
    return {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signed)}


def signed(message: Message, *, now: datetime) -> Mapping[str, str]:
    """What goes with this message now; empty where its webhook is switched off. Raises DeliveryFailed where a secret cannot be opened."""
    row = Webhook.objects.filter(pk=message.headers.get(ROW), switched_off_at=None).first()
    if row is None:
        return {}
    try:
        keys = [sealing.open_sealed(secret) for secret in row.secrets(now)]
    except sealing.CannotOpen as error:
        raise DeliveryFailed(str(error), permanent=False, code="secret", setup_fault=True) from error
    return headers(message.reference, int(now.timestamp()), message.text, keys)


@transaction.atomic
def rotate(webhook: Webhook, *, actor: User, now: datetime) -> str:
    """A new secret, shown this once; the one before signs too for a day."""
    row = Webhook.objects.select_for_update().get(pk=webhook.pk)
    secret = new_secret()
    row.previous_secret, row.previous_until, row.secret = row.secret, now + OVERLAP, sealing.seal(secret)
    row.save(update_fields=["previous_secret", "previous_until", "secret"])
    trail.record(row, "rotate the secret", actor=actor, now=now, after={"previous_until": row.previous_until.isoformat()})
    return secret


@transaction.atomic
def switch_off(message: Message, *, reason: str, now: datetime) -> None:
    """The other side said that it is gone for good."""
    row = Webhook.objects.filter(pk=message.headers.get(ROW), switched_off_at=None).first()
    if row is None:
        return
    row.switched_off_at, row.switched_off_reason = now, reason[:200]
    row.save(update_fields=["switched_off_at", "switched_off_reason"])
    trail.record(row, "switch off", actor=None, now=now, after={"reason": reason[:200]})
