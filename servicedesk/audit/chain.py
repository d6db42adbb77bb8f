"""The hash chain over the audit trail: sealed in order by the engine, so that no writer waits for another.

Digest of a row: SHA-256 over the digest before it and the row's own words as canonical JSON. A row changed, removed or
slipped in later breaks every digest after it.

A row whose personal data was erased keeps its digest, which the one after it stands on. That its words changed by an erasure and
by nothing else is said by a later, sealed row (verb `redact`) with the hash of the new words; any other change is a fault.
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
REDACT = "redact"
SEALED_WITHIN = timedelta(minutes=5)  # an engine that lives seals every few seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """`sequence` None: a row that should long have been sealed."""

    sequence: int | None
    words: str


def digest_of(entry: AuditEntry, before: str) -> str:
    """What the seal of this row must be, given the seal before it."""
    return hashlib.sha256((before + _words(entry)).encode()).hexdigest()


def words_digest(entry: AuditEntry) -> str:
    """Of the row's own words alone: what a redaction names."""
    return hashlib.sha256(_words(entry).encode()).hexdigest()


def _words(entry: AuditEntry) -> str:
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
    return json.dumps(words, sort_keys=True, ensure_ascii=False)


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
    place, before, redacted = 0, "", _redacted()
    for row in AuditEntry.objects.exclude(sequence=None).order_by("sequence").iterator(chunk_size=2000):
        if row.sequence != place + 1:
            yield Fault(place + 1, f"{(row.sequence or 0) - place - 1} rows are missing before this place.")
        if digest_of(row, before) != row.digest and words_digest(row) not in redacted.get(row.pk, ()):
            yield Fault(row.sequence, f"Row {row.pk} is not what was sealed: {row}.")
        place, before = row.sequence or 0, row.digest
    late = AuditEntry.objects.filter(sequence=None, at__lt=now - SEALED_WITHIN).count()
    if late:
        yield Fault(None, f"{late} rows are older than {SEALED_WITHIN.seconds // 60} minutes and not sealed. Does the engine run?")


def _redacted() -> dict[int, set[str]]:
    """By row, the hashes of words that sealed redactions put there."""
    found: dict[int, set[str]] = {}
    for row in AuditEntry.objects.exclude(sequence=None).filter(verb=REDACT).iterator():
        for key, digest in row.after.get("rows", {}).items():
            if int(key) < row.pk:
                found.setdefault(int(key), set()).add(digest)
    return found
