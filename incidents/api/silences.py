"""Silences: read, made, ended. Each deed is the one the page uses."""

from __future__ import annotations

from datetime import datetime

from django.db.models import TextChoices
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import silences
from incidents.api.incident_shapes import Nothing
from incidents.api.refusals import REFUSALS
from incidents.api.words import Words
from incidents.models import Silence
from incidents.models.silences import SilenceQuerySet
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape, WallTime, Zone
from servicedesk.directory.models import Role, Service

READERS = (Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)


class SilenceState(TextChoices):
    """Derived from its times. A recurring one stands from beginning to end, also between its windows."""

    COMING = "coming", gettext_lazy("Coming")
    STANDING = "standing", gettext_lazy("Standing")
    PAST = "past", gettext_lazy("Past")


class SilenceAudience(TextChoices):
    """Of those who are told; null: nobody is."""

    DESK = "desk", gettext_lazy("The desk")
    EMPLOYEES = "employees", gettext_lazy("Everybody: portal and status page")


class SilenceShape(Shape):
    """`covers_until` is set while it keeps alerts back, `covers_from` while it will do so later."""

    id = serializers.IntegerField()
    state = serializers.SerializerMethodField()
    service = Named("slug", allow_null=True)
    check_slug = serializers.CharField()
    reason = serializers.CharField()
    starts_at = Moment()
    ends_at = Moment()
    weekdays = serializers.ListField(child=serializers.IntegerField(), help_text="Monday is 0. Empty: all the time.")
    opens = WallTime(allow_null=True)
    closes = WallTime(allow_null=True)
    zone = serializers.CharField()
    audience = OneOf(SilenceAudience.choices, allow_null=True)
    public_text = serializers.CharField()
    announce_at = Moment(allow_null=True, help_text="When its mail goes; null: none goes, or it has gone.")
    announced_at = Moment(allow_null=True)
    covers_until = serializers.SerializerMethodField()
    covers_from = serializers.SerializerMethodField()
    made_by = Named("username")
    created_at = Moment()
    ended_by = Named("username", allow_null=True)

    @extend_schema_field(OneOf(SilenceState.choices))
    def get_state(self, silence: Silence) -> str:
        now = clock.now()
        begun = SilenceState.STANDING if silence.starts_at <= now else SilenceState.COMING
        return str(begun if silence.ends_at > now else SilenceState.PAST)

    @extend_schema_field(Moment(allow_null=True))
    def get_covers_until(self, silence: Silence) -> str | None:
        window = silence.window(clock.now())
        return _told(window[1] if window else None)

    @extend_schema_field(Moment(allow_null=True))
    def get_covers_from(self, silence: Silence) -> str | None:
        now = clock.now()
        return _told(None if silence.window(now) else silence.next_at(now))


class NewSilence(Shape):
    """A service or a check, why, and until when. With weekdays: only from `opens` to `closes`, on the clocks of `zone`."""

    service = Named("slug", Service.objects.filter(is_active=True), required=False, allow_null=True)
    check_slug = serializers.CharField(max_length=120, required=False, allow_blank=True)
    reason = Words(max_length=240)
    starts_at = Moment(required=False, help_text="Now where it is not said.")
    ends_at = Moment()
    weekdays = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=6), max_length=7, required=False)
    opens = WallTime(required=False, allow_null=True)
    closes = WallTime(required=False, allow_null=True)
    zone = Zone(max_length=64, required=False)
    audience = OneOf(SilenceAudience.choices, required=False)
    public_text = serializers.CharField(max_length=240, required=False, allow_blank=True, help_text="What the audience reads.")
    announce_at = Moment(required=False, allow_null=True, help_text="A day before it begins where it is not said; null: no mail.")


class SilenceFilters(Shape):
    """What a list of silences can be narrowed to."""

    state = OneOf(SilenceState.choices, required=False)
    service = serializers.CharField(max_length=50, required=False, help_text="Short name.")
    check_slug = serializers.CharField(max_length=120, required=False)


COLUMNS = {"service": "service__slug", "check_slug": "check_slug"}


class SilenceResource(Resource):
    areas = ("monitoring",)
    filters = SilenceFilters
    refusals = REFUSALS
    serializer_class = SilenceShape

    def rows(self) -> SilenceQuerySet:
        if not self.person.holds(*READERS):
            raise PermissionDenied(_("Silences are for the desk, its administrators and auditors."))
        return SilenceQuerySet(Silence).select_related("service", "made_by", "ended_by")

    @extend_schema(parameters=[SilenceFilters])
    def list(self, request: Request) -> Response:
        """Silences, newest first."""
        rows = self.rows().filter(**{COLUMNS[name]: value for name, value in self.asked.items() if name in COLUMNS})
        state = self.asked.get("state")
        return self.listed(getattr(rows, state)(clock.now()) if state else rows, SilenceShape)

    @extend_schema(request=NewSilence, responses={201: SilenceShape})
    def create(self, request: Request) -> HttpResponse:
        """Keep a service or a check quiet: monitoring goes on, nothing is opened. Alerts that fire already are covered too."""
        self._refuse_others()
        said, now = self.said(NewSilence), clock.now()
        said["weekdays"] = sorted(set(said.get("weekdays", [])))
        made = silences.make(actor=self.person, now=now, **{"starts_at": now, **said})
        there = request.build_absolute_uri(reverse("api_silence", args=[made.pk]))
        return self.shown(self.find(made.pk), SilenceShape, 201, {"Location": there})

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One silence."""
        return self.shown(self.find(number), SilenceShape)

    @extend_schema(request=Nothing, responses=SilenceShape)
    def end(self, request: Request, number: int) -> HttpResponse:
        """End it now: what still fires is raised. A repeat changes nothing."""
        found = self.find(number)
        self._refuse_others()
        self.said(Nothing)
        self.refuse_changed(number, SilenceShape)  # without the row's lock: nothing but this very deed ever changes one
        silences.end(found, actor=self.person, now=clock.now())
        return self.shown(self.find(number), SilenceShape)

    def _refuse_others(self) -> None:
        """Raises PermissionDenied but for agents and managers."""
        if not (self.person.is_agent or self.person.is_manager):
            raise PermissionDenied(_("Only agents and managers do this."))


def _told(moment: datetime | None) -> str | None:
    return Moment().to_representation(moment) if moment else None
