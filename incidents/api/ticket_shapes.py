"""Tickets and their entries as JSON, out and in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents import levels
from incidents.api import clocks
from incidents.api.clocks import ClockShape
from incidents.api.words import Words
from incidents.models import Entry, Ticket
from incidents.states import Effect, Impacted, Severity, TicketState
from servicedesk import clock
from servicedesk.api.shapes import Moment, Named, OneOf, Shape
from servicedesk.directory.models import Role, Service, Team, User

LONGEST = 10_000
MOST_TAGS = 20
FOR_STAFF: dict[str, Any] = {
    **dict.fromkeys(("severity", "severity_reason", "assignee", "team", "incident", "service_level", "planned_until")),
    "tags": [],
    "clocks": [],
}


class TicketShape(Shape):
    """A ticket. Requesters are not shown severity, clocks and the desk's own sorting: null or empty for them."""

    id = serializers.CharField(source="number")
    title = serializers.CharField()
    what = serializers.CharField()
    impacted = OneOf(Impacted.choices, allow_null=True)
    impacted_count = serializers.IntegerField(allow_null=True)
    impacted_group = serializers.CharField(allow_null=True)
    effect = OneOf(Effect.choices, allow_null=True)
    severity = OneOf(Severity.choices, allow_null=True)
    severity_reason = serializers.SerializerMethodField()
    state = OneOf(TicketState.choices)
    kind = OneOf(Ticket.Kind.choices)
    requester = Named("username")
    assignee = Named("username", allow_null=True)
    team = Named("slug", allow_null=True)
    service = Named("slug", allow_null=True)
    incident = serializers.SerializerMethodField()
    tags = serializers.ListField(child=serializers.CharField())
    service_level = serializers.SerializerMethodField(help_text="Short name.")
    clocks = serializers.SerializerMethodField()
    planned_until = serializers.SerializerMethodField()
    confidential = serializers.BooleanField(source="is_confidential")
    created_at = Moment()
    updated_at = Moment()

    def get_severity_reason(self, ticket: Ticket) -> str | None:
        return ticket.severity_reasons[-1]["text"] if ticket.severity_reasons else None

    def get_incident(self, ticket: Ticket) -> str | None:
        return ticket.incident.number if ticket.incident else None

    def get_service_level(self, ticket: Ticket) -> str | None:
        return levels.of(ticket.service_level_id).slug

    @extend_schema_field(Moment(allow_null=True))
    def get_planned_until(self, ticket: Ticket) -> str | None:
        """While it waits as planned: when it is open again."""
        is_planned = ticket.state == TicketState.WAITING and ticket.waiting_for == Ticket.Waiting.PLANNED
        return Moment().to_representation(ticket.planned_until) if is_planned and ticket.planned_until else None

    @extend_schema_field(ClockShape(many=True))
    def get_clocks(self, ticket: Ticket) -> Any:
        """In lists from stored due times: used_s is null there."""
        if not self.context["request"].user.is_desk_staff:
            return []
        tell = clocks.of_columns if self.context["view"].action == "list" else clocks.of_history
        return ClockShape(tell(ticket, now=clock.now()), many=True).data

    def to_representation(self, ticket: Ticket) -> dict[str, Any]:
        shown = super().to_representation(ticket)
        shown["impacted_group"] = shown["impacted_group"] or None
        return shown if self.context["request"].user.is_desk_staff else {**shown, **FOR_STAFF}


class NewTicket(Shape):
    """A report. Without `impacted` and `effect` it is not rated; `requester` is who speaks unless another is named."""

    what = Words(max_length=LONGEST)
    title = Words(max_length=200, required=False)
    impacted = OneOf(Impacted.choices, required=False)
    impacted_count = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, allow_null=True)
    impacted_group = serializers.CharField(max_length=80, required=False, allow_blank=True)
    effect = OneOf(Effect.choices, required=False)
    loss = serializers.BooleanField(required=False, help_text="Something was lost, stolen, or seen by someone who should not.")
    service = Named("slug", Service.objects.filter(is_active=True), required=False, allow_null=True)
    requester = Named("username", User.objects.get_queryset().active(), required=False)
    kind = OneOf(Ticket.Kind.choices, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=60), max_length=MOST_TAGS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("impacted") == Impacted.DEPARTMENT and not attrs.get("impacted_group"):
            raise serializers.ValidationError({"impacted_group": [_("Say which department or site.")]}, code="required")
        return attrs


class TicketChange(Shape):
    """What staff may change. `reason` is needed where a SEV1 or SEV2 is lowered."""

    assignee = Named("username", User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER), required=False, allow_null=True)
    team = Named("slug", Team.objects.all(), required=False, allow_null=True)
    service = Named("slug", Service.objects.filter(is_active=True), required=False, allow_null=True)
    title = Words(max_length=200, required=False)
    severity = OneOf(Severity.choices, required=False)
    reason = serializers.CharField(max_length=240, required=False, allow_blank=True, default="")
    tags = serializers.ListField(child=serializers.CharField(max_length=60), max_length=MOST_TAGS, required=False)


class TicketFilters(Shape):
    """What a list of tickets can be narrowed to."""

    status = OneOf(TicketState.choices, required=False)
    severity = OneOf(Severity.choices, required=False)
    service = serializers.CharField(max_length=50, required=False, help_text="Short name.")
    team = serializers.CharField(max_length=50, required=False, help_text="Short name.")
    assignee = serializers.CharField(max_length=150, required=False, help_text="User name.")
    requester = serializers.CharField(max_length=150, required=False, help_text="User name.")
    updated_since = Moment(required=False)


class EntryShape(Shape):
    """What was said or done on a ticket; `author` is null where the desk itself did it."""

    id = serializers.IntegerField()
    kind = OneOf(Entry.Kind.choices)
    audience = OneOf(Entry.Audience.choices)
    author = Named("username", allow_null=True)
    text = serializers.CharField()
    at = Moment()


class NewEntry(Shape):
    """What is said: an answer to the requester, a note for staff, or a call. Requesters answer."""

    kind = OneOf([(kind.value, kind.label) for kind in (Entry.Kind.REPLY, Entry.Kind.NOTE, Entry.Kind.CALL)])
    text = Words(max_length=LONGEST)
    direction = OneOf(["out", "in"], required=False, help_text="Of a call: out, the desk called; in, the requester did.")
    minutes = serializers.IntegerField(min_value=0, max_value=1440, required=False, help_text="Of a call.")
    last_seen = serializers.IntegerField(min_value=0, required=False, help_text="Of a reply: 409 where somebody wrote after this entry.")
    solve = serializers.BooleanField(required=False, help_text="Of a reply of the desk: the ticket is solved with it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        belongs = {"direction": Entry.Kind.CALL, "minutes": Entry.Kind.CALL, "last_seen": Entry.Kind.REPLY, "solve": Entry.Kind.REPLY}
        wrong = {name: [_("Does not belong to this kind.")] for name, kind in belongs.items() if name in attrs and attrs["kind"] != kind}
        if wrong:
            raise serializers.ValidationError(wrong, code="out_of_place")
        return attrs


class OwnTitle(Shape):
    """What is split out of a ticket gets a title of its own."""

    title = Words(max_length=200)
