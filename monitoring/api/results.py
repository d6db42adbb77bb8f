"""Results of one check, one by one, as long as they are kept."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.api.catalogue import refuse_outsiders
from monitoring.api.shapes import ResultShape
from monitoring.models import Result
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, OneOf, Shape
from servicedesk.directory.models import ServiceState


class ResultFilters(Shape):
    """Of which check; and since when, at most."""

    check_id = serializers.IntegerField(min_value=1, max_value=2**62)
    since = Moment(required=False)
    status = OneOf(ServiceState.choices, required=False)


class ResultResource(Resource):
    areas = ("monitoring",)
    filters = ResultFilters
    serializer_class = ResultShape

    def _asked(self, request: Request) -> dict[str, Any]:
        """Outsiders hear that they are, before anything is said of what they ask for."""
        refuse_outsiders(self)
        return super()._asked(request)

    def rows(self) -> Any:
        refuse_outsiders(self)
        return Result.objects.all()

    @extend_schema(parameters=[ResultFilters])
    def list(self, request: Request) -> Response:
        """Results, newest first. They are sent to /in/results/."""
        rows = self.rows().filter(check_id=self.asked["check_id"])
        if since := self.asked.get("since"):
            rows = rows.filter(day__gte=since.date(), received_at__gte=since)  # the day names the partitions
        if status := self.asked.get("status"):
            rows = rows.filter(status=status)
        return self.listed(rows, ResultShape)
