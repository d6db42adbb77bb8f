"""Schedules and policies, to be read; and the two questions asked of them: who is on call, and who would be paged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import rehearsal
from incidents.api.config_shapes import Asked, OnCallShape, PolicyShape, ScheduleShape, WhoAsked, WhoShape
from incidents.models import Policy, StepTarget
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.directory.models import Role
from servicedesk.oncall import roster
from servicedesk.oncall.models import Rotation, Schedule

AHEAD = timedelta(weeks=8)
MOST_NEXT = 10


class BySlug(Resource):
    """Found by their short names."""

    areas = ("config",)

    def named(self, slug: str) -> Any:
        found = self.rows().filter(slug=slug).first()
        if found is None:
            raise NotFound
        return found


class ScheduleResource(BySlug):
    asks = {"on_call": Asked}
    serializer_class = ScheduleShape

    def rows(self) -> Any:
        if not (self.person.is_machine or self.person.is_desk_staff or self.person.is_admin):
            raise PermissionDenied(_("Schedules are for the desk, its administrators and auditors."))
        counting = Rotation.objects.filter(Q(valid_until=None) | Q(valid_until__gt=clock.now())).select_related("schedule")
        layers = Prefetch("rotations", counting.prefetch_related("members__person").order_by("position", "pk"))
        return Schedule.objects.select_related("team", "fallback").prefetch_related(layers)

    def list(self, request: Request) -> Response:
        """Schedules with the layers that count."""
        return self.listed(self.rows(), ScheduleShape)

    def retrieve(self, request: Request, slug: str) -> HttpResponse:
        """One schedule."""
        return self.shown(self.named(slug), ScheduleShape)

    @extend_schema(parameters=[Asked], responses=OnCallShape)
    def on_call(self, request: Request, slug: str) -> Response:
        """Who is on call at that moment, and who follows; changes that are planned are known, others are not."""
        found, at = self.named(slug), self.asked.get("at") or clock.now()
        (rota,) = roster.load([found], start=at, end=at + AHEAD)
        later = [duty for duty in roster.stretches(rota.line_up(at, at + AHEAD)) if duty.starts_at > at]
        told = {"schedule": found.slug, "at": at, "on_call": rota.on_call(at), "next": later[:MOST_NEXT]}
        return Response(OnCallShape(told).data)


class PolicyResource(BySlug):
    asks = {"who": WhoAsked}
    serializer_class = PolicyShape

    def rows(self) -> Any:
        if not (self.person.is_machine or self.person.holds(Role.MANAGER, Role.ADMIN, Role.AUDITOR)):
            raise PermissionDenied(_("Policies are for managers, administrators and auditors."))
        targets = Prefetch("steps__targets", StepTarget.objects.select_related("person", "schedule", "team", "webhook"))
        return Policy.objects.select_related("team").prefetch_related("services", "steps", targets, "last_resorts__person")

    def list(self, request: Request) -> Response:
        """Policies with their steps."""
        return self.listed(self.rows(), PolicyShape)

    def retrieve(self, request: Request, slug: str) -> HttpResponse:
        """One policy."""
        return self.shown(self.named(slug), PolicyShape)

    @extend_schema(parameters=[WhoAsked], responses=WhoShape)
    def who(self, request: Request, slug: str) -> Response:
        """Who would be paged by this policy, when and how, and why not others; by the engine's own functions.

        Of a moment that is past: as it was then, what could not be put back, and what happened.
        """
        asked = self.asked
        now = clock.now()
        wanted = {"policy": self.named(slug), "service": asked.get("service"), "severity": int(asked["severity"])}
        answer = rehearsal.answered(**wanted, at=asked.get("at") or now, now=now, reader=self.person)
        return Response(answer.as_json())
