"""Services, checks, alerts and results as the API says them, and what may be said of a check."""

from __future__ import annotations

from typing import Any

from cronsim import CronSim, CronSimError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from monitoring import check_page, overview
from monitoring.models import Alert, Check
from servicedesk import clock
from servicedesk.api.shapes import Moment, Named, OneOf, Shape, Zone
from servicedesk.directory.models import Service, ServiceState

LONGEST_S = 366 * 86_400


class CheckWord(TextChoices):
    """How a check is told: its state, or that it is paused."""

    CRITICAL = "critical", _("Down")
    WARNING = "warning", _("Degraded")
    UNKNOWN = "unknown", _("No data")
    PAUSED = "paused", _("Paused")
    OK = "ok", _("OK")


class NewKind(TextChoices):
    """What can be made by hand; the others make themselves, or stand in the admin."""

    PUSH = "push", _("Pushed results")
    HEARTBEAT = "heartbeat", _("Heartbeat")


class ServiceShape(Shape):
    slug = serializers.CharField()
    name = serializers.CharField()
    tier = serializers.IntegerField()
    team = Named("slug", allow_null=True)
    owner = Named("username", allow_null=True)
    state = OneOf(ServiceState.choices)
    state_since = Moment(allow_null=True)
    checked_at = Moment(allow_null=True)
    depends_on = serializers.SerializerMethodField(help_text="Short names of the services it stands on.")
    is_active = serializers.BooleanField()

    def get_depends_on(self, service: Service) -> list[str]:
        return sorted(one.slug for one in service.depends_on.all())


class CheckShape(Shape):
    """`state` is paused where it is; `address`: where its signals go, null where the desk asks by itself."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="slug")
    kind = OneOf(Check.Kind.choices)
    source = Named("slug")  # type: ignore[assignment]  # a field of that name, beside the field's own attribute
    service = Named("slug", allow_null=True)
    state = serializers.SerializerMethodField()
    since = Moment(source="state.since", allow_null=True)
    summary = serializers.CharField(source="state.summary")
    value = serializers.CharField(source="state.value")
    last_result_at = Moment(source="state.last_result_at", allow_null=True)
    late_at = Moment(source="state.overdue_at", allow_null=True, help_text="When it is judged missing, unless it is heard before.")
    period_s = serializers.IntegerField(allow_null=True)
    grace_s = serializers.IntegerField()
    cron = serializers.CharField()
    zone = serializers.CharField()
    confirm = serializers.IntegerField()
    for_s = serializers.IntegerField()
    paused_until = Moment(allow_null=True)
    address = serializers.SerializerMethodField()
    created_at = Moment()

    @extend_schema_field(OneOf(CheckWord.choices))
    def get_state(self, check: Check) -> str:
        return overview.state_of(check)

    def get_address(self, check: Check) -> str | None:
        return check_page.address(check) or None


class CheckSettings(Shape):
    """What can be changed of a check. A period or a schedule, not both."""

    name = serializers.CharField(source="slug", max_length=120, required=False)
    service = Named("slug", rows=Service.objects.filter(is_active=True), required=False, allow_null=True)
    period_s = serializers.IntegerField(min_value=1, max_value=LONGEST_S, required=False, allow_null=True)
    grace_s = serializers.IntegerField(min_value=0, max_value=LONGEST_S, required=False)
    cron = serializers.CharField(max_length=120, required=False, allow_blank=True)
    zone = Zone(max_length=64, required=False)
    confirm = serializers.IntegerField(min_value=1, max_value=20, required=False)
    for_s = serializers.IntegerField(min_value=0, max_value=LONGEST_S, required=False)

    default_error_messages = {
        "not_a_name": _("Use letters, digits, spaces and signs, but no “/”."),
        "not_a_schedule": _("Write five fields of cron, for example 0 2 * * 1-5"),
        "two_ways": _("Choose one: a period or a schedule."),
        "neither": _("A heartbeat needs a period or a schedule."),
    }

    def validate_name(self, name: str) -> str:
        if not name.isprintable() or "/" in name:
            self.fail("not_a_name")
        return name

    def validate_cron(self, words: str) -> str:
        if words:
            try:
                CronSim(words, clock.now())
            except CronSimError:
                self.fail("not_a_schedule")
        return words

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if said.get("cron") and said.get("period_s"):
            raise serializers.ValidationError({"cron": [self.error_messages["two_ways"]]}, code="two_ways")
        if said.get("cron"):
            said["period_s"] = None
        elif said.get("period_s"):
            said["cron"] = ""
        return said


class NewCheck(CheckSettings):
    name = serializers.CharField(source="slug", max_length=120)
    kind = OneOf(NewKind.choices)

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        said = super().validate(said)
        if said["kind"] == Check.Kind.HEARTBEAT and not said.get("cron") and not said.get("period_s"):
            raise serializers.ValidationError({"period_s": [self.error_messages["neither"]]}, code="required")
        return said


class Pausing(Shape):
    until = Moment(required=False, allow_null=True, help_text="Null: until somebody resumes it.")


class AlertShape(Shape):
    """`why` says in a sentence what came of it; `incident` is null where there is none that you may see."""

    id = serializers.IntegerField()
    check = serializers.CharField(source="check_ref.slug")
    check_id = serializers.IntegerField(source="check_ref_id")
    service = Named("slug", source="check_ref.service", allow_null=True)
    status = OneOf(ServiceState.choices)
    worst = OneOf(ServiceState.choices)
    summary = serializers.CharField()
    value = serializers.CharField()
    since = Moment()
    opened_at = Moment()
    cleared_at = Moment(allow_null=True)
    is_flapping = serializers.BooleanField()
    incident = serializers.SerializerMethodField()
    silenced_until = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField()

    def get_incident(self, alert: Alert) -> str | None:
        found = self.context["beside"](alert)[1]
        return found.number if found else None

    @extend_schema_field(Moment(allow_null=True))
    def get_silenced_until(self, alert: Alert) -> str | None:
        copy = self.context["beside"](alert)[0]
        return Moment().to_representation(copy.silenced_until) if copy and copy.silenced_until else None

    def get_why(self, alert: Alert) -> str:
        return str(self.context["beside"](alert)[2])


class ResultShape(Shape):
    id = serializers.IntegerField()
    check_id = serializers.IntegerField()
    status = OneOf(ServiceState.choices)
    summary = serializers.CharField()
    severity = serializers.IntegerField(allow_null=True)
    flag = serializers.CharField()
    metrics = serializers.JSONField()
    labels = serializers.JSONField()
    started_at = Moment(allow_null=True)
    received_at = Moment()
