"""Senders that sign what they send: Sentry with a shared secret, Amazon's SNS with its certificate. Asked for where a source says so."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx2
from django.conf import settings
from django.core.cache import cache

from monitoring import access
from monitoring.models import Source
from monitoring.normal import Unreadable
from monitoring.probes import guard, web
from monitoring.probes.shape import Context
from monitoring.sources import sns
from monitoring.sources.posts import read_json
from servicedesk import sealing
from servicedesk.deadline import Deadline

ASKED_S = 8.0  # SNS waits for 15 s
KEPT_S = 86_400  # a certificate


class CannotAsk(Exception):
    """Amazon did not answer, so that nothing is known of the signature yet."""


def check(source: Source, body: bytes, headers: Mapping[str, str], *, now: datetime) -> bool:
    """True: it was a subscription of the expected topic, and is confirmed now. Raises access.NotAllowed, CannotAsk."""
    secret = sealing.open_sealed(source.signing_secret)
    if not secret:
        return False
    if source.kind == "sentry":
        _of_sentry(secret, body, headers)
    return source.kind == "cloudwatch" and _of_topic(secret, body, now)


def _of_sentry(secret: str, body: bytes, headers: Mapping[str, str]) -> None:
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made.encode(), headers.get("Sentry-Hook-Signature", "").encode()):
        raise access.NotAllowed(401, "Sentry-Hook-Signature is missing, or made with another client secret.")


def _of_topic(topic: str, body: bytes, now: datetime) -> bool:
    envelope = _envelope(body)
    if envelope.get("TopicArn") != topic:
        raise access.NotAllowed(401, "This is not signed by the topic that the source names.")
    address = envelope.get("SigningCertURL")
    if not sns.is_amazons(address, topic):
        raise access.NotAllowed(401, "SigningCertURL is not an address of SNS in the topic's region.")
    try:
        sns.verify(envelope, _certificate(str(address), now), now=now)
    except sns.Forged as error:
        raise access.NotAllowed(401, f"This is not of SNS: {error}.") from error
    return envelope["Type"] == "SubscriptionConfirmation" and _confirmed(envelope, topic, now)


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        found = read_json(body.decode("utf-8-sig"))
    except (UnicodeDecodeError, Unreadable):
        return {}
    return found if isinstance(found, dict) else {}


def _confirmed(envelope: Mapping[str, Any], topic: str, now: datetime) -> bool:
    address = envelope.get("SubscribeURL")
    if not sns.is_amazons(address, topic):
        raise access.NotAllowed(401, "SubscribeURL is not an address of SNS in the topic's region.")
    _ask(str(address), now)
    return True


def _certificate(address: str, now: datetime) -> bytes:
    key = f"sns-certificate:{hashlib.sha256(address.encode()).hexdigest()}"
    found: bytes = cache.get(key) or _ask(address, now)
    cache.set(key, found, KEPT_S)
    return found


def _ask(address: str, now: datetime) -> bytes:
    """What is at this address, which is_amazons looked at; no redirect is followed. Raises CannotAsk."""
    try:
        with Deadline(ASKED_S) as deadline:
            answer = web.ask("GET", address, Context(deadline, now, (), {}, settings.PROBE_PLUGIN_DIR, "sns"), follow=False)
    except (httpx2.HTTPError, guard.Refused, OSError, TimeoutError) as error:
        raise CannotAsk(f"{type(error).__name__}: {error}") from error
    if answer.status != 200:
        raise CannotAsk(f"it answered {answer.status}")
    return answer.body
