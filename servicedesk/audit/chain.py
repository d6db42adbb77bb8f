"""The hash chain over the audit trail: sealed in order by the engine, so that no writer waits for another.

Digest of a row: SHA-256 over the digest before it and the row's own words as canonical JSON. A row changed, removed or
slipped in later breaks every digest after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction

from servicedesk.audit.models import AuditEntry

AT_ONCE = 500
SEALED_WITHIN = timedelta(minutes=5)  # an engine that lives seals every few seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """`sequence` None: a row that should long have been sealed."""

    sequence: int | None
    words: str


def digest_of(entry: AuditEntry, before: str) -> str:
    """What the seal of this row must be, given the seal before it."""
    words = {
        "id": entry.pk,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor_id,
        "actor_label": entry.actor_label,
        "verb": entry.verb,
        "noun": entry.noun,
        "object_id": entry.object_id,
        "before": entry.before,
        "after": entry.after,
    }
    return hashlib.sha256((before + json.dumps(words, sort_keys=True, ensure_ascii=False)).encode()).hexdigest()


@transaction.atomic
def seal(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Seal the oldest unsealed rows. Two at once are harmless: the place in the chain is unique, and one of them fails."""
    last = AuditEntry.objects.exclude(sequence=None).order_by("-sequence").first()
    place, before = (last.sequence or 0, last.digest) if last else (0, "")
    rows = list(AuditEntry.objects.select_for_update().filter(sequence=None).order_by("id")[:limit])
    for row in rows:
        place += 1
        row.sequence = place
        row.digest = before = digest_of(row, before)
    AuditEntry.objects.bulk_update(rows, ["sequence", "digest"])
    return len(rows)


def faults(*, now: datetime) -> Iterator[Fault]:
    """Walk the whole chain: rows missing, rows changed, rows left unsealed."""
    place, before = 0, ""
    for row in AuditEntry.objects.exclude(sequence=None).order_by("sequence").iterator(chunk_size=2000):
        if row.sequence != place + 1:
            yield Fault(place + 1, f"{(row.sequence or 0) - place - 1} rows are missing before this place.")
        if digest_of(row, before) != row.digest:
            yield Fault(row.sequence, f"Row {row.pk} is not what was sealed: {row}.")
        place, before = row.sequence or 0, row.digest
    late = AuditEntry.objects.filter(sequence=None, at__lt=now - SEALED_WITHIN).count()
    if late:
        yield Fault(None, f"{late} rows are older than {SEALED_WITHIN.seconds // 60} minutes and not sealed. Does the engine run?")
