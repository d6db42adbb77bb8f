"""Calls by Twilio: at least once. What is said is fetched from our hook when somebody picks up, so no words leave here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from notifications.channels import DeliveryFailed, OutcomeUnknown, Parcel, twilio_codes
from notifications.channels.twilio_line import Line, client, status_callback, voice_url
from servicedesk.deadline import Deadline

RINGS_S = 25  # shorter than most networks take to switch to voicemail
LASTS_S = 180  # a voicemail that never hangs up
EVENTS = ["initiated", "answered", "completed"]
LISTED = 50
SKEW = timedelta(minutes=2)  # between our clock and Twilio's
UNREADABLE = (ValueError, TypeError, AttributeError, KeyError)  # what the SDK raises on an answer that is not Twilio's


def send(parcel: Parcel) -> str:
    """Ask Twilio to ring the number; the call's SID."""
    with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
        line = Line(deadline, parcel.provider)
        caller = _caller(line)
        try:
            call = client(line).calls.create(
                to=parcel.to,
                from_=caller,
                url=voice_url(parcel.token),
                status_callback=status_callback(parcel.token),
                status_callback_event=EVENTS,
                timeout=RINGS_S,
                time_limit=LASTS_S,
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise twilio_codes.failure(error.code, status=error.status, retry_after_s=line.retry_after_s) from error
        except UNREADABLE as error:
            raise OutcomeUnknown(_("Twilio took the request and its answer cannot be read.")) from error
    if not call.sid:
        raise OutcomeUnknown(_("Twilio took the request and its answer cannot be read."))
    return str(call.sid)


def hang_up(provider_id: str, provider: str = "") -> None:
    """Ask Twilio to end a call that is queued or rings; refused once it is picked up or over."""
    with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
        line = Line(deadline, provider)
        try:
            client(line).calls(provider_id).update(status="canceled")
        except (TwilioRestException, TwilioServiceException) as error:
            raise twilio_codes.failure(error.code, status=error.status, retry_after_s=line.retry_after_s) from error
        except UNREADABLE as error:
            raise OutcomeUnknown(_("Twilio took the request and its answer cannot be read.")) from error


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    """The SID of a call from us to this number, made since then, that no other attempt owns. A call bears no reference.

    Asked twice: by start, and without a date, because a call still in Twilio's queue has not started.
    """
    earliest = since.astimezone(UTC) - SKEW
    try:
        with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
            line = Line(deadline, parcel.provider)
            calls = client(line).calls
            for after in (earliest, values.unset):
                page = list(calls.page(to=parcel.to, from_=_caller(line), start_time_after=after, page_size=LISTED))
                recent = [call.sid for call in page if (call.date_created or earliest) >= earliest]
                ours = next((str(sid) for sid in recent if sid and sid not in known), None)
                if ours:
                    return ours
    except (DeliveryFailed, TwilioException, *UNREADABLE) as error:
        raise OutcomeUnknown(_("Twilio does not say whether it has the call.")) from error
    return None


def ask(provider_id: str, provider: str = "") -> tuple[str, str] | None:
    """Twilio's status of a call; None where Twilio does not know it."""
    try:
        with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
            found = client(Line(deadline, provider)).calls(provider_id).fetch()
    except (DeliveryFailed, TwilioException, *UNREADABLE) as error:
        twilio_codes.not_known(error, _("Twilio does not say what became of the call."))
        return None
    return str(found.status), ""


def _caller(line: Line) -> str:
    """A messaging service has no telephone to call from."""
    own = line.account.sender
    if own.startswith("MG"):
        why = _("Calls need a number of ours: TWILIO_FROM names a messaging service.")
        raise DeliveryFailed(why, permanent=True, code="no_caller", setup_fault=True)
    return own
