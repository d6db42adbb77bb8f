"""Incidents as JSON, out and in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from incidents.api.words import Words
from incidents.models import Incident, Update
from incidents.states import Effect, Impacted, IncidentState, Severity
from servicedesk.api.shapes import Moment, Named, OneOf, Shape
from servicedesk.directory.models import Role, Service, User


class IncidentShape(Shape):
    """An incident. `tickets` are those the reader may see; `roles` is empty until somebody takes one."""

    id = serializers.CharField(source="number")
    title = serializers.CharField()
    state = OneOf(IncidentState.choices)
    severity = OneOf(Severity.choices)
    what = serializers.CharField()
    impacted = OneOf(Impacted.choices, allow_null=True)
    effect = OneOf(Effect.choices, allow_null=True)
    services = serializers.SerializerMethodField()
    tickets = serializers.SerializerMethodField()
    alerts = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()
    since = Moment()
    acknowledged_by = Named("username", allow_null=True)
    acknowledged_at = Moment(allow_null=True)
    next_step_at = Moment(allow_null=True, help_text="When the next people are paged; null while somebody has it.")
    reason = serializers.CharField()
    rule = serializers.SerializerMethodField()
    rule_version = serializers.IntegerField(allow_null=True)

    def get_services(self, incident: Incident) -> list[str]:
        """The main one first."""
        first = [incident.service.slug] if incident.service else []
        return list(dict.fromkeys([*first, *sorted(service.slug for service in incident.more_services.all())]))

    def get_tickets(self, incident: Incident) -> list[str]:
        return [ticket.number for ticket in incident.tickets.all()]

    def get_alerts(self, incident: Incident) -> list[str]:
        """AL- and monitoring's number of each."""
        return [f"AL-{alert.alert_id}" for alert in incident.alerts.all()]

    def get_rule(self, incident: Incident) -> str | None:
        return incident.rule.key if incident.rule else None

    def get_roles(self, incident: Incident) -> dict[str, str]:
        """Who holds which role now, by user name."""
        return {row.role: row.person.username for row in incident.roles.all() if row.until is None}


class NewIncident(Shape):
    """What is declared by hand. Somebody is paged."""

    title = Words(max_length=200)
    severity = OneOf(Severity.choices)
    services = serializers.ListField(child=Named("slug", Service.objects.filter(is_active=True)), max_length=1, required=False)
    what = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    impacted = OneOf(Impacted.choices, required=False)
    effect = OneOf(Effect.choices, required=False)
    since = Moment(required=False, help_text="Now where it is not said.")
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class Resolution(Shape):
    """Why it is over; needed while a check of it is not well."""

    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class UpdateShape(Shape):
    """What stakeholders were told."""

    id = serializers.IntegerField()
    phase = OneOf(Update.Phase.choices)
    text = serializers.CharField()
    audiences = serializers.ListField(child=serializers.CharField())
    mailed = serializers.IntegerField(help_text="How many people got a mail.")
    next_update_at = Moment(allow_null=True)
    author = Named("username")
    at = Moment()


class NewUpdate(Shape):
    """A word to stakeholders. `audiences`: status_page, banner, requesters (mail), managers (mail)."""

    text = Words(max_length=4000)
    phase = OneOf(Update.Phase.choices)
    audiences = serializers.ListField(child=OneOf(Update.Audience.choices), min_length=1, max_length=8)
    next_update_at = Moment(required=False, allow_null=True)


class Nothing(Shape):
    """An empty object."""


class Summons(Shape):
    """Whom to page."""

    person = Named("username", User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER), help_text=_("User name."))


class IncidentFilters(Shape):
    """What a list of incidents can be narrowed to."""

    status = OneOf(IncidentState.choices, required=False)
    severity = OneOf(Severity.choices, required=False)
    service = serializers.CharField(max_length=50, required=False, help_text="Short name of the main service.")
    team = serializers.CharField(max_length=50, required=False, help_text="Short name.")


def grounds_of(said: dict[str, Any]) -> dict[str, Any]:
    """What was declared, as the deed names it."""
    services = said.pop("services", [])
    return {**said, "severity": int(said["severity"]), "service": services[0] if services else None}
