"""The last words of each ticket of the queue: who, when, how they begin, and whether this person has read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject, Left

from incidents.models import Entry, Presence
from servicedesk.directory.models import User

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Said:
    """`words` are empty on a confidential ticket: reading it is on the audit trail, and so is done on its page."""

    by: str
    at: datetime
    words: str
    is_inside: bool
    is_unread: bool


def asked_with(rows: Any, reader: User) -> Any:
    """The rows with their last words, and when the reader had each open: in the statement of the rows themselves."""
    said = Entry.objects.standing().filter(ticket=OuterRef("pk")).exclude(kind=Entry.Kind.EVENT).order_by("-pk")
    facts = JSONObject(by="author__name", author="author_id", at="at", text=Left("text", 2 * LONGEST), audience="audience")
    own = Presence.objects.filter(ticket=OuterRef("pk"), person=reader)
    return rows.annotate(said=Subquery(said.values(facts=facts)[:1]), looked_at=Subquery(own.values("at")[:1]))


def of(row: Any, reader: User) -> Said | None:
    """Of a row `asked_with` them."""
    if not row.said:
        return None
    at = datetime.fromisoformat(row.said["at"])
    at = at if at.tzinfo else at.replace(tzinfo=UTC)  # SQLite keeps none
    words = "" if row.is_confidential else " ".join(row.said["text"].split())[:LONGEST]
    is_unread = row.said["author"] != reader.pk and _is_news(row, at, reader)
    return Said((row.said["by"] or "").partition(" ")[0], at, words, row.said["audience"] == Entry.Audience.STAFF, is_unread)


def _is_news(row: Any, at: datetime, reader: User) -> bool:
    """Since the reader had the ticket open; of one never opened where it is theirs."""
    return bool(at > row.looked_at if row.looked_at else row.assignee_id == reader.pk)
