"""The page of one incident, put together: what holds now, who leads it, what was said, who was alerted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from incidents import access, escalation, evidence, plansteps
from incidents.command import desk, drafting, roles, updates
from incidents.forms import NoteForm
from incidents.forms_command import CostForm, RoleForm, SummonsForm, UpdateForm
from incidents.models import Command, Incident, RoleHolding, Update
from incidents.states import LIVE_INCIDENT, IncidentState
from incidents.views import escalations
from notifications.models import Message
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

STEPS = (IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED, IncidentState.RESOLVED, IncidentState.CLOSED)
SHOWN_TICKETS = 10
FAILED = ("failed", "dead")
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
class Preview:
    """An update before it is sent: who gets it, by name."""

    update: dict[str, Any]
    phase: str
    audiences: list[str]
    asked: int
    names: list[str]


def page(request: PersonRequest, found: Incident, *, status: int = 200, **forms: Any) -> HttpResponse:
    """`forms`: what was typed and could not be done, or is to be confirmed, in place of what stands there otherwise."""
    now, may_work = clock.now(), access.may_work(request.user, found)
    wrong = any(getattr(form, "errors", None) for form in forms.values()) or forms.get("reason") is not None
    context = {
        "incident": found,
        "may_work": may_work,
        "reason": "",
        "note_form": NoteForm(),
        **_state(request, found, now),
        **_alerted(found),
        **(_command(found, now) if found.state != IncidentState.PROPOSED else {}),
        **forms,
    }
    if may_work and "update_form" not in context and found.state in (*LIVE_INCIDENT, IncidentState.RESOLVED):
        context["update_form"] = update_form(found, now=now)
    return render(request, "incidents/incident.html", context, status=422 if wrong else status)


def update_form(found: Incident, *, now: datetime, phase: str = "") -> UpdateForm:
    """The next update, begun from the text of its phase."""
    last = found.updates.order_by("-id").first()
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


def _state(request: PersonRequest, found: Incident, now: datetime) -> dict[str, Any]:
    tickets = found.tickets.visible_to(request.user).select_related("requester").order_by("-id")
    kind = request.GET.get("show", "")
    timeline = found.timeline.select_related("actor")
    standing = evidence.Standing(found)
    return {
        "steps": _steps(found),
        "parts": plansteps.of_incident(found) if found.state != IncidentState.PROPOSED else [],
        "step_url": f"/incidents/{found.pk}/step/",
        "timeline": timeline.filter(kind__in=KINDS[kind]) if kind in KINDS else timeline,
        "shows": SHOWS,
        "show": kind if kind in KINDS else "",
        "tickets": tickets if request.GET.get("tickets") == "all" else tickets[:SHOWN_TICKETS],
        "ticket_count": tickets.count(),
        "reasons": standing.reasons or [standing.well_again()],
        "why_paging": standing.why_paging,
        "card": evidence.card(found, now=now) if found.state == IncidentState.PROPOSED else [],
        "alerts": found.alerts.order_by("cleared_at", "-since"),
        "policy": found.policy or escalation.policy_for(found),
        "next_lines": escalations.of_incident(found, now),
        "paging": escalations.paging(found, now),
        **_obligations(found),
    }


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
    return {"told": sorted(told, key=lambda message: message.state not in FAILED), "failed": FAILED, "summons_form": SummonsForm()}


def _command(found: Incident, now: datetime) -> dict[str, Any]:
    row = Command.objects.filter(incident=found).first()
    due = updates.due_at(found)
    people, minutes = desk.cost(found, now=now)
    held = roles.holders(found)
    return {
        "command": row,
        "seats": [Seat(kind.value, str(kind.label), held.get(kind.value)) for kind in RoleHolding.Kind],
        "role_form": RoleForm(),
        "update_due": due,
        "update_tone": updates.tone(due, now=now),
        "sent_updates": found.updates.count(),
        "last_update": found.updates.select_related("author").order_by("-id").first(),
        "mail_count": len(updates.requesters(found)),
        "bridge_url": row.bridge if row and row.bridge.startswith("https://") else "",
        "on_bridge": desk.on_bridge(found, row.bridge) if row and row.bridge else 0,
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
