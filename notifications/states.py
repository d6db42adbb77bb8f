"""States of a message and of an attempt, and the table of legal moves. Nothing here imports a model."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    HELD = "held", _("Held")
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    UNKNOWN = "unknown", _("Unknown")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    ANSWERED = "answered", _("Answered")
    CANCELLED = "cancelled", _("Cancelled")
    BUNDLED = "bundled", _("Bundled")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")
    DEAD = "dead", _("Given up")


class AttemptState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    UNKNOWN = "unknown", _("Unknown")
    ACCEPTED = "accepted", _("Accepted")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    FAILED = "failed", _("Failed")


S, A = MessageState, AttemptState

_ENDS = frozenset({S.CANCELLED, S.FAILED, S.EXPIRED, S.DEAD})
MOVES: Mapping[str, frozenset[str]] = {
    S.PLANNED: frozenset({S.QUEUED, S.HELD, S.BUNDLED}) | _ENDS,
    S.HELD: frozenset({S.QUEUED, S.BUNDLED}) | _ENDS,
    # a late receipt of an earlier attempt can find the message waiting for its repeat
    S.QUEUED: frozenset({S.SENDING, S.SENT, S.DELIVERED, S.BUNDLED}) | _ENDS,
    S.SENDING: frozenset({S.QUEUED, S.UNKNOWN, S.SENT, S.DELIVERED}) | _ENDS,
    S.UNKNOWN: frozenset({S.QUEUED, S.SENT, S.DELIVERED, S.ANSWERED}) | _ENDS,
    S.SENT: frozenset({S.QUEUED, S.DELIVERED, S.ANSWERED, S.FAILED, S.CANCELLED}),
    S.DELIVERED: frozenset({S.ANSWERED}),
    S.ANSWERED: frozenset(),
    S.CANCELLED: frozenset({S.SENT, S.DELIVERED}),
    S.BUNDLED: frozenset({S.ANSWERED, S.CANCELLED, S.FAILED}),
    S.FAILED: frozenset({S.DELIVERED}),
    S.EXPIRED: frozenset(),
    S.DEAD: frozenset({S.SENT, S.DELIVERED}),
}

WAITING = (S.PLANNED, S.HELD, S.QUEUED)
IN_FLIGHT = (S.SENDING, S.UNKNOWN)
TOLD = (S.SENT, S.DELIVERED, S.ANSWERED)

# `failed` stands below `delivered`: after it, it is recorded and not applied
RANK: Mapping[str, int] = {
    A.QUEUED: 0,
    A.SENDING: 1,
    A.UNKNOWN: 2,
    A.ACCEPTED: 3,
    A.SENT: 4,
    A.FAILED: 5,
    A.DELIVERED: 6,
    A.READ: 7,
}


def sources(to: str) -> list[str]:
    """The states from which a message may go to `to`."""
    return [at for at, targets in MOVES.items() if to in targets]


def below(state: str) -> list[str]:
    """The attempt states an attempt may leave for `state`: its rank only rises."""
    return [other for other, rank in RANK.items() if rank < RANK[state]]
