"""The only way a state changes: look in the table of legal moves, save, write the event row and the audit row.

The caller holds the row's lock and read it inside this transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

from incidents import hooks, journal
from incidents.models import Entry, Incident, Run, Ticket, TimelineEntry
from incidents.states import INCIDENT_MOVES, RUN_MOVES, TICKET_MOVES, TICKET_UNDOES, IllegalMove, IncidentState, may
from servicedesk.audit import trail
from servicedesk.directory.models import User

KEY_STATES = frozenset({IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED, IncidentState.RESOLVED})


def move_ticket(
    ticket: Ticket,
    to: str,
    *,
    now: datetime,
    actor: User | None,
    text: str,
    because: str = "",
    audience: str = Entry.Audience.STAFF,
    undoes: bool = False,
    **columns: Any,
) -> Ticket:
    """The ticket in its new state, `columns` saved with it; IllegalMove when the table says no. `undoes`: what was so before."""
    before, after = _move(ticket, TICKET_UNDOES if undoes else TICKET_MOVES, to, ticket.number, {**columns, "updated_at": now})
    journal.ticket_event(ticket, text, actor=actor, now=now, verb="move", before=before, after=after, because=because, audience=audience)
    hooks.of_ticket(ticket, hooks.Happening.TICKET_STATE, now=now)
    return ticket


def move_incident(
    incident: Incident, to: str, *, now: datetime, actor: User | None, text: str, because: str = "", **columns: Any
) -> Incident:
    """The incident in its new state, `columns` saved with it; IllegalMove when the table says no."""
    before, after = _move(incident, INCIDENT_MOVES, to, incident.number, columns)
    kind = TimelineEntry.Kind.ACK if to == IncidentState.ACKNOWLEDGED else TimelineEntry.Kind.STATE
    journal.line(incident, kind, text, now=now, actor=actor, because=because, data=after, key=to in KEY_STATES)
    trail.record(incident, "move", actor=actor, now=now, before=before, after=after)
    hooks.of_incident(incident, hooks.Happening.INCIDENT_STATE, now=now)
    return incident


def move_run(run: Run, to: str, *, now: datetime, actor: User | None, text: str = "", because: str = "", **columns: Any) -> Run:
    """The run in its new state. No `text`: the incident's own line of the same moment already says it."""
    before, after = _move(run, RUN_MOVES, to, str(run), columns)
    if text:
        journal.line(run.incident, TimelineEntry.Kind.PAGE, text, now=now, actor=actor, because=because, data={"run": run.pk, **after})
    trail.record(run, "move", actor=actor, now=now, before=before, after=after)
    return run


def _move(
    row: Ticket | Incident | Run, moves: Mapping[str, frozenset[str]], to: str, name: str, columns: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Save the state and the columns; what they were and what they are, as JSON."""
    if not may(moves, row.state, to):
        raise IllegalMove(name, row.state, to)
    values = {"state": to, **columns}
    before = {column: _plain(getattr(row, column)) for column in values}
    for column, value in values.items():
        setattr(row, column, value)
    row.save(update_fields=list(values))
    return before, {column: _plain(value) for column, value in values.items()}


def _plain(value: Any) -> Any:
    """A column's value as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.pk if isinstance(value, models.Model) else value
