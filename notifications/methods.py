"""A person's own ways to be reached: added, tested with a code, confirmed, removed; ladders, quiet hours, notices.

Whoever can be reached already is told of every change at the ways they had, so that nobody is cut off unawares.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from notifications import gsm7, numbers, outbox
from notifications.models import SEALED, Channel, ContactMethod, LadderRung, MutedTopic, Proof, QuietHours, SealedAddress, Topic
from notifications.models.methods import REMOVED, ContactMethodQuerySet
from notifications.outbox import Letter
from servicedesk import sealing
from servicedesk.audit import trail
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Organisation, User

LIVES = timedelta(minutes=15)
WITHIN = timedelta(hours=1)
MOST_TESTS = 6  # of one person within an hour: each costs money and may wake a stranger
MOST_WRONG = 5
THREAD = "METHODS"
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


class TooManyTests(Exception):
    """This person asked for so many tests that the next one has to wait."""


class WrongCode(Exception):
    """Not the code that was sent, or it is too old, or was guessed at too often."""


class AlreadyThere(Exception):
    """This person has that address already."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rung as it is written down: this method, so many minutes after the page began."""

    method: ContactMethod
    delay_min: int


@transaction.atomic
def add(person: User, *, kind: str, address: str, now: datetime, secret: str = "") -> ContactMethod:
    """A new way, not verified yet. The ways that work already are told. AlreadyThere where it is known.

    `secret` is the address itself where `address` is but its name.
    """
    User.objects.select_for_update().get(pk=person.pk)
    method = ContactMethod.objects.filter(person=person, kind=kind, address=address).first()
    if method is not None and method.disabled_code != REMOVED:
        raise AlreadyThere
    told = list(_told(person))
    if method is None:
        method = ContactMethod.objects.create(person=person, kind=kind, address=address, created_at=now)
    else:
        method.verified_at, method.disabled_at, method.disabled_code, method.disabled_reason = None, None, "", ""
        method.save(update_fields=["verified_at", "disabled_at", "disabled_code", "disabled_reason"])
    if secret:
        SealedAddress.objects.update_or_create(method=method, defaults={"words": sealing.seal(secret)})
    trail.record(method, "add", actor=person, now=now, after={"kind": kind, "address": masked(method)})
    _tell(told, method, tongues.later("%(way)s was added to the ways you are reached."), now=now)
    return method


@transaction.atomic
def remove(method: ContactMethod, *, now: datetime) -> None:
    """Out of every ladder and never used again; what was sent to it stays on record. The other ways and this one are told."""
    User.objects.select_for_update().get(pk=method.person_id)
    told = list(_told(method.person))
    method.rungs.all().delete()
    SealedAddress.objects.filter(method=method).delete()
    method.disabled_at, method.disabled_code, method.disabled_reason = now, REMOVED, _("Removed by the person.")
    method.verified_at = None
    method.save(update_fields=["disabled_at", "disabled_code", "disabled_reason", "verified_at"])
    trail.record(method, "remove", actor=method.person, now=now, before={"kind": method.kind, "address": masked(method)})
    _tell(told, method, tongues.later("%(way)s was removed from the ways you are reached."), now=now)


