"""What stakeholders were told of an incident, and telling them."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.incident_shapes import NewUpdate, UpdateShape
from incidents.api.incidents import IncidentRows
from incidents.command import updates
from servicedesk import clock


class UpdateResource(IncidentRows):
    serializer_class = UpdateShape

    def list(self, request: Request, number: int) -> Response:
        """What stakeholders were told, newest first."""
        return self.listed(self.find(number).updates.select_related("author"), UpdateShape)

    @extend_schema(request=NewUpdate, responses={201: UpdateShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Tell stakeholders how it stands, and when they hear again."""
        found, said = self.find(number), self.said(NewUpdate)
        self.refuse_bystander(found)
        return self.shown(updates.publish(found, **said, actor=self.person, now=clock.now()), UpdateShape, 201)
