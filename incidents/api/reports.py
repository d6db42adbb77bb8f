"""Reports: the same figures as the pages, as numbers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import reports
from incidents.reports import work
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Shape


class ReportFilters(Shape):
    """`period` is a number of days such as 30d, or days from..to: 2026-08-01..2026-08-31; at most 100 days."""

    period = serializers.CharField(required=False)
    team = serializers.CharField(required=False)
    service = serializers.CharField(required=False)


class LineShape(Shape):
    """`values` by column, each with its figures by name; durations are seconds and end in _s."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field of ours, not the name of one
    values = serializers.DictField()


class TableShape(Shape):
    key = serializers.CharField()
    title = serializers.CharField()
    lines = LineShape(many=True)


class ReportShape(Shape):
    name = serializers.CharField()
    since = Moment()
    until = Moment()
    definitions = serializers.DictField()
    tables = TableShape(many=True)


class ReportResource(Resource):
    areas = ("reports",)
    filters = ReportFilters
    serializer_class = ReportShape
    pagination_class = None

    @extend_schema(parameters=[ReportFilters], responses=ReportShape)
    def retrieve(self, request: Request, name: str) -> Response:
        """The figures of a report: response, clocks, load, noise, repeats, deflection, satisfaction, vendors or delivery."""
        kind = reports.find(name)
        if kind is None:
            raise NotFound
        if not work.may_read(self.person, kind):
            raise PermissionDenied(_("This report is for managers, auditors and administrators."))
        asked = reports.ask(self.asked, self.person, now=clock.now())
        if asked.notices:
            raise ValidationError({"period": list(asked.notices)})
        if asked.is_long:
            raise ValidationError({"period": [_("That is longer than 100 days. Ask for less, or use the page.")]})
        definitions = {str(word): str(meaning) for word, meaning in kind.definitions}
        told = {"name": name, "since": asked.since, "until": asked.until, "definitions": definitions, "tables": _tables(kind, asked)}
        return Response(ReportShape(told).data)


def _tables(kind: reports.Kind, asked: reports.Asked) -> list[dict[str, Any]]:
    return [
        {
            "key": table.key,
            "title": str(table.title),
            "lines": [
                {
                    "label": line.label,
                    "values": {str(head): dict(cell.values) for head, cell in zip(table.columns, line.cells, strict=True)},
                }
                for line in table.lines
            ],
        }
        for table in kind.build(asked)
    ]
