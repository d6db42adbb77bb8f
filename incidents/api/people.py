"""People and teams, for staff and programs that may read them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape
from servicedesk.directory.models import Team, User


class PersonShape(Shape):
    """A person as the desk knows them: no number that pages, no secret."""

    username = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    kind = OneOf(User.Kind.choices)
    phone = serializers.CharField()
    department = serializers.CharField()
    site = Named("slug", allow_null=True)
    line_manager = Named("username", allow_null=True)
    teams = serializers.SerializerMethodField()
    active = serializers.BooleanField(source="is_active")
    created_at = Moment()

    def get_teams(self, person: User) -> list[str]:
        return sorted({grant.team.slug for grant in person.grants.all() if grant.team is not None})


class PersonFilters(Shape):
    email = serializers.CharField(max_length=254, required=False)
    department = serializers.CharField(max_length=80, required=False)
    active = serializers.BooleanField(required=False, allow_null=True, default=None)


class TeamShape(Shape):
    slug = serializers.CharField()
    name = serializers.CharField()
    manager = Named("username", allow_null=True)
    members = serializers.SerializerMethodField()

    def get_members(self, team: Team) -> list[str]:
        return sorted({grant.user.username for grant in team.grants.all() if grant.user.is_active})


class OfStaff(Resource):
    areas = ("people",)

    def allowed(self) -> None:
        if not (self.person.is_desk_staff or self.person.is_admin):
            raise PermissionDenied(_("People are read by staff."))

    def named(self, **name: str) -> Any:
        rows = self.rows()
        found = rows.filter(**name).first() if all(map(str.isprintable, name.values())) else None  # no database takes NUL
        if found is None:
            raise NotFound
        return found


class PersonResource(OfStaff):
    filters = PersonFilters
    serializer_class = PersonShape

    def rows(self) -> Any:
        self.allowed()
        return User.objects.get_queryset().select_related("site", "line_manager").prefetch_related("grants__team")

    @extend_schema(parameters=[PersonFilters])
    def list(self, request: Request) -> Response:
        """People, those who came last first."""
        chosen = {{"active": "is_active"}.get(name, name): value for name, value in self.asked.items() if value is not None}
        return self.listed(self.rows().filter(**chosen), PersonShape)

    def retrieve(self, request: Request, username: str) -> HttpResponse:
        """One person by user name."""
        return self.shown(self.named(username=username), PersonShape)


class TeamResource(OfStaff):
    newest_first = False
    serializer_class = TeamShape

    def rows(self) -> Any:
        self.allowed()
        return Team.objects.select_related("manager").prefetch_related("grants__user")

    def list(self, request: Request) -> Response:
        """Teams with their members."""
        return self.listed(self.rows(), TeamShape)

    def retrieve(self, request: Request, slug: str) -> HttpResponse:
        """One team by its short name."""
        return self.shown(self.named(slug=slug), TeamShape)
