"""How a person stands: what each way is worth now, and whether anybody gets through. Told to themselves and to administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications import reach
from notifications.models import Channel, ContactMethod, Message, Proof, Urgency
from servicedesk.directory import moments, words, zones
from servicedesk.directory.models import User

LONG_AGO = timedelta(days=90)
LIVE_FOR = timedelta(seconds=60)
ENDS = ("failed", "dead", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class Way:
    """One method with its state in words. `proof` is the test whose code can be typed back; `is_live` while one is under way."""

    method: ContactMethod
    tone: str
    text: str
    proof: Proof | None = None
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    tone: str
    bold: str
    text: str


def ways(person: User, *, now: datetime) -> list[Way]:
    methods = list(ContactMethod.objects.kept().filter(person=person).order_by("pk"))
    proofs: dict[int, Proof] = {}
    for proof in Proof.objects.filter(method__in=methods, expires_at__gt=now).select_related("message").order_by("pk"):
        proofs[proof.method_id] = proof
    return [_way(method, proofs.get(method.pk), person, now) for method in methods]


def verdict(person: User, found: Sequence[Way]) -> Verdict:
    """One sentence to trust: whether a page gets through, and by what."""
    good = [str(way.method.get_kind_display()) for way in found if way.method.is_usable]
    bad = [str(way.method.get_kind_display()) for way in found if not way.method.is_usable]
    text = " ".join(filter(None, [_are(good, is_good=True), _are(bad, is_good=False)]))
    if not reach.is_reachable(person, Urgency.URGENT):
        return Verdict("bad", _("You cannot be reached."), text or _("Add a way and send yourself a test."))
    if not reach.wakes(person):
        only = all(way.method.kind == Channel.EMAIL for way in found if way.method.is_usable)
        bold = _("Only mail reaches you: nothing wakes you at night.") if only else _("Nothing that reaches you wakes you at night.")
        return Verdict("warn", bold, text)
    return Verdict("ok", _("You can be reached."), text)


def cursor(found: Sequence[Way]) -> str:
    """Changes when a test went on."""
    return "-".join(f"{way.method.pk}.{way.tone}.{_state(way.proof)}" for way in found)


def _are(kinds: Sequence[str], *, is_good: bool) -> str:
    if not kinds:
        return ""
    unique = get_text_list(list(dict.fromkeys(kinds)), _("and"))
    good = ngettext("%(ways)s is verified.", "%(ways)s are verified.", len(set(kinds)))
    bad = ngettext("%(ways)s is not.", "%(ways)s are not.", len(set(kinds)))
    return (good if is_good else bad) % {"ways": unique}


def _way(method: ContactMethod, proof: Proof | None, person: User, now: datetime) -> Way:
    if method.disabled_at is not None:
        return Way(method, "bad", method.disabled_reason or _("Switched off"))
    if proof is not None and proof.confirmed_at is None and proof.message is not None:
        return _under_test(method, proof, proof.message, person, now)
    if method.is_flagged(now):
        told = {"at": _stamp(method.flagged_at, person, now), "why": method.flagged_reason.rstrip(".")}
        return Way(method, "warn", _("Refused %(at)s: %(why)s. A test that arrives lifts this.") % told)
    if method.verified_at is None:
        return Way(method, "bad", _("Not verified"))
    told = {"at": _stamp(method.verified_at, person, now)}
    if method.verified_at < now - LONG_AGO:
        return Way(method, "warn", _("Verified %(at)s, more than 90 days ago. Test it again.") % told)
    return Way(method, "ok", _("Verified %(at)s") % told)


def _under_test(method: ContactMethod, proof: Proof, message: Message, person: User, now: datetime) -> Way:
    state = message.shown_state
    look = words.STATES["message"][state]
    at = message.delivered_at or message.sent_at or message.ended_at or message.created_at
    told = {"state": look.word, "at": _stamp(at, person, now), "why": message.reason.rstrip(".")}
    is_live = proof.created_at > now - LIVE_FOR
    if state in ENDS:
        return Way(method, "bad", _("%(state)s %(at)s: %(why)s") % told, is_live=False)
    text = _("%(state)s %(at)s, type the code") % told
    return Way(method, "info", text, proof, is_live and state != Message.State.DELIVERED)


def _state(proof: Proof | None) -> str:
    if proof is None or proof.message is None:
        return ""
    return "confirmed" if proof.confirmed_at else proof.message.shown_state


def _stamp(then: datetime | None, person: User, now: datetime) -> str:
    return moments.stamp(zones.local(then, person), zones.local(now, person)) if then else ""