@transaction.atomic
def send_test(method: ContactMethod, *, now: datetime) -> Proof:
    """A message with a code to type back, by the road every page takes. TooManyTests after six within an hour."""
    User.objects.select_for_update().get(pk=method.person_id)
    recent = Proof.objects.filter(method__person=method.person_id, created_at__gt=now - WITHIN)
    if recent.count() >= MOST_TESTS:
        raise TooManyTests
    Proof.objects.filter(method=method, confirmed_at=None, expires_at__gt=now).update(expires_at=now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    proof = Proof.objects.create(method=method, fingerprint="", created_at=now, expires_at=now + LIVES)
    proof.fingerprint = _fingerprint(proof, code)
    proof.message = outbox.post(
        thread="TEST",
        key=f"proof:{proof.pk}",
        channel=method.kind,
        to=method.address,
        letter=letter(method.person, code, until=proof.expires_at, now=now),
        person=method.person,
        method=method,
        now=now,
        lane="page",
        expires_at=proof.expires_at,
    )
    proof.save(update_fields=["fingerprint", "message"])
    return proof


def letter(person: User, code: str, *, until: datetime, now: datetime) -> Letter:
    """TEST, the code, and until when it counts. Its words are nobody else's to read."""
    with tongues.reader(person):
        return _letter(person, code, until=until, now=now)


def _letter(person: User, code: str, *, until: datetime, now: datetime) -> Letter:
    organisation = Organisation.current()
    at = moments.stamp(zones.local(until, person), zones.local(now, person))
    said = {"name": organisation.name if organisation else _("Servicedesk"), "code": f"{code[:3]} {code[3:]}", "at": at}
    text = _("TEST from %(name)s. Your code is %(code)s. Type it on the page My notifications until %(at)s. Nothing is wrong.") % said
    spoken = _("This is a test from %(name)s. Your code is %(digits)s. I repeat: %(digits)s.") % {**said, "digits": ", ".join(code)}
    subject = _("TEST from %(name)s: your code") % said
    return Letter(subject=subject, text=text, html="", sms=gsm7.fit([gsm7.Part(text, 1)]), short="TEST", voice=spoken, is_confidential=True)


def confirm(method: ContactMethod, typed: str, *, now: datetime) -> ContactMethod:
    """The code came back: this method is verified, and what was said against it is over. WrongCode otherwise."""
    if not _confirm(method, "".join(typed.split()), now=now):
        raise WrongCode
    method.refresh_from_db()
    return method


@transaction.atomic
def _confirm(method: ContactMethod, typed: str, *, now: datetime) -> bool:
    """Wrong codes are counted in a transaction of their own, so that guessing ends."""
    proof = Proof.objects.select_for_update().filter(method=method).open(now).filter(wrong__lt=MOST_WRONG).first()
    if proof is None:
        return False
    if not constant_time_compare(proof.fingerprint, _fingerprint(proof, typed)):
        proof.wrong += 1
        proof.save(update_fields=["wrong"])
        return False
    proof.confirmed_at = now
    proof.save(update_fields=["confirmed_at"])
    fresh = {"verified_at": now, "flagged_at": None, "flagged_code": "", "flagged_reason": ""}
    ContactMethod.objects.kept().filter(pk=method.pk).update(**fresh)
    trail.record(method, "verify", actor=method.person, now=now, after={"kind": method.kind, "address": masked(method)})
    return True


@transaction.atomic
def arrange(person: User, urgency: str, steps: Sequence[Step], *, now: datetime) -> None:
    """This person's ladder from now on; no steps: every verified method at its usual time."""
    before = _ladder_as_json(person, urgency)
    LadderRung.objects.filter(person=person, urgency=urgency).delete()
    LadderRung.objects.bulk_create(
        LadderRung(person=person, urgency=urgency, position=place, delay_s=step.delay_min * 60, method=step.method)
        for place, step in enumerate(steps)
    )
    after = _ladder_as_json(person, urgency)
    trail.record(person, "arrange ladder", actor=person, now=now, before={urgency: before}, after={urgency: after})


@transaction.atomic
def keep_quiet(person: User, *, starts: time | None, ends: time | None, weekdays: Collection[int], now: datetime) -> None:
    """Quiet hours on the person's own clock; without a beginning or an end: none."""
    if starts is None or ends is None:
        QuietHours.objects.filter(person=person).delete()
        said: dict[str, object] = {}
    else:
        QuietHours.objects.update_or_create(person=person, defaults={"starts": starts, "ends": ends, "weekdays": sorted(weekdays)})
        said = {"from": f"{starts:%H:%M}", "until": f"{ends:%H:%M}", "weekdays": sorted(weekdays)}
    trail.record(person, "quiet hours", actor=person, now=now, after=said)


@transaction.atomic
def speak(person: User, *, language: str, zone: str, now: datetime) -> None:
    """From now on they are written to in this language and on this clock; empty: the house's, the site's."""
    before = {"language": person.language, "zone": person.zone}
    person.language, person.zone = language, zone
    person.save(update_fields=["language", "zone"])
    trail.record(person, "choose language", actor=person, now=now, before=before, after={"language": language, "zone": zone})


@transaction.atomic
def choose_topics(person: User, wanted: Collection[str], *, now: datetime) -> None:
    """Of what beside pages this person is told."""
    muted = [topic for topic in Topic.values if topic not in wanted]
    MutedTopic.objects.filter(person=person).exclude(topic__in=muted).delete()
    MutedTopic.objects.bulk_create([MutedTopic(person=person, topic=topic) for topic in muted], ignore_conflicts=True)
    trail.record(person, "choose notices", actor=person, now=now, after={"muted": muted})


def masked(method: ContactMethod) -> str:
    """An address others may know of without knowing it: s•••@acme.com, +33•••01."""
    if method.kind == Channel.EMAIL:
        box, _at, host = method.address.partition("@")
        return f"{box[:1]}•••@{host}"
    if method.kind == Channel.CHAT:
        return f"{urlsplit(method.address).hostname}/•••"
    if method.kind in SEALED:
        return method.address
    return f"{method.address[:3]}•••{method.address[-2:]}"


def browser_name(agent: str, secret: str) -> str:
    """What its owner may call a browser: "Firefox, Linux, 3f9a2c". The last is a fingerprint of its address."""
    browser = next((name for mark, name in BROWSERS if mark in agent), _("Browser"))
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, [browser, system, hashlib.sha256(secret.encode()).hexdigest()[:6]]))


