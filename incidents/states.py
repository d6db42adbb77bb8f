"""Statuses, and the tables of legal moves. Nothing here imports a model."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class IllegalMove(Exception):
    """This thing cannot go from where it is to where it was asked to go."""

    def __init__(self, noun: str, at: str, to: str) -> None:
        super().__init__(noun, at, to)
        self.noun, self.at, self.to = noun, at, to

    def __str__(self) -> str:
        """For people: states by their names."""
        return gettext("%(noun)s is: %(at)s. It cannot become: %(to)s.") % {"noun": self.noun, "at": _name(self.at), "to": _name(self.to)}


class Severity(models.IntegerChoices):
    SEV1 = 1, _("SEV1 Critical")
    SEV2 = 2, _("SEV2 Major")
    SEV3 = 3, _("SEV3 Non-critical")
    SEV4 = 4, _("SEV4 Minor")


class Impacted(models.TextChoices):
    ME = "me", _("Only me")
    SEVERAL = "several", _("Several people")
    DEPARTMENT = "department", _("A whole department or site")
    EVERYONE = "everyone", _("Everyone")
    UNKNOWN = "unknown", _("I do not know")


class Effect(models.TextChoices):
    CANNOT = "cannot", _("I cannot work at all")
    PART = "part", _("Part of my work is blocked")
    WORKAROUND = "workaround", _("I can work around it")
    QUESTION = "question", _("It is a question or request")


class TicketState(models.TextChoices):
    NEW = "new", _("New")
    OPEN = "open", _("Open")
    WAITING = "waiting", _("Waiting")
    SOLVED = "solved", _("Solved")
    CLOSED = "closed", _("Closed")
    MERGED = "merged", _("Merged")


class IncidentState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    TRIGGERED = "triggered", _("Triggered")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    MITIGATED = "mitigated", _("Mitigated")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    REJECTED = "rejected", _("Rejected")
    MERGED = "merged", _("Merged")


class RunState(models.TextChoices):
    RUNNING = "running", _("Paging")
    HELD = "held", _("Acknowledged")
    STOPPED = "stopped", _("Stopped")
    EXHAUSTED = "exhausted", _("Nobody acknowledged")


T, N, R = TicketState, IncidentState, RunState

TICKET_MOVES: Mapping[str, frozenset[str]] = {
    T.NEW: frozenset({T.OPEN, T.WAITING, T.SOLVED, T.MERGED}),
    T.OPEN: frozenset({T.WAITING, T.SOLVED, T.MERGED}),
    T.WAITING: frozenset({T.OPEN, T.SOLVED, T.MERGED}),
    T.SOLVED: frozenset({T.OPEN, T.CLOSED, T.MERGED}),
    T.CLOSED: frozenset(),
    T.MERGED: frozenset({T.OPEN}),
}
# what undoing alone may do: an answer taken back, a merge undone
TICKET_UNDOES: Mapping[str, frozenset[str]] = {
    **TICKET_MOVES,
    T.OPEN: TICKET_MOVES[T.OPEN] | {T.NEW},
    T.SOLVED: TICKET_MOVES[T.SOLVED] | {T.NEW, T.WAITING},
    T.MERGED: TICKET_MOVES[T.MERGED] | {T.NEW, T.WAITING, T.SOLVED},
}
INCIDENT_MOVES: Mapping[str, frozenset[str]] = {
    N.PROPOSED: frozenset({N.TRIGGERED, N.REJECTED, N.MERGED}),
    N.TRIGGERED: frozenset({N.ACKNOWLEDGED, N.MITIGATED, N.RESOLVED, N.REJECTED, N.MERGED}),
    N.ACKNOWLEDGED: frozenset({N.TRIGGERED, N.MITIGATED, N.RESOLVED, N.REJECTED, N.MERGED}),
    N.MITIGATED: frozenset({N.TRIGGERED, N.ACKNOWLEDGED, N.RESOLVED, N.REJECTED, N.MERGED}),
    N.RESOLVED: frozenset({N.TRIGGERED, N.CLOSED}),
    N.CLOSED: frozenset(),
    N.REJECTED: frozenset(),
    N.MERGED: frozenset(),
}
RUN_MOVES: Mapping[str, frozenset[str]] = {
    R.RUNNING: frozenset({R.HELD, R.STOPPED, R.EXHAUSTED}),
    R.HELD: frozenset({R.STOPPED}),
    R.EXHAUSTED: frozenset({R.HELD, R.STOPPED}),
    R.STOPPED: frozenset(),
}

OPEN_TICKET = (T.NEW, T.OPEN, T.WAITING)
OPEN_INCIDENT = (N.PROPOSED, N.TRIGGERED, N.ACKNOWLEDGED, N.MITIGATED)
LIVE_INCIDENT = (N.TRIGGERED, N.ACKNOWLEDGED, N.MITIGATED)
OPEN_RUN = (R.RUNNING, R.HELD, R.EXHAUSTED)


def _name(state: str) -> str:
    """The label of a state; any other word as it is."""
    labels = {one.value: one.label for states in (RunState, IncidentState, TicketState) for one in states}
    return str(labels.get(state, state))


def may(moves: Mapping[str, frozenset[str]], at: str, to: str) -> bool:
    return to in moves[at]
