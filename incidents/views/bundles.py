"""/a/<token> of several pages at once: each with a button of its own, and one for all. Opening it changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from incidents import escalation
from incidents.models import Incident
from incidents.states import IllegalMove, IncidentState
from notifications import outbox
from notifications.models import Message
from servicedesk.directory.models import Organisation

LIVES_AFTER = timedelta(hours=24)


def named_by(bundle: Message) -> list[Incident]:
    """The incidents in the order of the message."""
    found = Incident.objects.select_related("acknowledged_by").in_bulk(outbox.incidents_of(bundle))
    return [found[number] for number in outbox.incidents_of(bundle) if number in found]


def is_over(named: list[Incident], *, now: datetime) -> bool:
    """A day after the last of them ended."""
    return all(not each.is_open and now >= (each.resolved_at or each.last_event_at) + LIVES_AFTER for each in named)


def shown(request: HttpRequest, bundle: Message, named: list[Incident], *, now: datetime) -> HttpResponse:
    still = [each for each in named if each.state == IncidentState.TRIGGERED]
    context = {"person": bundle.person, "named": named, "open": still, "organisation": Organisation.current(), "now": now}
    return render(request, "incidents/bundle.html", context)


def act(request: HttpRequest, bundle: Message, *, now: datetime) -> bool:
    """Acknowledge the one whose button was pressed, or all that still call; False for a button that is not of this page."""
    numbers, pressed = outbox.incidents_of(bundle), request.POST.get("incident", "")
    person = bundle.person
    if request.POST.get("action") != "acknowledge" or person is None or (pressed != "all" and pressed not in map(str, numbers)):
        return False
    chosen = numbers if pressed == "all" else [int(pressed)]
    for incident in Incident.objects.filter(pk__in=chosen, state=IncidentState.TRIGGERED).order_by("pk"):
        try:
            escalation.acknowledge(incident, by=person, via="link", now=now)
        except IllegalMove:
            continue  # it ended this very moment; the page says so
    return True
