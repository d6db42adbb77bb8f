"""Drafts: kept while one writes, given back on any device, gone when sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from incidents.models import Draft
from servicedesk.directory import tongues
from servicedesk.directory.models import User

LONGEST = 10_000  # characters of one field
FIELDS = {
    Draft.Kind.NEW: ("what", "impacted", "impacted_count", "impacted_group", "effect", "loss", "service", "reporting_for"),
    Draft.Kind.ANSWER: ("text",),
    Draft.Kind.REPLY: ("text", "promise", "promise_at"),
    Draft.Kind.NOTE: ("text",),
    Draft.Kind.CALL: ("text", "minutes", "direction", "person"),
}
LIVES = timedelta(days=30)


@tongues.deed
@transaction.atomic
def keep(person: User, kind: str, number: int, said: Mapping[str, str], *, now: datetime, key: str = "") -> Draft | None:
    """The fields of that form as they are now; None where nothing is written in them, or the form of this key was sent: no draft.

    A browser saves while its form is on the way: what arrives after the sending must not come back as a draft.
    """
    fields = {name: said[name][:LONGEST] for name in FIELDS[Draft.Kind(kind)] if said.get(name, "").strip()}
    row = _locked(person, kind, number, now)
    if key and row.sent_key == key:
        return None
    row.fields, row.saved_at = fields, now
    row.save(update_fields=["fields", "saved_at"])
    return row if fields else None


@transaction.atomic
def sent(person: User, kind: str, number: int = 0, *, key: str, now: datetime) -> None:
    """The form of this key went out: its draft is gone, and stays so."""
    row = _locked(person, kind, number, now)
    row.fields, row.sent_key, row.saved_at = {}, key.replace("\0", "")[:40], now
    row.save(update_fields=["fields", "sent_key", "saved_at"])


def discard(person: User, kind: str, number: int = 0) -> None:
    Draft.objects.filter(person=person, kind=kind, number=number).update(fields={})


def of(person: User, kind: str, number: int = 0) -> Draft | None:
    return Draft.objects.filter(person=person, kind=kind, number=number).written().first()


def _locked(person: User, kind: str, number: int, now: datetime) -> Draft:
    place = {"person": person, "kind": kind, "number": number}
    return Draft.objects.select_for_update().get_or_create(**place, defaults={"saved_at": now})[0]


def forget(*, now: datetime) -> int:
    """Drafts nobody went on with for a month."""
    return Draft.objects.filter(saved_at__lt=now - LIVES).delete()[0]
