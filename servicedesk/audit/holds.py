"""Legal hold: what is named by one is neither pruned, nor erased, nor taken back. It counts from the moment one person asks for it;
another confirms it, and it ends only when one person asks and another agrees.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from servicedesk.audit import trail
from servicedesk.audit.models import LegalHold
from servicedesk.directory.models import User

EVERYTHING = "everything"


class SamePerson(Exception):
    """It takes a second person."""


class NotNow(Exception):
    """This hold is not at that point."""


class UnderHold(Exception):
    """A legal hold forbids it; the text names which."""

    def __init__(self, hold: LegalHold) -> None:
        super().__init__(f"Legal hold {hold.pk} ({hold.subject}) forbids it.")


def of_person(person: User) -> str:
    return f"person:{person.pk}"


def held(*subjects: str, prefix: str = "") -> LegalHold | None:
    """A hold in force on everything, on one of these subjects, or on any that begins with `prefix`."""
    named = Q(subject__in=[EVERYTHING, *subjects])
    if prefix:
        named |= Q(subject__startswith=prefix)
    return LegalHold.objects.filter(named, lifted_at=None).order_by("pk").first()


def refuse(*subjects: str) -> None:
    """Raises UnderHold where one is in force."""
    if found := held(*subjects):
        raise UnderHold(found)


@transaction.atomic
def ask(subject: str, *, reason: str, actor: User, now: datetime) -> LegalHold:
    """In force at once; another person confirms it."""
    row = LegalHold.objects.create(subject=subject, reason=reason, asked_by=actor, asked_at=now)
    trail.record(row, "ask", actor=actor, now=now, after={"subject": subject, "reason": reason})
    return row


def confirm(hold: LegalHold, *, actor: User, now: datetime) -> LegalHold:
    return _second(hold, "confirm", first="asked_by", by="confirmed_by", at="confirmed_at", actor=actor, now=now)


@transaction.atomic
def ask_to_lift(hold: LegalHold, *, actor: User, now: datetime) -> LegalHold:
    """It stays in force until somebody else agrees. Raises NotNow where that was asked before."""
    row = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if row.lift_asked_by_id or row.lifted_at:
        raise NotNow
    row.lift_asked_by, row.lift_asked_at = actor, now
    row.save(update_fields=["lift_asked_by", "lift_asked_at"])
    trail.record(row, "ask to lift", actor=actor, now=now, after={"subject": row.subject})
    return row


def lift(hold: LegalHold, *, actor: User, now: datetime) -> LegalHold:
    return _second(hold, "lift", first="lift_asked_by", by="lifted_by", at="lifted_at", actor=actor, now=now)


@transaction.atomic
def _second(hold: LegalHold, verb: str, *, first: str, by: str, at: str, actor: User, now: datetime) -> LegalHold:
    """The second of two people. Raises SamePerson, NotNow."""
    row = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if getattr(row, f"{first}_id") is None or getattr(row, at) is not None or row.lifted_at is not None:
        raise NotNow
    if getattr(row, f"{first}_id") == actor.pk:
        raise SamePerson
    setattr(row, by, actor)
    setattr(row, at, now)
    row.save(update_fields=[by, at])
    trail.record(row, verb, actor=actor, now=now, after={"subject": row.subject})
    return row
