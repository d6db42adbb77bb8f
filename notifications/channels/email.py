"""Letters by SMTP or by an e-mail service (anymail): one recipient each, and the same Message-ID over every attempt."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from email.utils import parseaddr

import requests
from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from anymail.message import AnymailStatus
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from urllib3.exceptions import MaxRetryError, NewConnectionError

from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown, Parcel, mail_ids, smtp
from servicedesk.deadline import Deadline, within

SMTP = "django.core.mail.backends.smtp.EmailBackend"
LOCKED_OUT = {401, 403}
SLOW_DOWN = {408, 425, 429}
NEVER_LEFT = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)


def send(parcel: Parcel) -> str:
    """Send the letter; the e-mail service's id, or our Message-ID where there is none."""
    if not settings.EMAIL_CONFIGURED:
        raise NoProvider(_("No provider for e-mail is set up."))
    letter = _letter(parcel)
    number: str = letter.extra_headers["Message-ID"]
    if settings.EMAIL_BACKEND == SMTP or parcel.provider == smtp.SECOND:
        _by_smtp(letter, parcel.provider)
        return number
    return _by_service(letter) or number


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    """A mail server cannot be asked; a repeat bears the same Message-ID, by which receivers drop the second copy."""
    raise OutcomeUnknown(_("A mail server cannot be asked whether it has a letter."))


def _letter(parcel: Parcel) -> EmailMultiAlternatives:
    try:
        validate_email(parcel.to)
    except ValidationError as error:
        raise DeliveryFailed(_("This is not an e-mail address."), permanent=True, code="address", flags_method=True) from error
    subject, sender = _one_line(parcel.subject), settings.DEFAULT_FROM_EMAIL
    letter = EmailMultiAlternatives(subject, parcel.text, sender, [parcel.to], headers=_headers(parcel))
    if parcel.html:
        letter.attach_alternative(parcel.html, "text/html")
    return letter


def _headers(parcel: Parcel) -> dict[str, str]:
    """The caller's headers, with the thread's root before its References; Message-ID is always ours."""
    given = {name: _one_line(value) for name, value in parcel.headers.items()}
    references = [mail_ids.of_thread(parcel.thread)] if parcel.thread else []
    references += given.pop("References", "").split()
    usual = {"Auto-Submitted": "auto-generated"}
    if parcel.thread:
        usual["X-Desk-Item"] = _one_line(parcel.thread)
        if answers_to := mail_ids.reply_address(parcel.thread):
            usual["Reply-To"] = answers_to
            usual["X-Loop"] = parseaddr(settings.SUPPORT_ADDRESS)[1]
    if references:
        usual["In-Reply-To"] = references[-1]
        given["References"] = " ".join(references)
    return {**usual, **given, "Message-ID": mail_ids.of_message(parcel.message_id)}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _by_smtp(letter: EmailMultiAlternatives, provider: str) -> None:
    sender, recipient = (sanitize_address(address, "utf-8") for address in (letter.from_email, letter.to[0]))
    raw = letter.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own messages take it
    with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
        smtp.post(sender=sender, recipient=recipient, letter=raw, deadline=deadline, server=smtp.server(provider))


def _by_service(letter: EmailMultiAlternatives) -> str | None:
    try:
        within(settings.CHANNEL_TOTAL_S, letter.send)
    except (AnymailRecipientsRefused, AnymailInvalidAddress) as error:
        raise DeliveryFailed(_("The e-mail service refuses this address."), permanent=True, code="refused", flags_method=True) from error
    except AnymailError as error:
        raise _judged(error) from error
    except OSError as error:  # the time is over, or a backend of another kind lost its connection
        raise OutcomeUnknown(_("The e-mail service took the letter and did not answer.")) from error
    return _id_given(getattr(letter, "anymail_status", None))


def _id_given(status: AnymailStatus | None) -> str | None:
    """The service's id of a letter it took; some answer 200 and say further in that they did not."""
    if status is None:
        return None
    if status.status == {"failed"}:
        raise DeliveryFailed(_("The e-mail service could not take the letter."), permanent=False, code="failed")
    if not status.message_id:
        raise OutcomeUnknown(_("The e-mail service took the letter and its answer cannot be read."))
    return str(status.message_id)


def _judged(error: AnymailError) -> DeliveryFailed | OutcomeUnknown:
    """By the HTTP status where the service answered, else by how far the request came."""
    status = error.status_code
    if status is None:
        return _unanswered(error)
    if status in LOCKED_OUT:
        why = _("The e-mail service refuses our key.")
        return DeliveryFailed(why, permanent=True, code=str(status), provider_down=True, setup_fault=True)
    if status < 300:
        return OutcomeUnknown(_("The e-mail service took the letter and its answer cannot be read."))
    final = status < 500 and status not in SLOW_DOWN
    why = _("The e-mail service refused the letter (%(status)s).") % {"status": status}
    return DeliveryFailed(why, permanent=final, code=str(status), provider_fault=status >= 500)


def _unanswered(error: AnymailError) -> DeliveryFailed | OutcomeUnknown:
    cause = error.__cause__
    reason = cause.args[0] if cause and cause.args else None
    refused = isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)
    if refused or isinstance(cause, NEVER_LEFT):
        return DeliveryFailed(_("The e-mail service cannot be reached."), permanent=False, code="unreachable", provider_fault=True)
    if isinstance(cause, requests.RequestException):
        return OutcomeUnknown(_("The e-mail service took the letter and did not answer."))
    return DeliveryFailed(_("The letter cannot be sent by this e-mail service."), permanent=True, code="unsupported", setup_fault=True)
