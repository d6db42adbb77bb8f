"""The carriers. A channel is one module with `send` and `find`; the registry imports it when it is first used.

Channels know nothing of rows: they take a `Parcel`, answer with the provider's id, and say by exception what went
wrong. They hold no transaction, retry nothing, and end within `settings.CHANNEL_TOTAL_S` whatever the provider does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Parcel:
    """One attempt at one message. `reference` ("A214", "7KQ4") stands in `text` and is looked for when reconciling."""

    message_id: int
    channel: str
    to: str
    subject: str
    text: str
    html: str
    token: str  # unguessable, of this attempt: the address of its receipts
    reference: str
    thread: str  # "INC-214"
    headers: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""  # one of `providers(channel)`; empty: the first


class DeliveryFailed(Exception):
    """The message surely did not go out.

    `reason` is for people. `permanent`: this method is not tried again for this message. `code`: the provider's own.
    `flags_method`: the number or address itself is bad. `provider_fault`: the provider broke, another may do it.
    `provider_down`: nobody is reached through it. `setup_fault`: an admin has to correct something. `retry_after_s`: the
    provider named a pause.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        code: str = "",
        flags_method: bool = False,
        provider_fault: bool = False,
        provider_down: bool = False,
        setup_fault: bool = False,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.code = code
        self.flags_method = flags_method
        self.provider_fault = provider_fault
        self.provider_down = provider_down
        self.setup_fault = setup_fault
        self.retry_after_s = retry_after_s


class OutcomeUnknown(Exception):
    """The request left and no answer came: the message may or may not be on its way."""


class NoProvider(Exception):
    """This channel is not configured; the message is kept and nothing was tried."""


class Channel(Protocol):
    def send(self, parcel: Parcel) -> str: ...
    def find(self, parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None: ...


class Askable(Protocol):
    def ask(self, provider_id: str, provider: str = "") -> tuple[str, str] | None: ...


class Telephone(Protocol):
    def hang_up(self, provider_id: str, provider: str = "") -> None: ...


NOT_KNOWN = "not_known"  # the code of a message its provider does not know
CAN_BE_ASKED = ("sms", "voice")
CHANNELS = {
    "email": "notifications.channels.email",
    "sms": "notifications.channels.sms",
    "voice": "notifications.channels.voice",
    "chat": "notifications.channels.chat",
    "webhook": "notifications.channels.webhook",
    "push": "notifications.channels.push",
    "apprise": "notifications.channels.apprise",
    "sentinel": "notifications.channels.sentinel",
}


def providers(channel: str) -> list[str]:
    """Through whom a channel may go, in the order in which they are tried."""
    if channel in CAN_BE_ASKED:
        return ["twilio", "twilio-2"] if settings.TWILIO_SECOND else ["twilio"]
    if channel == "email":
        return ["mail", "mail-2"] if settings.EMAIL_SECOND else ["mail"]
    return [channel]


def send(parcel: Parcel) -> str:
    """Hand the parcel to its provider and return the provider's id; DeliveryFailed, OutcomeUnknown or NoProvider."""
    return _channel(parcel.channel).send(parcel)


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    """The provider's id of a parcel whose answer was lost, None if it surely is not there, else OutcomeUnknown.

    `since` is when the attempt began; `known` are provider ids that other attempts already own and never match.
    """
    return _channel(parcel.channel).find(parcel, since=since, known=known)


def ask(channel: str, provider_id: str, provider: str = "") -> tuple[str, str] | None:
    """The provider's word for what became of this one, and its code; None where it does not know it; else OutcomeUnknown."""
    return cast("Askable", _channel(channel)).ask(provider_id, provider)


def hang_up(provider_id: str, provider: str = "") -> None:
    """Cut off a call that nobody picked up; a permanent DeliveryFailed where it does not ring any more."""
    cast("Telephone", _channel("voice")).hang_up(provider_id, provider)


def _channel(name: str) -> Channel:
    if name not in CHANNELS:
        raise NoProvider(_("No provider is set up for this channel."))
    return cast("Channel", import_module(CHANNELS[name]))
