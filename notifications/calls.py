"""Calls that are picked up: what is said, and which key was pressed for which incident.

That somebody or something picked up is a receipt. A key counts once: Twilio repeats a request whose answer was lost, and
a signed request has no date. `turn` and `wrong` stand in the signed address of the keypad.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from notifications import delivery, outbox, twiml, walk
from notifications.inbound import DIGITS
from notifications.models import Attempt, Channel, DrillAnswer, Message, ProviderCallback
from servicedesk.directory import tongues
from servicedesk.directory.models import User

MOST_WRONG = 3
REPEAT = "facts"  # 6, as in a text message


@dataclass(frozen=True, slots=True)
class Call:
    """One request of an answered call. `word` is have or pass, or empty: nothing to do. `incident` is None where no key counts."""

    token: str
    text: str
    language: str
    person: User | None = None
    incident: int | None = None
    bundle: tuple[int, ...] = ()  # a call for several at once: 4 takes them all
    drill: str = ""  # the token of a drill that may still be answered
    word: str = ""
    digit: str = ""
    turn: int = 0
    wrong: int = 0


@transaction.atomic
def heard(token: str, said: Mapping[str, str], *, turn: str, wrong: str, now: datetime) -> Call | None:
    """What this request means; None for a token that was never given to a call."""
    attempt = Attempt.objects.select_related("message__person").filter(token=token, message__channel=Channel.VOICE).first()
    if attempt is None:
        return None
    sid, digit = said["CallSid"], said.get("Digits", "")[:1]
    _picked_up(token, sid, said, now=now)
    message, place = attempt.message, _number(turn)
    is_new = _is_new(attempt, f"key:{sid}:{place}", said, now=now) if digit else False
    word = DIGITS.get(digit, "") if is_new else ""
    is_wrong = is_new and not word
    return Call(
        token=token,
        text=message.text,
        language=tongues.of(message.person),
        person=message.person,
        incident=_incident(message),
        bundle=tuple(outbox.incidents_of(message)) if message.token else (),
        drill=_drill(message, now),
        word="" if word == REPEAT else word,
        digit=digit if is_new else "",
        turn=place,
        wrong=_number(wrong) + is_wrong,
    )


def speak(call: Call | None, answer: str = "") -> str:
    """TwiML: the answer to a key and farewell, or the letter and the keypad."""
    language = call.language if call else tongues.house()
    with translation.override(language):
        farewell = _("Goodbye.")
        if call is None:
            return twiml.speech(_("This call is of no use any more."), farewell, language=language)
        if answer or not (call.incident or call.bundle or call.drill):
            return twiml.speech(answer or call.text, farewell, language=language)
        is_wrong = bool(call.digit) and call.digit not in DIGITS
        sorry = _("%(digit)s is not one of the keys.") % {"digit": call.digit} if is_wrong else ""
        if call.wrong >= MOST_WRONG:
            return twiml.speech(sorry, _("Nothing is changed."), farewell, language=language)
        action = f"{settings.SITE_URL}/hooks/twilio/voice/{call.token}/?turn={call.turn + 1}&wrong={call.wrong}"
        nothing = " ".join([_("No key was pressed. Nothing is changed."), farewell])
        return twiml.menu(sorry, call.text, action=action, farewell=nothing, language=language)


def _picked_up(token: str, sid: str, said: Mapping[str, str], *, now: datetime) -> None:
    """The same report as the status hook's, whichever comes first."""
    event_id = f"{sid}:in-progress"
    delivery.receipt(token, status="in-progress", provider_id=sid, event_id=event_id, raw=said, now=now)


def _is_new(attempt: Attempt, event_id: str, said: Mapping[str, str], *, now: datetime) -> bool:
    kept = {"attempt": attempt, "raw": dict(said), "received_at": now, "outcome": "key"}
    _row, is_new = ProviderCallback.objects.get_or_create(provider="twilio", event_id=event_id[:160], defaults=kept)
    return is_new


def _incident(message: Message) -> int | None:
    """Keys are offered on a page about an incident to somebody we know."""
    found = walk.THREAD.fullmatch(message.thread)
    return int(found[1]) if found and message.person and message.lane == Message.Lane.PAGE else None


def _drill(message: Message, now: datetime) -> str:
    rows = DrillAnswer.objects.filter(errand=message.errand_id, errand__isnull=False, result=DrillAnswer.Result.WAITING, ends_at__gt=now)
    return rows.values_list("token", flat=True).first() or ""


def _number(written: str) -> int:
    return int(written) if written.isdecimal() and len(written) < 5 else 0
