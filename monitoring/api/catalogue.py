"""Services: what people depend on, and how each is. Read only; administrators arrange them in the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import access
from monitoring.api.shapes import ServiceShape
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import OneOf, Shape
from servicedesk.directory.models import Service, ServiceState


class ServiceFilters(Shape):
    """What a list of services can be narrowed to."""

    state = OneOf(ServiceState.choices, required=False)
    team = serializers.CharField(max_length=50, required=False, help_text="Short name.")


COLUMNS = {"state": "state", "team": "team__slug"}


class ServiceResource(Resource):
    areas = ("monitoring",)
    filters = ServiceFilters
    serializer_class = ServiceShape

    def rows(self) -> Any:
        refuse_outsiders(self)
        return Service.objects.active().select_related("team", "owner").prefetch_related("depends_on")

    @extend_schema(parameters=[ServiceFilters])
    def list(self, request: Request) -> Response:
        """Services in use, newest first."""
        return self.listed(self.rows().filter(**{COLUMNS[name]: value for name, value in self.asked.items()}), ServiceShape)

    def retrieve(self, request: Request, slug: str) -> HttpResponse:
        """One service, by its short name."""
        found = self.rows().filter(slug=slug).first()
        if found is None:
            raise NotFound
        return self.shown(found, ServiceShape)


def refuse_outsiders(resource: Resource) -> None:
    """Raises PermissionDenied."""
    if not resource.person.holds(*access.READERS):
        raise PermissionDenied(_("What is watched is for the desk, its administrators and auditors."))
