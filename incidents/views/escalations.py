"""What happens next, in lines: for a ticket's side panel and an incident's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext as _

from incidents import escalation, letters
from incidents.models import Incident, Page, Run, Ticket
from incidents.states import IncidentState, RunState
from incidents.views.requester import clock_time


@dataclass(frozen=True, slots=True)
class Line:
    icon: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Paging:
    """A run that can be hastened, stopped, or brought up to date: `follows` are the names of whom it would call now."""

    follows: str
    is_outdated: bool
    policy: str
    version: int | None


def open_run(incident: Incident) -> Run | None:
    """Its open run with its policy, and with the name and the time of whom it paged last."""
    called = Coalesce(NullIf("person__name", Value("")), "person__username")
    last = Page.objects.filter(run=OuterRef("pk")).order_by("-id").annotate(called=called)
    runs = Run.objects.open().filter(incident=incident).select_related("policy")
    return runs.annotate(paged_name=Subquery(last.values("called")[:1]), paged_at=Subquery(last.values("at")[:1])).first()


def paging(run: Run | None, incident: Incident, now: datetime) -> Paging | None:
    """None where nobody is being paged, or somebody has it."""
    if run is None:
        return None
    following = escalation.next_of(run, incident, now=now) if run.state != RunState.HELD else None
    follows = (letters.names(following.people) or _("the last resort")) if following else ""
    return Paging(follows, escalation.is_outdated(run), str(run.policy or ""), run.policy_version)


def of_ticket(ticket: Ticket, now: datetime) -> list[Line]:
    return of_incident(ticket.incident, open_run(ticket.incident), now) if ticket.incident is not None else []


def of_incident(incident: Incident, run: Run | None, now: datetime) -> list[Line]:
    """At most three lines: who has it, who was paged last, what comes next and when. `run`: its `open_run`."""
    if incident.state == IncidentState.PROPOSED:
        return [Line("arrow-right", "info", _starts_by_itself(incident, now))]
    lines = (
        [
            Line(
                "check",
                "ok",
                _("%(name)s has it since %(time)s.")
                % {"name": incident.acknowledged_by, "time": clock_time(incident.acknowledged_at, now)},
            )
        ]
        if incident.acknowledged_by and incident.acknowledged_at
        else []
    )
    return [*lines, *_of_run(run, now)] if run else lines


def _starts_by_itself(incident: Incident, now: datetime) -> str:
    if incident.decide_at is None:
        return _("Proposed. An IT manager decides.")
    return _("Proposed. It starts by itself at %(time)s unless somebody decides before.") % {"time": clock_time(incident.decide_at, now)}


def _of_run(run: Any, now: datetime) -> list[Line]:
    lines = []
    if run.paged_at:
        paged = {"name": run.paged_name, "time": clock_time(run.paged_at, now)}
        lines.append(Line("phone", "mute", _("%(name)s was paged at %(time)s.") % paged))
    if run.state == RunState.EXHAUSTED:
        lines.append(Line("alert", "bad", _("Nobody acknowledged. The last resort is called again and again.")))
    elif run.next_step_at:
        words = _("Next step at %(time)s.") if run.state == RunState.RUNNING else _("The owner is asked again at %(time)s.")
        lines.append(Line("arrow-right", "info", words % {"time": clock_time(run.next_step_at, now)}))
    return lines
