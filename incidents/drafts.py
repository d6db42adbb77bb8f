"""Drafts: kept while one writes, given back on any device, gone when sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from incidents.models import Draft
from servicedesk.directory import tongues
from servicedesk.directory.models import User

LONGEST = 10_000  # characters of one field
FIELDS = {
    Draft.Kind.NEW: ("what", "impacted", "impacted_count", "impacted_group", "effect", "loss", "service", "reporting_for"),
    Draft.Kind.ANSWER: ("text",),
    Draft.Kind.REPLY: ("text", "promise", "promise_at"),
    Draft.Kind.NOTE: ("text",),
}
LIVES = timedelta(days=30)


@tongues.deed
def keep(person: User, kind: str, number: int, said: Mapping[str, str], *, now: datetime) -> Draft | None:
    """The fields of that form as they are now; None where nothing is written in them: then there is no draft."""
    fields = {name: said[name][:LONGEST] for name in FIELDS[Draft.Kind(kind)] if said.get(name, "").strip()}
    if not fields:
        discard(person, kind, number)
        return None
    row, _made = Draft.objects.update_or_create(person=person, kind=kind, number=number, defaults={"fields": fields, "saved_at": now})
    return row


def discard(person: User, kind: str, number: int = 0) -> None:
    Draft.objects.filter(person=person, kind=kind, number=number).delete()


def of(person: User, kind: str, number: int = 0) -> Draft | None:
    return Draft.objects.filter(person=person, kind=kind, number=number).first()


def forget(*, now: datetime) -> int:
    """Drafts nobody went on with for a month."""
    return Draft.objects.filter(saved_at__lt=now - LIVES).delete()[0]
