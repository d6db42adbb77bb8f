"""Lost answers: first the receipt is waited for, then the provider is asked, then the message goes out once more."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from notifications import channels, walk
from notifications.channels import CAN_BE_ASKED, NoProvider, OutcomeUnknown
from notifications.delivery import handing, outcomes
from notifications.models import Attempt, Errand, Message
from notifications.states import AttemptState, MessageState

log = structlog.get_logger(__name__)

LIMIT = 20
AGAIN = timedelta(seconds=30)  # nobody else asks meanwhile, and a crash here costs this much
ASK_FOR = timedelta(seconds=60)
SINCE = timedelta(days=1)


def reconcile_due(*, now: datetime, limit: int = LIMIT) -> int:
    """Settle attempts whose answer was lost and whose receipt did not come; how many were looked at."""
    due = Attempt.objects.filter(state=AttemptState.UNKNOWN, check_at__lte=now).order_by("check_at", "pk")
    handled = 0
    for attempt in due.select_related("message")[:limit]:
        if not Attempt.objects.filter(pk=attempt.pk, state=AttemptState.UNKNOWN, check_at=attempt.check_at).update(check_at=now + AGAIN):
            continue
        handled += 1
        try:
            reconcile(attempt, now=now)
        except Exception:
            log.exception("a lost answer could not be settled", attempt=attempt.pk)
    return handled


def reconcile(attempt: Attempt, *, now: datetime) -> None:
    """Ask the provider: adopt what is found, or send once more. While it cannot tell, ask again for a minute."""
    try:
        found = channels.find(handing.parcel(attempt), since=attempt.called_at or attempt.started_at, known=_known(attempt))
    except (OutcomeUnknown, NoProvider):
        if attempt.message.channel in CAN_BE_ASKED and now < attempt.started_at + ASK_FOR:
            return
        found = None
    if found:
        outcomes.sent(attempt, found, now=now)
    else:
        not_found(attempt, now=now)


@transaction.atomic
def not_found(attempt: Attempt, *, now: datetime) -> None:
    """Once more with the same reference, marked; never after an acknowledgement, and never a third time."""
    message = walk.lock(attempt.message_id)
    if not Attempt.objects.filter(pk=attempt.pk, state=AttemptState.UNKNOWN).update(check_at=None, ended_at=now):
        return
    ours = outcomes.owned(attempt).filter(state=MessageState.UNKNOWN)
    if message.stop_at is not None or (message.errand is not None and message.errand.state != Errand.State.OPEN):
        ours.move(MessageState.CANCELLED, ended_at=now, reason=_("Stopped; whether it went out is not known."))
    elif message.is_possible_duplicate or outcomes.is_given_up(message):
        walk.close(ours, message, MessageState.DEAD, reason=_("The provider's answer was lost twice."), now=now)
    elif ours.move(
        MessageState.QUEUED,
        due_at=now,
        is_possible_duplicate=True,
        unclaimed_since=Now(),
        reason=_("The provider does not know it: once more."),
    ):
        walk.ring([message.pk])


def _known(attempt: Attempt) -> list[str]:
    """Ids other attempts at this address already own."""
    same = Message.objects.filter(to=attempt.message.to, channel=attempt.message.channel)
    tries = Attempt.objects.filter(message__in=same, started_at__gte=attempt.started_at - SINCE).exclude(provider_id="")
    return list(tries.values_list("provider_id", flat=True))