def _told(person: User) -> ContactMethodQuerySet:
    """Where a change is told: what works today by mail or text message."""
    return ContactMethod.objects.usable().filter(person=person, kind__in=(Channel.EMAIL, Channel.SMS)).order_by("pk")


def _tell(told: Sequence[ContactMethod], changed: ContactMethod, sentence: str, *, now: datetime) -> None:
    with tongues.reader(changed.person):
        said = _changed(changed, sentence)
    for method in told:
        outbox.post(
            thread=THREAD,
            key=f"methods:{changed.pk}:{now.timestamp():.3f}:{method.pk}",
            channel=method.kind,
            to=method.address,
            letter=said,
            person=changed.person,
            now=now,
        )


def _changed(changed: ContactMethod, sentence: str) -> Letter:
    way = f"{changed.get_kind_display()} {masked(changed)}"
    ask = _("If that was not you, call the help desk: somebody else uses your account.")
    text = f"{sentence % {'way': way}} {ask}\n\n{settings.SITE_URL}/me/notifications/"
    sms = gsm7.fit([gsm7.Part(sentence % {"way": way}), gsm7.Part(_("Not you? Call the help desk."), 1)])
    return Letter(subject=_("The ways you are reached were changed"), text=text, html="", sms=sms, short="")


def _fingerprint(proof: Proof, code: str) -> str:
    return salted_hmac(f"notifications.proof.{proof.pk}", code, algorithm="sha256").hexdigest()


def _ladder_as_json(person: User, urgency: str) -> list[list[object]]:
    rungs = LadderRung.objects.filter(person=person, urgency=urgency).select_related("method").order_by("position")
    return [[rung.delay_s, rung.method.kind, masked(rung.method)] for rung in rungs]


def desk_numbers() -> list[str]:
    """The numbers calls and text messages come from. A messaging service has many and names none."""
    organisation = Organisation.current()
    own = numbers.dialled(settings.TWILIO_FROM)
    return list(filter(None, [own, organisation.desk_phone if organisation else ""]))


def contact_card() -> str:
    """vCard 3.0, which every phone takes."""
    organisation = Organisation.current()
    name = re.sub(r"([,;\\])", r"\\\1", " ".join((organisation.name if organisation else _("Servicedesk")).split()))
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{name};;;", f"FN:{name}", f"ORG:{name}"]
    lines += [f"TEL;TYPE=WORK,VOICE:{number}" for number in desk_numbers()]
    return "\r\n".join([*lines, "END:VCARD", ""])
