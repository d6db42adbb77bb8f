"""A ticket's category and the answers to its questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents import fields, journal, targets
from incidents.models import Ticket
from servicedesk.directory import tongues
from servicedesk.directory.models import User


@tongues.deed
def set_category(ticket: Ticket, category: str, *, actor: User, now: datetime) -> Ticket:
    """Answers given so far stay, whatever the category asks."""
    row = Ticket.objects.locked(ticket.pk)
    if row.category == category:
        return row
    before, row.category, row.evaluate_at = row.category, category, now
    row.save(update_fields=["category", "evaluate_at"])
    said = _("Category: %(category)s.") % {"category": category or _("none")}
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_category", before={"category": before}, after={"category": category})
    targets.follow(row, now=now)
    return row


@tongues.deed
def set_fields(ticket: Ticket, answers: Mapping[str, Any], *, actor: User, now: datetime) -> Ticket:
    """These answers to the questions of its category, in place of those before; those of other categories stay."""
    row = Ticket.objects.locked(ticket.pk)
    asked = {field.key for field in fields.of(row.category)}
    merged = {**{key: value for key, value in row.fields.items() if key not in asked}, **answers}
    changed = {key: merged.get(key) for key in {**row.fields, **merged} if row.fields.get(key) != merged.get(key)}
    if not changed:
        return row
    before = {key: row.fields.get(key) for key in changed}
    row.fields, row.evaluate_at = merged, now
    row.save(update_fields=["fields", "evaluate_at"])
    said = _("Answers: %(answers)s.") % {"answers": ", ".join(f"{key} {value}" for key, value in changed.items())}
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_fields", before=before, after=changed)
    return row
