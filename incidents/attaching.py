"""Files of tickets: tied to a report or an entry, read by those who may, swept when nobody's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import vault
from incidents.models import Attachment, Entry, InboundMail, ReviewFile, Ticket
from incidents.vault import Kept
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

KEEPERS = (Attachment, InboundMail, ReviewFile)  # whose rows speak of content on disk


@tongues.deed
def attach(ticket: Ticket, entry: Entry | None, files: Iterable[Kept], *, actor: User | None, now: datetime) -> list[Attachment]:
    """Rows for files that are on disk; each is for whom its entry is for. The caller holds the ticket."""
    audience = entry.audience if entry else Entry.Audience.PUBLIC
    rows = [
        Attachment(
            ticket=ticket, entry=entry, audience=audience, name=kept.name, size=kept.size, sha256=kept.sha256, kind=kept.kind,
            added_by=actor, added_at=now,
        )
        for kept in files
    ]  # fmt: skip
    for row in Attachment.objects.bulk_create(rows):
        after = {"file": row.pk, "name": row.name, "bytes": row.size, "sha256": row.sha256, "audience": audience}
        trail.record(ticket, "attach", actor=actor, now=now, after=after)
    return rows


def note_for(ticket: Ticket, audience: str, *, author: User, name: str, now: datetime) -> Entry:
    """An entry for a file that comes alone: an event for everybody, a note for staff. The caller holds the ticket."""
    kind = Entry.Kind.EVENT if audience == Entry.Audience.PUBLIC else Entry.Kind.NOTE
    text = _("%(name)s added a file: %(file)s.") % {"name": author, "file": name}
    data = {"verb": "attach", "before": {}, "after": {"file": name}, "because": ""}
    return Entry.objects.create(ticket=ticket, kind=kind, audience=audience, author=author, text=text, data=data, at=now)


def opened(file: Attachment, *, reader: User, now: datetime) -> Path:
    """Where it lies. Reading a confidential ticket's file is written down."""
    if file.ticket.is_confidential:
        with transaction.atomic():
            trail.record(file.ticket, "read_file", actor=reader, now=now, after={"file": file.pk, "name": file.name})
    return vault.path_of(file.sha256)


def sweep(*, now: datetime) -> int:
    """Remove content that no row speaks of, a day after it came."""
    return vault.sweep(_known, now=now)


def named() -> set[str]:
    """The content every row speaks of."""
    return {sha256 for model in KEEPERS for sha256 in model.objects.exclude(sha256="").values_list("sha256", flat=True)}


def _known(hashes: Collection[str]) -> set[str]:
    rows = (model.objects.filter(sha256__in=hashes).values_list("sha256", flat=True) for model in KEEPERS)
    return {sha256 for found in rows for sha256 in found}
