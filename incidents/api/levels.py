"""Service levels by the API: which there are, in their order, and within which times."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import levels
from incidents.api.oncall import BySlug
from incidents.models import ServiceLevel
from servicedesk.api.shapes import Named, OneOf, Shape


class LevelTimesShape(Shape):
    """Of one severity, in seconds; in desk hours of who asks where not round the clock."""

    severity = serializers.IntegerField()
    first_answer_s = serializers.IntegerField()
    next_answer_s = serializers.IntegerField()
    solution_s = serializers.IntegerField()
    round_the_clock = serializers.BooleanField(source="is_round_the_clock")


class LevelShape(Shape):
    """All that is named must fit; an empty list is anything."""

    slug = serializers.CharField()
    name = serializers.CharField()
    position = serializers.IntegerField(help_text="The first that fits a ticket decides, the lowest first.")
    is_active = serializers.BooleanField()
    for_everything_else = serializers.BooleanField(source="is_rest")
    version = serializers.IntegerField()
    kind = OneOf([choice for choice in ServiceLevel.Kind.choices if choice[0]], allow_null=True)
    teams = Named("slug", many=True)
    services = Named("slug", many=True)
    request_types = Named("slug", many=True)
    categories = serializers.ListField(child=serializers.CharField())
    sites = Named("slug", many=True)
    departments = serializers.ListField(child=serializers.CharField())
    people = Named("username", many=True)
    times = serializers.SerializerMethodField()
    pauses = serializers.ListField(child=serializers.CharField())

    @extend_schema_field(LevelTimesShape(many=True))
    def get_times(self, row: ServiceLevel) -> Any:
        return LevelTimesShape(levels.draft(row).terms.targets.values(), many=True).data


class LevelResource(BySlug):
    serializer_class = LevelShape

    def rows(self) -> Any:
        if not (self.person.is_machine or self.person.is_desk_staff or self.person.is_admin):
            raise PermissionDenied(_("Service levels are for the desk, its administrators and auditors."))
        return ServiceLevel.objects.prefetch_related(*levels.CHOSEN)

    def list(self, request: Request) -> Response:
        """Service levels with their times."""
        return self.listed(self.rows(), LevelShape)

    def retrieve(self, request: Request, slug: str) -> HttpResponse:
        """One service level."""
        return self.shown(self.named(slug), LevelShape)
