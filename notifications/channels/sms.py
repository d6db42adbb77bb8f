"""Text messages by Twilio: at least once. A lost answer is OutcomeUnknown; `find` looks the message up before any repeat."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from django.conf import settings
from django.utils.translation import gettext as _
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest.api.v2010.account.message import MessageInstance

from notifications import gsm7
from notifications.channels import DeliveryFailed, OutcomeUnknown, Parcel, twilio_codes
from notifications.channels.twilio_line import Line, client, status_callback
from servicedesk.deadline import Deadline

VALID_S = 300  # Twilio's default is ten hours: a page must not arrive in the morning
MOST_CHARS = 1600
LISTED = 50
SKEW = timedelta(minutes=2)  # between our clock and Twilio's
UNREADABLE = (ValueError, TypeError, AttributeError, KeyError)  # what the SDK raises on an answer that is not Twilio's


class _Sender(TypedDict, total=False):
    from_: str
    messaging_service_sid: str


def send(parcel: Parcel) -> str:
    """Ask Twilio to send the parcel; its message SID."""
    with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
        line = Line(deadline, parcel.provider)
        try:
            message = client(line).messages.create(
                to=parcel.to,
                **_sender(line),
                body=_body(parcel),
                status_callback=status_callback(parcel.token),
                validity_period=VALID_S,
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise twilio_codes.failure(error.code, status=error.status, retry_after_s=line.retry_after_s) from error
        except UNREADABLE as error:
            raise OutcomeUnknown(_("Twilio took the request and its answer cannot be read.")) from error
    if not message.sid:
        raise OutcomeUnknown(_("Twilio took the request and its answer cannot be read."))
    return str(message.sid)


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    """The SID of a message to this number, created since then, that holds the reference and no other attempt owns.

    Asked twice: by date sent, and without a date, because a message still in Twilio's queue has no date yet.
    """
    earliest = since.astimezone(UTC) - SKEW
    try:
        with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
            line = Line(deadline, parcel.provider)
            messages = client(line).messages
            for after in (earliest, values.unset):
                page = messages.page(to=parcel.to, from_=_sender(line).get("from_", values.unset), date_sent_after=after, page_size=LISTED)
                sid = _match(parcel, page, earliest, known)
                if sid:
                    return sid
    except (DeliveryFailed, TwilioException, *UNREADABLE) as error:
        raise OutcomeUnknown(_("Twilio does not say whether it has the message.")) from error
    return None


def ask(provider_id: str, provider: str = "") -> tuple[str, str] | None:
    """Twilio's status of a message and its error code; None where Twilio does not know it."""
    try:
        with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
            found = client(Line(deadline, provider)).messages(provider_id).fetch()
    except (DeliveryFailed, TwilioException, *UNREADABLE) as error:
        twilio_codes.not_known(error, _("Twilio does not say what became of the message."))
        return None
    return str(found.status), str(found.error_code or "")


def _sender(line: Line) -> _Sender:
    """A number of ours, or the messaging service that chooses one."""
    own = line.account.sender
    return {"messaging_service_sid": own} if own.startswith("MG") else {"from_": own}


def _body(parcel: Parcel) -> str:
    """Folded here as well, so that no stray character makes one segment three."""
    return gsm7.fold(parcel.text)[:MOST_CHARS]


def _match(parcel: Parcel, page: Iterable[MessageInstance], earliest: datetime, known: Collection[str]) -> str | None:
    recent = [message for message in page if (message.date_created or earliest) >= earliest]
    holding = [message for message in recent if message.sid not in known and _holds(message.body or "", parcel)]
    exact = [message for message in holding if message.body == _body(parcel)]
    found = next((message.sid for message in exact + holding if message.sid), None)
    if found is None and len(recent) >= LISTED:
        raise OutcomeUnknown(_("Twilio has more messages to this number than it lists at once."))
    return found


def _holds(body: str, parcel: Parcel) -> bool:
    """The reference stands in the body as a word of its own ("A21" is not in "reply A214")."""
    if not parcel.reference:
        return body == _body(parcel)
    return re.search(rf"(?<![\w-]){re.escape(parcel.reference)}(?![\w-])", body) is not None
