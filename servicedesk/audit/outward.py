"""The trail given out as lines of JSON that whoever has them can verify without the desk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from servicedesk.audit import chain
from servicedesk.audit.models import AuditEntry

NAMES = ("id", "sequence", "actor_label", "verb", "noun", "object_id", "before", "after", "digest")


class Broken(ValueError):
    """A line is not what was sealed; the text says which."""


def lines(*, since: datetime | None = None, until: datetime | None = None) -> Iterator[str]:
    """Sealed rows in the chain's order. The first line has the seal the first row stands on."""
    rows = AuditEntry.objects.exclude(sequence=None).order_by("sequence")
    if since:
        rows = rows.filter(at__gte=since)
    if until:
        rows = rows.filter(at__lt=until)
    first, last = rows.first(), rows.last()
    if first is None or last is None:
        return
    # between the first and the last none is left out, so that the chain holds; times may lie a moment out of order
    rows = AuditEntry.objects.filter(sequence__gte=first.sequence, sequence__lte=last.sequence).order_by("sequence")
    before = AuditEntry.objects.filter(sequence=(first.sequence or 0) - 1).values_list("digest", flat=True).first() or ""
    yield json.dumps({"stands_on": before})
    for row in rows.iterator(chunk_size=2000):
        said = {name: getattr(row, name) for name in NAMES} | {"at": row.at.isoformat(), "actor": row.actor_id}
        yield json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)


def verify(given: Iterable[str]) -> int:
    """How many rows hold. Raises Broken. Rows an erasure redacted hold where a later line among them says so."""
    every = [json.loads(line) for line in given if line.strip()]
    if not every:
        return 0
    before, rows = every[0].get("stands_on", ""), [_row(said) for said in every[1:]]
    redacted = {
        (int(pk), sha) for row in rows if row.verb == chain.REDACT for pk, sha in row.after.get("rows", {}).items() if int(pk) < row.pk
    }
    place = rows[0].sequence if rows else 0
    for row in rows:
        if row.sequence != place:
            raise Broken(f"A row is missing at place {place}.")
        if chain.digest_of(row, before) != row.digest and (row.pk, chain.words_digest(row)) not in redacted:
            raise Broken(f"The row at place {place} is not what was sealed.")
        place, before = (row.sequence or 0) + 1, row.digest
    return len(rows)


def _row(said: dict[str, Any]) -> AuditEntry:
    return AuditEntry(at=datetime.fromisoformat(said["at"]), actor_id=said["actor"], **{name: said[name] for name in NAMES})
