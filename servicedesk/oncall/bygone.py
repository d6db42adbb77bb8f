"""Who was on call at a moment that is past, as was known then. Only for a transaction that is rolled back.

Rotations are kept in versions with their own beginning and end, so that they are right as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from servicedesk.audit.models import AuditEntry
from servicedesk.oncall.models import Away, Override, Schedule

BY_HAND = ("change", "change parts")


def put_back(schedules: Iterable[int], *, at: datetime) -> list[str]:
    """Overrides and days away as they stood; in sentences, which of these schedules were changed in a way that is not kept."""
    _withdrawn(at)
    Override.objects.filter(created_at__gt=at).delete()
    Override.objects.filter(withdrawn_at__gt=at).update(withdrawn_at=None)
    Away.objects.filter(created_at__gt=at).delete()
    changed = AuditEntry.objects.filter(noun=Schedule._meta.label_lower, verb__in=BY_HAND, at__gt=at).values_list("object_id", flat=True)
    numbers = set(schedules) & {int(number) for number in changed}
    words = _("%(schedule)s was changed in the administration since; its turns and fallback are those of now.")
    return [words % {"schedule": each} for each in Schedule.objects.filter(pk__in=numbers).order_by("name")]


def _withdrawn(at: datetime) -> None:
    """One that was withdrawn while it ran was cut short: its own end again."""
    for entry in AuditEntry.objects.filter(noun=Schedule._meta.label_lower, verb="withdraw override", at__gt=at):
        said = entry.before
        starts_at, ends_at = parse_datetime(said["from"]), parse_datetime(said["to"])
        rows = Override.objects.filter(schedule=int(entry.object_id), kind=said["kind"], person__username=said["person"], ends_at=entry.at)
        if starts_at is not None and ends_at is not None:
            rows.filter(starts_at=starts_at).update(ends_at=ends_at)
