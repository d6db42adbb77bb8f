"""Receipts that did not come: the provider is asked what became of what it took, so that a lost callback is no lost truth."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from notifications import channels
from notifications.channels import NoProvider, OutcomeUnknown
from notifications.delivery.receipts import receipt
from notifications.models import Attempt
from notifications.states import AttemptState

log = structlog.get_logger(__name__)

LIMIT = 20
AGAIN = timedelta(hours=1)
ASKED_FOR = timedelta(hours=24)  # after that nothing becomes of it any more
ASKED = "asked"  # stands in the raw of what was learned by asking


def ask_due(*, now: datetime, limit: int = LIMIT) -> int:
    """Ask about attempts whose receipt is long due; how many were asked about. Not in a transaction."""
    due = Attempt.objects.filter(state__in=(AttemptState.ACCEPTED, AttemptState.SENT), check_at__lte=now)
    asked = 0
    for attempt in due.select_related("message").order_by("check_at", "pk")[:limit]:
        again = now + AGAIN if attempt.started_at > now - ASKED_FOR else None
        if not Attempt.objects.filter(pk=attempt.pk, check_at=attempt.check_at).update(check_at=again):
            continue
        asked += 1
        try:
            _ask(attempt, now=now)
        except Exception:
            log.exception("a provider could not be asked", attempt=attempt.pk)
    return asked


def _ask(attempt: Attempt, *, now: datetime) -> None:
    try:
        found = channels.ask(attempt.message.channel, attempt.provider_id, attempt.provider)
    except (OutcomeUnknown, NoProvider):
        return
    status, code = found or ("failed", channels.NOT_KNOWN)
    receipt(
        attempt.token,
        status=status,
        provider_id=attempt.provider_id,
        event_id=f"{attempt.provider_id}:{status}",
        code=code,
        raw={ASKED: True, "status": status, "code": code},
        now=now,
    )
