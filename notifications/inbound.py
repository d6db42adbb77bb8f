"""Text messages that come in: who wrote, and which of the few words they mean. Opt-outs are dealt with here.

A reply counts only from a verified number of somebody paged for that incident within a day. Unknown numbers get no answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from notifications import outbox, walk
from notifications.models import Channel, ContactMethod, DrillAnswer, Errand, ProviderCallback
from notifications.models.methods import ContactMethodQuerySet
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

WINDOW = timedelta(hours=24)
LETTERS: Mapping[str, str] = {"A": "have", "E": "pass", "M": "more", "I": "facts", "R": "resolve"}
DIGITS: Mapping[str, str] = {"4": "have", "5": "pass", "6": "facts"}
CODE = re.compile(r"([AEMIR])(?:INC)?([0-9]{1,9})")
PRACTICE = re.compile(r"([AEMI])(TEST)?")  # a drill has no number: ATEST, or the letter alone where nothing else is open
STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "ARRET"}
START = {"START", "YES", "UNSTOP"}
OPTED_OUT = ("opted_out", "21610")


@dataclass(frozen=True, slots=True)
class Reply:
    """`word`: have, pass, more, facts, resolve, all or unknown; `incident` is None where the words name none for certain.

    `drill`: the token of the drill that is meant; empty: none.
    """

    person: User
    method: ContactMethod
    number: str
    word: str
    incident: int | None = None
    drill: str = ""


@transaction.atomic
def read_sms(from_: str, body: str, *, provider_id: str, now: datetime, opt_out_type: str = "") -> Reply | None:
    """What this message means; None when nothing is to be answered: unknown number, opt-out, opt-in, or read before."""
    kept = {"attempt": None, "raw": {"From": from_, "Body": body[:1600]}, "received_at": now, "outcome": "received"}
    _row, is_new = ProviderCallback.objects.get_or_create(provider="twilio", event_id=f"in:{provider_id}"[:160], defaults=kept)
    said = re.sub(r"[\W_]+", "", body).upper()
    telephones = ContactMethod.objects.filter(kind=Channel.SMS, address=from_.strip()).select_related("person").order_by("pk")
    if not is_new or _opted(telephones, opt_out_type.upper() or said, now=now):
        return None
    writers = list(telephones.filter(verified_at__isnull=False, person__is_active=True))
    return _meaning(writers, said, now=now) if writers else None


def _meaning(writers: list[ContactMethod], said: str, *, now: datetime) -> Reply:
    word, number = _words(said)
    practice = PRACTICE.fullmatch(said)
    if said in DIGITS or practice:
        open_pages = [(method, n) for method in writers for n in _open_pages(method.person)]
        asked = [(method, token) for method in writers for token in _open_drills(method.person, now)]
        meant = LETTERS[practice[1]] if practice else DIGITS[said]
        if asked and ((practice and practice[2]) or len(open_pages) + len(asked) == 1):
            holder, drill = asked[0]
            return Reply(holder.person, holder, holder.address, meant, drill=drill)
        if said in DIGITS and len(open_pages) == 1 and not asked:
            holder, only = open_pages[0]
            return Reply(holder.person, holder, holder.address, meant, only)
    paged = _paged(writers, number, now) if number else None
    if number and paged is None:
        word = "unknown"
    writer = paged or writers[0]
    return Reply(writer.person, writer, writer.address, word, number)


def _words(said: str) -> tuple[str, int | None]:
    """The word and the incident's number in it, if it is one of ours."""
    code = CODE.fullmatch(said)
    if code:
        return LETTERS[code[1]], int(code[2])
    return ("all" if said == "AALL" else "unknown"), None


def _open_pages(person: User) -> set[int]:
    threads = Errand.objects.open().filter(person=person, kind=Errand.Kind.PAGE).values_list("thread", flat=True)
    return {int(found[1]) for found in map(walk.THREAD.fullmatch, threads) if found}


def _open_drills(person: User, now: datetime) -> list[str]:
    """The tokens of the drills that wait for this person, the oldest first."""
    waiting = DrillAnswer.objects.filter(person=person, result=DrillAnswer.Result.WAITING, ends_at__gt=now, errand__isnull=False)
    return list(waiting.order_by("began_at", "pk").values_list("token", flat=True))


def _paged(writers: list[ContactMethod], number: int, now: datetime) -> ContactMethod | None:
    """Whoever of those with this telephone was last paged for the incident, within a day."""
    pages = Errand.objects.filter(kind=Errand.Kind.PAGE, thread=f"INC-{number}", created_at__gt=now - WINDOW)
    last = pages.filter(person__in=[method.person_id for method in writers]).order_by("-pk").first()
    return next((method for method in writers if last is not None and method.person_id == last.person_id), None)


def _opted(methods: ContactMethodQuerySet, said: str, *, now: datetime) -> bool:
    """Whether the message switched the number off or on again; Twilio answers such words itself."""
    if said in STOP:
        for method in methods.filter(disabled_at=None):
            _switch_off(method, said, now=now)
        return True
    back = methods.filter(disabled_code__in=OPTED_OUT) if said in START else methods.none()
    switched = [_switch_on(method, said, now=now) for method in back]
    return bool(switched)


def _switch_off(method: ContactMethod, said: str, *, now: datetime) -> None:
    """No more text messages; whoever is being paged is reached another way at once, and the person is told by mail."""
    method.disabled_at, method.disabled_code = now, OPTED_OUT[0]
    method.disabled_reason = _("The person replied %(word)s; START turns messages on again.") % {"word": said}
    method.save(update_fields=["disabled_at", "disabled_code", "disabled_reason"])
    trail.record(method, "switch off", actor=method.person, now=now, after={"code": said})
    for errand in Errand.objects.open().filter(person=method.person, kind=Errand.Kind.PAGE):
        walk.hurry(errand.pk, now=now)
    outbox.queue(
        method.person,
        thread="METHODS",
        key=f"opted-out:{method.pk}:{now.timestamp():.0f}",
        letter=_letter(method),
        urgency="normal",
        kind="notice",
        rank=4,
        because=_("your number was switched off"),
        on_duty=True,
        now=now,
    )


def _switch_on(method: ContactMethod, said: str, *, now: datetime) -> ContactMethod:
    method.disabled_at, method.disabled_code, method.disabled_reason = None, "", ""
    method.save(update_fields=["disabled_at", "disabled_code", "disabled_reason"])
    trail.record(method, "switch on", actor=method.person, now=now, after={"code": said})
    return method


def _letter(method: ContactMethod) -> outbox.Letter:
    with tongues.reader(method.person):
        return _switched_off(method)


def _switched_off(method: ContactMethod) -> outbox.Letter:
    text = _(
        "You switched off text messages to %(number)s. Pages reach you another way now, if you have one.\n"
        "Reply START from that telephone to turn them on again. Your methods: %(url)s"
    ) % {"number": method.address, "url": f"{settings.SITE_URL}/me/notifications/"}
    return outbox.Letter(subject=_("Text messages to you are switched off"), text=text, html="", sms="", short="")
