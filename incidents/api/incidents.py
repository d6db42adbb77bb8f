"""Incidents: read, declared, acknowledged by people, resolved. Each deed is the one the pages use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Prefetch, Subquery
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import access, escalation, incidents, readers
from incidents.api.incident_shapes import (
    IncidentFilters,
    IncidentShape,
    NewIncident,
    Nothing,
    Resolution,
    Summons,
    grounds_of,
)
from incidents.api.refusals import REFUSALS
from incidents.models import Incident, LinkedAlert, Run, Ticket
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import TicketQuerySet
from incidents.states import RunState
from servicedesk import clock
from servicedesk.api.authentication import is_machine
from servicedesk.api.resources import Resource

PARTS = ("service", "rule", "acknowledged_by")
PAGING = (RunState.RUNNING, RunState.EXHAUSTED)
COLUMNS: Mapping[str, str] = {"status": "state", "severity": "severity", "service": "service__slug", "team": "team__slug"}


class IncidentRows(Resource):
    """The incidents the speaker may see, and what he may not do with them."""

    areas: tuple[str, ...] = ("incidents",)
    refusals = REFUSALS

    def rows(self) -> Any:
        if not self.person.is_desk_staff:
            raise PermissionDenied(_("Incidents are for the desk and its auditors."))
        paging = Run.objects.filter(incident=OuterRef("pk"), state__in=PAGING).order_by("-pk").values("next_step_at")[:1]
        tickets = TicketQuerySet(Ticket).visible_to(self.person).order_by("pk").only("pk", "incident_id")
        alerts = LinkedAlert.objects.order_by("alert_id").only("alert_id", "incident_id")
        visible = IncidentQuerySet(Incident).visible_to(self.person).select_related(*PARTS)
        parts = ("more_services", "roles__person", Prefetch("tickets", tickets), Prefetch("alerts", alerts))
        return visible.prefetch_related(*parts).annotate(next_step_at=Subquery(paging))

    def refuse_bystander(self, found: Incident) -> None:
        """Raises PermissionDenied for whoever may see it and not work it."""
        if not access.may_work(self.person, found):
            raise PermissionDenied(_("Only agents, managers and whoever was paged for it do this."))


class IncidentResource(IncidentRows):
    filters = IncidentFilters
    serializer_class = IncidentShape

    @extend_schema(parameters=[IncidentFilters])
    def list(self, request: Request) -> Response:
        """Incidents, newest first."""
        return self.listed(self.rows().filter(**{COLUMNS[name]: value for name, value in self.asked.items()}), IncidentShape)

    @extend_schema(request=NewIncident, responses={201: IncidentShape})
    def create(self, request: Request) -> HttpResponse:
        """Declare an incident: its policy pages at once."""
        self.refuse_idle()
        said, now = grounds_of(self.said(NewIncident)), clock.now()
        opened = incidents.declare(incidents.Grounds(**{"since": now, **said}), actor=self.person, now=now)
        assert opened.incident is not None  # what a person declares is never held
        there = request.build_absolute_uri(reverse("api_incident", args=[opened.incident.pk]))
        return self.shown(self.find(opened.incident.pk), IncidentShape, 201, {"Location": there})

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One incident."""
        found = self.find(number)
        readers.opened(found, by=self.person, now=clock.now())
        return self.shown(found, IncidentShape)

    @extend_schema(request=Nothing, responses=IncidentShape)
    def acknowledge(self, request: Request, number: int) -> HttpResponse:
        """Say that you have it: paging stops. Only people can; a repeat changes nothing."""
        found = self.find(number)
        if is_machine(request):
            raise PermissionDenied(_("A token cannot acknowledge: a person must have it. Sign in, or answer the page."))
        self.said(Nothing)
        return self._done(found, lambda row, now: escalation.acknowledge(row, by=self.person, via="api", now=now))

    @extend_schema(request=Resolution, responses=IncidentShape)
    def resolve(self, request: Request, number: int) -> HttpResponse:
        """Say that it is over. A repeat changes nothing."""
        found, said = self.find(number), self.said(Resolution)
        return self._done(found, lambda row, now: incidents.resolve(row, actor=self.person, reason=said["reason"], now=now))

    @extend_schema(request=Summons, responses={202: IncidentShape})
    def page_someone(self, request: Request, number: int) -> HttpResponse:
        """Page a person of the desk by name; the same person again within a minute is not paged twice."""
        found, said = self.find(number), self.said(Summons)
        return self._done(found, lambda row, now: escalation.page_person(row, said["person"], by=self.person, now=now), 202)

    def _done(self, found: Incident, deed: Callable[[Incident, datetime], object], status: int = 200) -> HttpResponse:
        self.refuse_bystander(found)
        with transaction.atomic():
            row = Incident.objects.locked(found.pk)
            self.refuse_changed(found.pk, IncidentShape)
            deed(row, clock.now())
        return self.shown(self.find(found.pk), IncidentShape, status)
