"""Alerts: what is or was wrong, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import Incident, LinkedAlert
from monitoring import explaining
from monitoring.api.catalogue import refuse_outsiders
from monitoring.api.shapes import AlertShape
from monitoring.models import Alert
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import OneOf, Shape
from servicedesk.directory.models import ServiceState


class AlertState(TextChoices):
    OPEN = "open", _("Open")
    CLEARED = "cleared", _("Cleared")


class AlertFilters(Shape):
    """What a list of alerts can be narrowed to."""

    state = OneOf(AlertState.choices, required=False)
    status = OneOf(ServiceState.choices, required=False)
    service = serializers.CharField(max_length=50, required=False, help_text="Short name.")
    check_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)


COLUMNS = {"status": "status", "service": "check_ref__service__slug", "check_id": "check_ref"}


class AlertResource(Resource):
    areas = ("monitoring",)
    filters = AlertFilters
    serializer_class = AlertShape

    def rows(self) -> Any:
        refuse_outsiders(self)
        return Alert.objects.select_related("check_ref__service", "held_by")

    @extend_schema(parameters=[AlertFilters])
    def list(self, request: Request) -> Response:
        """Alerts, newest first."""
        rows = self.rows().filter(**{COLUMNS[name]: value for name, value in self.asked.items() if name in COLUMNS})
        if state := self.asked.get("state"):
            rows = rows.filter(cleared_at__isnull=state == AlertState.OPEN)
        return self.listed(rows, AlertShape)

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One alert."""
        return self.shown(self.find(number), AlertShape)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "beside": Beside(self)}


class Beside:
    """The desk's copy of an alert, its incident where the speaker may see it, and what came of it: two queries a page."""

    def __init__(self, resource: Resource) -> None:
        self.resource, self.known = resource, {}  # type: ignore[var-annotated]

    def __call__(self, alert: Alert) -> tuple[LinkedAlert | None, Incident | None, str]:
        if alert.pk not in self.known:
            self._look(alert)
        found: tuple[LinkedAlert | None, Incident | None, str] = self.known[alert.pk]
        return found

    def _look(self, alert: Alert) -> None:
        """All of the page at once, where this one is of a page."""
        page = getattr(self.resource.paginator, "page", None) or [alert]
        by_number = {one.pk: one for one in [*page, alert]}
        numbers = set(by_number)
        copies = {one.alert_id: one for one in LinkedAlert.objects.filter(alert_id__in=numbers)}
        wanted = [copy.incident_id for copy in copies.values() if copy.incident_id]
        visible = Incident.objects.visible_to(self.resource.person).in_bulk(wanted) if wanted else {}
        for number in numbers:
            copy = copies.get(number)
            incident = visible.get(copy.incident_id) if copy and copy.incident_id else None
            self.known[number] = (copy, incident, explaining.outcome(by_number[number], copy, incident, clock.now()))
