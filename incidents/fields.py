"""The questions of a category: which are asked, which must be answered, and answers as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from incidents.models import CustomField, Ticket
from incidents.states import IllegalMove, TicketState

YES, NO = "yes", "no"


def of(category: str) -> list[CustomField]:
    return list(CustomField.objects.filter(category=category)) if category else []


def applies(field: CustomField, answers: Mapping[str, Any]) -> bool:
    """Whether its condition holds; without one it always does."""
    return not field.when_key or str(answers.get(field.when_key, "")) == field.when_value


def is_needed(field: CustomField, answers: Mapping[str, Any], *, when: str) -> bool:
    """What is needed when the ticket is made is needed when it is solved too."""
    moments = (CustomField.Needed.ASKED,) if when == CustomField.Needed.ASKED else (CustomField.Needed.ASKED, CustomField.Needed.SOLVED)
    return field.needed in moments and applies(field, answers)


def missing(ticket: Ticket) -> list[str]:
    """The questions that must be answered before it is solved and are not."""
    rows = of(ticket.category)
    return [row.label for row in rows if is_needed(row, ticket.fields, when="solved") and ticket.fields.get(row.key) in (None, "")]


def shown(ticket: Ticket) -> list[tuple[str, str]]:
    """Question and answer of what was answered; an answer whose question is gone keeps its short name."""
    rows = {row.key: row for row in of(ticket.category)}
    return [
        (rows[key].label if key in rows else key, _told(rows.get(key), value))
        for key, value in ticket.fields.items()
        if value not in (None, "")
    ]


def _told(row: CustomField | None, value: Any) -> str:
    """An answer as people read it; one of another kind than its question has now is told as it is stored."""
    kind, words = row.kind if row else "", str(value)
    if kind == CustomField.Kind.YES:
        return {YES: _("Yes"), NO: _("No")}.get(words, words)
    if kind != CustomField.Kind.DATE:
        return words
    try:
        return date_format(date.fromisoformat(words), pgettext("date format", "D j M Y"))
    except ValueError:
        return words


def cleaned(rows: Iterable[CustomField], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is asked in this case, and JSON."""
    stored = {row.key: _plain(answers.get(row.key)) for row in rows if row.key in answers}
    return {row.key: stored[row.key] for row in rows if stored.get(row.key) not in (None, "") and applies(row, stored)}


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return YES if value else NO
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value)


class Unanswered(IllegalMove):
    """Questions must be answered before it is solved."""

    def __init__(self, ticket: Ticket, labels: list[str]) -> None:
        super().__init__(ticket.number, ticket.state, TicketState.SOLVED)
        self.labels = labels

    def __str__(self) -> str:
        return _("Answer this before it is solved, under “Work and links”: %(questions)s.") % {"questions": ", ".join(self.labels)}


def refuse_unanswered(ticket: Ticket) -> None:
    """Raises Unanswered."""
    if labels := missing(ticket):
        raise Unanswered(ticket, labels)
