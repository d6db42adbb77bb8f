"""The page of one incident, put together: what holds now, who leads it, what was said, who was alerted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Count, Window
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from incidents import access, escalation, evidence, incidents, plansteps
from incidents.command import desk, drafting, facts, roles, updates
from incidents.forms import NoteForm
from incidents.forms_command import AnswerForm, CostForm, FactsForm, RoleForm, SummonsForm, UpdateForm
from incidents.models import Command, Incident, LinkedAlert, RoleHolding, Run, TimelineEntry, Update
from incidents.states import LIVE_INCIDENT, IncidentState
from incidents.views import escalations, queue
from notifications.models import Message
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

STEPS = (IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED, IncidentState.RESOLVED, IncidentState.CLOSED)
SHOWN_TICKETS = 10
FAILED = ("failed", "dead")
_Form = TypeVar("_Form", bound=Form)
NEXT_IN = {1: "30", 2: "60", 3: "240"}
SHOWS = {
    "": _("All"), "pages": _("Pages"), "acks": _("Answers"), "checks": _("Checks"), "updates": _("Updates"), "notes": _("Notes"),
}.items()  # fmt: skip
KINDS = {"pages": ("page", "warning"), "acks": ("ack",), "checks": ("check",), "updates": ("update",), "notes": ("note",)}


@dataclass(frozen=True, slots=True)
class Seat:
    """One role and who holds it."""

    kind: str
    word: str
    holding: RoleHolding | None


@dataclass(frozen=True, slots=True)
class Read:
    """What several parts of the page tell of, read once: the newest update first."""

    timeline: list[TimelineEntry]
    alerts: list[LinkedAlert]
    updates: list[Update]
    run: Run | None


@dataclass(frozen=True, slots=True)
class Preview:
    """An update before it is sent: who gets it, by name."""

    update: dict[str, Any]
    phase: str
    audiences: list[str]
    asked: int
    names: list[str]


def page(request: PersonRequest, found: Incident, *, status: int = 200, **forms: Any) -> HttpResponse:
    """`forms`: what was typed and could not be done, or is to be confirmed, in place of what stands there otherwise."""
    now, may_work, read = clock.now(), access.may_work(request.user, found), _read(found)
    wrong = any(getattr(form, "errors", None) for form in forms.values()) or forms.get("reason") is not None
    context = {
        "incident": found,
        "may_work": may_work,
        "reason": "",
        "note_form": NoteForm(),
        "answer_form": AnswerForm(),
        **_facts(found),
        **_state(request, found, read, now),
        **_alerted(found),
        **(_command(found, read, now) if found.state != IncidentState.PROPOSED else {}),
        **forms,
    }
    if may_work and "update_form" not in context and found.state in (*LIVE_INCIDENT, IncidentState.RESOLVED):
        context["update_form"] = _update_form(found, read.updates, now=now)
    return render(request, "incidents/incident.html", context, status=422 if wrong else status)


def update_form(found: Incident, *, now: datetime, phase: str = "") -> UpdateForm:
    """The next update, begun from the text of its phase."""
    return _update_form(found, found.updates.order_by("-id")[:1], now=now, phase=phase)


def _update_form(found: Incident, said: Iterable[Update], *, now: datetime, phase: str = "") -> UpdateForm:
    """`said`: the updates so far, the newest first."""
    last = next(iter(said), None)
    phase = phase or drafting.following(last.phase if last else "")
    audiences = last.audiences if last else [Update.Audience.MANAGERS] if found.is_confidential else _usual(found)
    return UpdateForm(
        initial={
            "phase": phase,
            "text": drafting.draft(found, phase, now=now),
            "next_in": NEXT_IN.get(found.severity, ""),
            "audiences": audiences,
        }
    )


def preview(found: Incident, form: UpdateForm, *, now: datetime) -> Preview:
    said = form.update_of(now)
    told = set(said["audiences"])
    asked = updates.requesters(found) if Update.Audience.REQUESTERS in told else []
    leading = updates.managers(found) if Update.Audience.MANAGERS in told else []
    names = [str(person) for person in [*asked, *leading]]
    labels = [str(Update.Audience(one).label) for one in Update.Audience.values if one in told]
    return Preview(said, str(Update.Phase(said["phase"]).label), labels, len(asked), names)


def _usual(found: Incident) -> list[str]:
    shown = [Update.Audience.STATUS_PAGE, Update.Audience.BANNER] if found.is_shown else []
    return [*shown, Update.Audience.REQUESTERS]


def _read(found: Incident) -> Read:
    return Read(
        timeline=list(found.timeline.select_related("actor")),
        alerts=list(found.alerts.order_by("-since")),
        updates=list(found.updates.select_related("author").order_by("-id")),
        run=escalations.open_run(found),
    )


def _tickets(request: PersonRequest, found: Incident) -> dict[str, Any]:
    """The newest, or all of them, and how many there are: each row tells it."""
    seen = found.tickets.visible_to(request.user).select_related("requester").annotate(of=Window(Count("pk"))).order_by("-id")
    rows: list[Any] = list(seen if request.GET.get("tickets") == "all" else seen[:SHOWN_TICKETS])
    return {"tickets": rows, "ticket_count": rows[0].of if rows else 0}


def _state(request: PersonRequest, found: Incident, read: Read, now: datetime) -> dict[str, Any]:
    kind = request.GET.get("show", "")
    standing = evidence.Standing.read(found, alerts=read.alerts, timeline=read.timeline, run=read.run)
    return {
        "steps": _steps(found),
        "is_past": incidents.is_past(found, now=now),
        "parts": plansteps.of_incident(found) if found.state != IncidentState.PROPOSED else [],
        "step_url": f"/incidents/{found.pk}/step/",
        "timeline": [line for line in read.timeline if kind not in KINDS or line.kind in KINDS[kind]],
        "shows": SHOWS,
        "show": kind if kind in KINDS else "",
        **_tickets(request, found),
        "reasons": standing.reasons or [standing.well_again()],
        "why_paging": standing.why_paging,
        "card": evidence.card(found, now=now) if found.state == IncidentState.PROPOSED else [],
        "alerts": sorted(read.alerts, key=lambda alert: (alert.cleared_at is not None, alert.cleared_at or now)),
        "policy": (read.run and read.run.policy) or escalation.policy_for(found),
        "next_lines": escalations.of_incident(found, read.run, now),
        "paging": escalations.paging(read.run, found, now),
        **_obligations(found),
    }


def _facts(found: Incident) -> dict[str, Any]:
    known = {name: facts.word(name, getattr(found, name)) for name in ("impacted", "effect")}
    return {"known": known, "facts_form": FactsForm(initial={name: getattr(found, name) for name in facts.NAMES})}


def _obligations(found: Incident) -> dict[str, Any]:
    """Clocks that run outside the house: those of a security incident or a loss, or of whatever is confidential."""
    rows = list(found.obligations.select_related("decided_by"))
    return {
        "obligations": rows,
        "undecided": [row for row in rows if row.decided_at is None],
        "may_oblige": bool(rows) or found.is_confidential,
    }


def _alerted(found: Incident) -> dict[str, Any]:
    """Every message of every errand, those that failed first."""
    told = Message.objects.of_thread(found.number).exclude(errand=None).select_related("person", "errand").order_by("id")
    return {
        "told": sorted(told, key=lambda message: message.state not in FAILED),
        "failed": FAILED,
        "summons_form": _offering(SummonsForm()),
    }


def _offering(form: _Form) -> _Form:
    """The people of the desk as the queue offers them, looked up once a minute; who is chosen is looked up anew."""
    field: Any = form.fields["person"]
    field.choices = [("", field.empty_label), *queue.people()]
    return form


def _command(found: Incident, read: Read, now: datetime) -> dict[str, Any]:
    row: Command | None = getattr(found, "command", None)
    due = updates.due_by(found, row, is_told=bool(read.updates))
    acted = {line.actor_id for line in read.timeline if line.actor_id}
    people, minutes = desk.cost_by(found, row, len(acted), now=now)
    held = roles.holders(found)
    return {
        "command": row,
        "seats": [Seat(kind.value, str(kind.label), held.get(kind.value)) for kind in RoleHolding.Kind],
        "role_form": _offering(RoleForm()),
        "update_due": due,
        "update_tone": updates.tone(due, now=now),
        "sent_updates": len(read.updates),
        "last_update": next(iter(read.updates), None),
        "mail_count": len(updates.requesters(found)),
        "bridge_url": row.bridge if row and row.bridge.startswith("https://") else "",
        "on_bridge": desk.on_bridge(read.timeline, row.bridge) if row and row.bridge else set(),
        "cost": {"people": people, "minutes": minutes},
        "cost_span": timedelta(minutes=people * minutes),
        "cost_form": CostForm(initial={"people": people, "minutes": minutes}),
    }


def _steps(found: Incident) -> list[dict[str, Any]]:
    reached: Iterable[datetime | None] = (
        found.triggered_at, found.acknowledged_at, found.mitigated_at, found.resolved_at, found.closed_at,
    )  # fmt: skip
    here = STEPS.index(IncidentState(found.state)) if found.state in STEPS else -1
    by = {1: found.acknowledged_by.get_short_name() if found.acknowledged_by else ""}
    return [
        {"word": step.label, "at": at, "by": by.get(n, ""), "is_done": n < here, "is_current": n == here}
        for n, (step, at) in enumerate(zip(STEPS, reached, strict=True))
    ]
