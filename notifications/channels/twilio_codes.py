"""What Twilio's codes mean for us. The same table serves the answer to a request and the receipt that comes later."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later

from notifications.channels import NOT_KNOWN, DeliveryFailed, OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Meaning:
    """The words for people, and the flags of DeliveryFailed."""

    words: str | Promise
    permanent: bool = True
    flags_method: bool = False
    setup_fault: bool = False
    provider_fault: bool = False
    provider_down: bool = False


CODES = {
    # the number
    21211: Meaning(_later("This is not a telephone number."), flags_method=True),
    21217: Meaning(_later("This number cannot be called."), flags_method=True),
    21610: Meaning(_later("The person replied STOP; START turns messages on again."), flags_method=True),
    21612: Meaning(_later("No text message reaches this number from our sender."), flags_method=True),
    21614: Meaning(_later("This number cannot receive text messages."), flags_method=True),
    30004: Meaning(_later("The number blocks our messages."), flags_method=True),
    30005: Meaning(_later("The number is unknown or no longer in use."), flags_method=True),
    30006: Meaning(_later("This is a landline or a network that takes no text messages."), flags_method=True),
    30007: Meaning(_later("The network filtered the message as unwanted."), flags_method=True),
    # our settings
    21408: Meaning(
        _later("The Twilio account may not send to this country: see its geographic permissions."),
        flags_method=True,
        setup_fault=True,
    ),
    21215: Meaning(
        _later("The Twilio account may not call this country: see its geographic permissions."),
        flags_method=True,
        setup_fault=True,
    ),
    21210: Meaning(_later("Our number is not one the Twilio account may call from."), setup_fault=True),
    21219: Meaning(_later("A trial account of Twilio calls only numbers verified with Twilio."), setup_fault=True),
    21212: Meaning(_later("Our sender number is not valid."), setup_fault=True),
    21606: Meaning(_later("Our sender number does not belong to the Twilio account."), setup_fault=True),
    21602: Meaning(_later("The message has no text.")),
    21617: Meaning(_later("The message is too long.")),
    # the account
    20003: Meaning(_later("Twilio refuses our account or its token."), setup_fault=True, provider_down=True),
    20005: Meaning(_later("The Twilio account is not active."), setup_fault=True, provider_down=True),
    30002: Meaning(_later("The Twilio account is suspended."), setup_fault=True, provider_down=True),
    # passing
    20429: Meaning(_later("Twilio asks us to slow down."), permanent=False),
    21611: Meaning(_later("Our sender number has too many messages waiting."), permanent=False),
    30001: Meaning(_later("Our sender number has too many messages waiting."), permanent=False),
    30003: Meaning(_later("The handset is switched off or out of reach."), permanent=False),
    30008: Meaning(_later("The network gives no reason."), permanent=False),
}


def by_word(code: str) -> DeliveryFailed:
    """The failure behind the code of a receipt, as it was written."""
    if code == NOT_KNOWN:
        return DeliveryFailed(_("Twilio does not know this message."), permanent=True, code=code)
    return failure(int(code) if code.isdecimal() and len(code) < 10 else None)


def failure(code: int | None, *, status: int = 0, retry_after_s: int | None = None) -> DeliveryFailed:
    """The failure a code stands for; `status` (HTTP) decides where the code is missing or new, 0 means a receipt."""
    meaning = CODES.get(code or 0) or _by_status(status)
    return DeliveryFailed(
        str(meaning.words),
        permanent=meaning.permanent,
        code=str(code or status or ""),
        flags_method=meaning.flags_method,
        provider_fault=meaning.provider_fault,
        provider_down=meaning.provider_down,
        setup_fault=meaning.setup_fault,
        retry_after_s=retry_after_s,
    )


def not_known(error: Exception, why: str) -> None:
    """None where Twilio says that it has no such thing; everything else says nothing about it."""
    if getattr(error, "status", 0) != 404:
        raise OutcomeUnknown(why) from error


def _by_status(status: int) -> Meaning:
    if status == 401:
        return CODES[20003]
    if status == 429:
        return CODES[20429]
    if 300 <= status < 400:
        return Meaning(_("Twilio's address answers with a redirect: check TWILIO_API_BASE."), setup_fault=True)
    if 400 <= status < 500:
        return Meaning(_("Twilio refused the message."))
    if status:
        return Meaning(_("Twilio has a fault of its own."), permanent=False, provider_fault=True)
    return Meaning(_("The network did not deliver the message."), permanent=False)
