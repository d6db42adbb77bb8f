"""The provider of the acceptance world, for every channel: what it is handed stays in the outbox, and it misbehaves on request.

Verbs: `ok` (accepted, delivered at the next move of the clock) · `fail` (refused for good: 21211) · `silent` (accepted, no
receipt ever) · `hang` (no answer until the deadline, without waiting for it). A call that is `ok` rings until somebody takes
it; a `silent` one never rings.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifications import delivery
from notifications.channels import DeliveryFailed, OutcomeUnknown, Parcel, twilio_codes
from servicedesk import clock

VERBS = ("ok", "fail", "silent", "hang")
KINDS = ("sms", "voice", "email")
REFUSED = 21211
TRAVELS = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Receipt:
    token: str
    provider_id: str
    due_at: datetime

    def arrive(self, now: datetime) -> None:
        told = {"status": "delivered", "provider_id": self.provider_id, "event_id": f"{self.provider_id}:delivered"}
        delivery.receipt(self.token, **told, raw=told, now=now, provider="e2e")


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call that nobody has taken yet."""

    to: str
    token: str
    provider_id: str

    def report(self, status: str, now: datetime) -> None:
        told = {"status": status, "provider_id": self.provider_id, "event_id": f"{self.provider_id}:{status}"}
        delivery.receipt(self.token, **told, raw=told, now=now)


@dataclass
class Exchange:
    """How each channel behaves, the receipts that are on their way, and the telephones that ring."""

    verbs: dict[str, str] = field(default_factory=dict)
    pending: list[Receipt] = field(default_factory=list)
    ringing: list[Ringing] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def reset(self) -> None:
        self.verbs.clear()
        self.pending.clear()
        self.ringing.clear()

    def verb(self, channel: str) -> str:
        return self.verbs.get(channel, "ok")

    def take(self, parcel: Parcel) -> str:
        provider_id = f"E2E-{parcel.message_id}-{next(self.numbers)}"
        if self.verb(parcel.channel) == "ok" and parcel.channel == "voice":
            self.ringing.append(Ringing(parcel.to, parcel.token, provider_id))
        elif self.verb(parcel.channel) == "ok":
            self.pending.append(Receipt(parcel.token, provider_id, clock.now() + TRAVELS))
        return provider_id

    def pick_up(self, to: str) -> Ringing | None:
        """The call that rings there, the latest if there are several; none of them rings any more."""
        there = [call for call in self.ringing if call.to == to]
        self.ringing = [call for call in self.ringing if call.to != to]
        return there[-1] if there else None

    def next_at(self) -> datetime | None:
        return min((receipt.due_at for receipt in self.pending), default=None)

    def deliver(self, now: datetime, *, also_early: bool = False) -> None:
        """Receipts that are due arrive; at the start of a move, all of them."""
        due = [receipt for receipt in self.pending if also_early or receipt.due_at <= now]
        self.pending = [receipt for receipt in self.pending if receipt not in due]
        for receipt in due:
            receipt.arrive(now)


exchange = Exchange()


# What notifications.channels asks of a channel


def send(parcel: Parcel) -> str:
    verb = exchange.verb(parcel.channel)
    if verb == "hang":
        raise OutcomeUnknown("The provider took the request and did not answer.")
    if verb == "fail":
        raise refusal(parcel.channel)
    return exchange.take(parcel)


def hang_up(provider_id: str, provider: str = "") -> None:
    exchange.ringing = [call for call in exchange.ringing if call.provider_id != provider_id]


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    """A provider that hangs says nothing; one that answers again does not know what it never took."""
    if exchange.verb(parcel.channel) == "hang":
        raise OutcomeUnknown("The provider does not say whether it has the message.")
    return None


def ask(provider_id: str, provider: str = "") -> tuple[str, str] | None:
    """Receipts are all this provider ever tells."""
    raise OutcomeUnknown("The provider does not say what became of the message.")


def refusal(channel: str) -> DeliveryFailed:
    if channel == "email":
        return DeliveryFailed("The mail server refused: 550 5.1.1 no such user", permanent=True, code="5.1.1", flags_method=True)
    return twilio_codes.failure(REFUSED)
