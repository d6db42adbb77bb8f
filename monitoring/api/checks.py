"""Checks: read, made, changed, paused and resumed. Each deed is the one the page uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.incident_shapes import Nothing
from monitoring import access, overview, watching
from monitoring.api.catalogue import refuse_outsiders
from monitoring.api.shapes import CheckSettings, CheckShape, CheckWord, NewCheck, Pausing
from monitoring.models import Check
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import OneOf, Shape


class CheckFilters(Shape):
    """What a list of checks can be narrowed to."""

    state = OneOf(CheckWord.choices, required=False)
    kind = OneOf(Check.Kind.choices, required=False)
    service = serializers.CharField(max_length=50, required=False, help_text="Short name.")
    name = serializers.CharField(max_length=120, required=False)


COLUMNS = {"kind": "kind", "service": "service__slug", "name": "slug"}
TAKEN: Mapping[type[Exception], Callable[[Any], APIException]] = {
    watching.NameTaken: lambda _error: ValidationError({"name": [_("There is a check of this name. Choose another one.")]}, code="taken"),
}


class CheckResource(Resource):
    areas = ("monitoring",)
    filters = CheckFilters
    refusals = TAKEN
    serializer_class = CheckShape

    def rows(self) -> Any:
        refuse_outsiders(self)
        return Check.objects.select_related("state", "source", "service").filter(state__isnull=False)

    @extend_schema(parameters=[CheckFilters])
    def list(self, request: Request) -> Response:
        """Checks, newest first."""
        rows = self.rows().filter(**{COLUMNS[name]: value for name, value in self.asked.items() if name in COLUMNS})
        return self.listed(_in_state(rows, self.asked.get("state")), CheckShape)

    @extend_schema(request=NewCheck, responses={201: CheckShape})
    def create(self, request: Request) -> HttpResponse:
        """A check that waits for its first signal; `address` says where signals go."""
        self._refuse_others()
        said = self.said(NewCheck)
        made = watching.make(actor=self.person, now=clock.now(), **said)
        there = request.build_absolute_uri(reverse("api_check", args=[made.pk]))
        return self.shown(self.find(made.pk), CheckShape, 201, {"Location": there})

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One check."""
        return self.shown(self.find(number), CheckShape)

    @extend_schema(request=CheckSettings, responses=CheckShape)
    @transaction.atomic
    def partial_update(self, request: Request, number: int) -> HttpResponse:
        """Other settings; what is not named stays. When it is late is counted anew."""
        found = self._held(number)
        watching.change(found, actor=self.person, now=clock.now(), **self.said(CheckSettings))
        return self.shown(self.find(number), CheckShape)

    @extend_schema(request=Pausing, responses=CheckShape)
    @transaction.atomic
    def pause(self, request: Request, number: int) -> HttpResponse:
        """Results are kept and not judged, until `until` or until somebody resumes it."""
        found, now = self._held(number), clock.now()
        until = self.said(Pausing).get("until")
        if until is not None and until <= now:
            raise ValidationError({"until": [_("This is past. Give a time to come, or null.")]}, code="invalid")
        watching.pause(found, actor=self.person, now=now, until=until)
        return self.shown(self.find(number), CheckShape)

    @extend_schema(request=Nothing, responses=CheckShape)
    @transaction.atomic
    def resume(self, request: Request, number: int) -> HttpResponse:
        """Judged again from the next result on. A repeat changes nothing."""
        found = self._held(number)
        self.said(Nothing)
        watching.resume(found, actor=self.person, now=clock.now())
        return self.shown(self.find(number), CheckShape)

    def _held(self, number: int) -> Check:
        """The check, its row held, for those who may change it and know how it is."""
        found: Check = self.find(number)
        self._refuse_others()
        Check.objects.select_for_update().get(pk=number)
        self.refuse_changed(number, CheckShape)
        return found

    def _refuse_others(self) -> None:
        """Raises PermissionDenied for auditors."""
        if not access.may_change(self.person):
            raise PermissionDenied(_("Only agents, managers and administrators do this."))


def _in_state(rows: QuerySet[Check], state: str | None) -> QuerySet[Check]:
    if not state:
        return rows
    return rows.filter(is_paused=True) if state == overview.PAUSED else rows.filter(is_paused=False, state__status=state)
