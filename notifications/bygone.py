"""How people could be reached at a moment that is past, put back into the rows. Only for a transaction that is rolled back.

Columns say when a way was added, verified and switched off last; the audit trail says what stood before that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from notifications import methods
from notifications.models import ContactMethod, LadderRung, Message
from notifications.models.methods import REMOVED
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import User

NOUN = ContactMethod._meta.label_lower
PROVING = ("add", "verify", "remove")
SWITCHING = ("switch off", "switch on")
BESIDE = timedelta(hours=6)  # after the moment: longer than any walk goes on


def put_back(*, at: datetime) -> list[str]:
    """Ways and ladders as they stood; in sentences, what is not known of that time."""
    gone = list(ContactMethod.objects.filter(disabled_code=REMOVED, disabled_at__gt=at, created_at__lte=at).select_related("person"))
    ContactMethod.objects.filter(created_at__gt=at).update(verified_at=None, disabled_at=F("created_at"))
    ContactMethod.objects.filter(flagged_at__gt=at).update(flagged_at=None)
    later = ContactMethod.objects.filter(created_at__lte=at)
    later.filter(disabled_at__gt=at).update(disabled_at=None, disabled_code="", disabled_reason="")
    _prove(later.filter(Q(verified_at__gt=at) | Q(verified_at=None)), at)
    _switch(later, at)
    Message.objects.filter(asked_at__gte=at, asked_at__lt=at + BESIDE).update(asked_at=None)  # the real pages of then bundle nothing
    return [*_ladders(at), *(_lost(method) for method in gone)]


def _prove(rows: Any, at: datetime) -> None:
    """Verified then: the last that was said of it until then is that its code came back."""
    said = _last_said(PROVING, at)
    for method in rows:
        entry = said.get(str(method.pk))
        method.verified_at = entry.at if entry and entry.verb == "verify" else None
        method.save(update_fields=["verified_at"])


def _switch(rows: Any, at: datetime) -> None:
    off = [number for number, entry in _last_said(SWITCHING, at).items() if entry.verb == "switch off"]
    rows.filter(pk__in=off, disabled_at=None).update(disabled_at=at)


def _last_said(verbs: tuple[str, ...], at: datetime) -> dict[str, AuditEntry]:
    rows = AuditEntry.objects.filter(noun=NOUN, verb__in=verbs, at__lte=at).order_by("id")
    return {entry.object_id: entry for entry in rows}


def _ladders(at: datetime) -> Iterator[str]:
    """What the first change after the moment found is what stood at it."""
    changes = AuditEntry.objects.filter(noun=User._meta.label_lower, verb="arrange ladder", at__gt=at).order_by("-id")
    first = {(entry.object_id, urgency): rungs for entry in changes for urgency, rungs in entry.before.items()}
    people = {str(person.pk): person for person in User.objects.filter(pk__in=[number for number, _urgency in first])}
    for (number, urgency), rungs in first.items():
        if number in people and not _built(people[number], urgency, rungs):
            yield _("%(name)s: one rung of the ladder of then names a way that is not known any more.") % {"name": people[number]}


def _built(person: User, urgency: str, rungs: list[list[Any]]) -> bool:
    """The ladder again, by the kinds and masked addresses the trail keeps; False: one of them is nobody's now."""
    known = {(method.kind, methods.masked(method)): method for method in ContactMethod.objects.filter(person=person)}
    LadderRung.objects.filter(person=person, urgency=urgency).delete()
    found = [(delay_s, known.get((kind, address))) for delay_s, kind, address in rungs]
    LadderRung.objects.bulk_create(
        LadderRung(person=person, urgency=urgency, position=place, delay_s=delay_s, method=method)
        for place, (delay_s, method) in enumerate(found)
        if method is not None
    )
    return all(method is not None for _delay, method in found)


def _lost(method: ContactMethod) -> str:
    words = {"name": method.person, "way": f"{method.get_kind_display()} {methods.masked(method)}"}
    return _("%(name)s removed %(way)s since; its place in the ladder of then may be missing.") % words
