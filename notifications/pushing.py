"""What goes with a message to a browser or to another service at the moment of sending: its opened address, and the desk's signature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels import DeliveryFailed, push
from notifications.models import Message, PushKey, SealedAddress
from servicedesk import sealing
from servicedesk.directory import tongues

NAME = "vapid"
PAGE_LIVES_S = 4 * 3600  # as long as an incident asks for somebody
NOTICE_LIVES_S = 24 * 3600


def public_key() -> str:
    """By which a browser lets this desk, and nobody else, write to it. Made on the first call."""
    return push.packed(push.point(_key().public_key()))


def opened(message: Message) -> str:
    """The address behind the name. DeliveryFailed where there is none, or it cannot be opened."""
    row = SealedAddress.objects.filter(method=message.method_id).first()
    if row is None:
        raise DeliveryFailed(_("Its address is not kept any more. Add this way again."), permanent=True, code="address", flags_method=True)
    try:
        return sealing.open_sealed(row.words)
    except sealing.CannotOpen as error:
        raise DeliveryFailed(str(error), permanent=False, code="secret", setup_fault=True) from error


def wrapping(message: Message, address: str, *, now: datetime) -> Mapping[str, str]:
    """Headers of a message to a browser: how long it is kept, how urgent, what it replaces, and our signature."""
    is_page = message.lane == Message.Lane.PAGE
    usual = PAGE_LIVES_S if is_page else NOTICE_LIVES_S
    left = int((message.expires_at - now).total_seconds()) if message.expires_at else usual
    with tongues.reader(message.person) if message.person else tongues.in_house():
        words = {"word-acknowledge": _("Acknowledge"), "word-open": _("Open"), "word-done": _("Acknowledged: you have it.")}
    endpoint = json.loads(address)["endpoint"]
    return {
        "TTL": str(max(0, left)),
        "Urgency": "high" if is_page else "normal",
        "Topic": topic(message.thread),
        "Authorization": push.authorization(_key(), endpoint, contact=_contact()),
        **words,
    }


def topic(thread: str) -> str:
    """A later message about the same replaces one that the service still has; it need not know what it is about."""
    return push.packed(hashlib.sha256(f"{settings.SITE_URL} {thread}".encode()).digest())[:32]


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(push.unpacked(_secret()), "big"), push.CURVE)


def is_kept() -> bool:
    """Whether there is a key yet: one is made when the first browser is offered pages."""
    return bool(settings.VAPID_PRIVATE_KEY) or PushKey.objects.filter(name=NAME).exists()


def _secret() -> str:
    """The key given, or one made once and kept sealed in the database: every process has the same, and so has a backup."""
    if settings.VAPID_PRIVATE_KEY:
        return str(settings.VAPID_PRIVATE_KEY)
    row = PushKey.objects.filter(name=NAME).first()
    if row is None:
        number = ec.generate_private_key(push.CURVE).private_numbers().private_value
        made = sealing.seal(push.packed(number.to_bytes(32, "big")))
        row, _is_new = PushKey.objects.get_or_create(name=NAME, defaults={"words": made})
    try:
        return sealing.open_sealed(row.words)
    except sealing.CannotOpen as error:
        raise DeliveryFailed(str(error), permanent=False, code="secret", setup_fault=True) from error


def _contact() -> str:
    """Whom a push service may write to."""
    return f"mailto:{settings.SUPPORT_ADDRESS}" if settings.SUPPORT_ADDRESS else settings.SITE_URL
