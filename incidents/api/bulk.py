"""One deed on several tickets, undone for a minute, the next one taken, and several said to be one outage: what the queue does."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from incidents import access, bulk
from incidents.api.incident_shapes import IncidentShape, Nothing
from incidents.api.incidents import IncidentRows
from incidents.api.numbers import AnotherIncident, AnotherTicket, TicketField
from incidents.api.ticket_rows import MOST_NAMED, TicketRows
from incidents.api.ticket_shapes import LONGEST, TicketShape
from incidents.models import Batch, Ticket
from incidents.models.bulk import UNDO
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock
from servicedesk.api.problems import Conflict
from servicedesk.api.shapes import Moment, Named, OneOf, Shape
from servicedesk.directory.models import Service, Team, User

NEEDS = {
    "assign": "assignee",
    "severity": "severity",
    "wait:planned": "until",
    "tag": "tag",
    "team": "team",
    "service": "service",
    "link": "incident",
    "merge": "into",
    "reply": "text",
    "note": "text",
}  # the field that a deed takes; the others take none
TEXTS = {"severity": "reason", "reply": "text", "note": "text"}
DEEDS = [name for name in bulk.DEEDS if name not in bulk.OF_ONE]
FIELDS = frozenset({*NEEDS.values(), *TEXTS.values()})


class Chosen(Shape):
    """Tickets, by their numbers: those that the speaker may see."""

    tickets = serializers.ListField(child=TicketField(), min_length=1, max_length=bulk.MOST)


class Outage(Chosen):
    """How serious it is, all of them together."""

    severity = serializers.IntegerField(min_value=1, max_value=4)


class BulkOrder(Chosen):
    """What is done with each, and the one field which that deed takes. `confirmed`: although many people are written to."""

    deed = OneOf(DEEDS)
    assignee = Named("username", User.objects.filter(), required=False, allow_null=True)
    severity = serializers.IntegerField(min_value=1, max_value=4, required=False)
    reason = serializers.CharField(max_length=240, required=False, help_text="Of a severity: why.")
    until = serializers.DateField(required=False)
    tag = serializers.CharField(max_length=40, required=False)
    team = Named("slug", Team.objects.filter(), required=False)
    service = Named("slug", Service.objects.filter(is_active=True), required=False)
    incident = AnotherIncident(required=False)
    into = AnotherTicket(required=False)
    text = serializers.CharField(max_length=LONGEST, required=False)
    confirmed = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        takes = {name for name in (NEEDS.get(attrs["deed"]), TEXTS.get(attrs["deed"])) if name}
        wrong = {name: [_("This deed does not take it.")] for name in FIELDS & attrs.keys() - takes}
        if (needed := NEEDS.get(attrs["deed"])) and needed not in attrs:
            wrong[needed] = [_("This deed needs it.")]
        if wrong:
            raise ValidationError(wrong, code="refused")
        return attrs


class Skipped(Shape):
    """A ticket that is as it was, and why."""

    ticket = serializers.CharField()
    why = serializers.CharField()


class BatchShape(Shape):
    """What was done. `changed` are those that are otherwise now; `undo_until` is null where it cannot be undone."""

    id = serializers.IntegerField(source="pk")
    deed = serializers.CharField()
    said = serializers.CharField()
    changed = serializers.SerializerMethodField()
    skipped = serializers.SerializerMethodField()
    undo_until = serializers.SerializerMethodField()

    def get_changed(self, batch: Batch) -> list[str]:
        return [f"T-{line[0]}" for line in batch.changed]

    @extend_schema_field(Skipped(many=True))
    def get_skipped(self, batch: Batch) -> list[dict[str, str]]:
        return [{"ticket": f"T-{number}", "why": why} for number, why in batch.skipped]

    @extend_schema_field(Moment(allow_null=True))
    def get_undo_until(self, batch: Batch) -> str | None:
        may = bulk.may_undo(batch, actor=self.context["request"].user, now=clock.now())
        return Moment().to_representation(batch.at + UNDO) if may else None


def chosen(said: dict[str, Any], *, by: User) -> list[Ticket]:
    """The tickets of the body. Raises ValidationError where one is not there for the speaker."""
    visible = TicketQuerySet(Ticket).visible_to(by).select_related("service", "team")
    found = {row.pk: row for row in visible.filter(pk__in=said["tickets"])}
    if missing := [f"T-{number}" for number in said["tickets"] if number not in found]:
        words = _("No ticket has this number: %(numbers)s.") % {"numbers": ", ".join(missing[:MOST_NAMED])}
        raise ValidationError({"tickets": [words]}, code="unknown")
    return list(found.values())


class BulkResource(TicketRows):
    serializer_class = BatchShape

    @extend_schema(request=BulkOrder, responses={200: BatchShape})
    def create(self, request: Request) -> HttpResponse:
        """Do one thing with up to 200 tickets. Each that refuses is skipped with its reason, and the others go on."""
        self.refuse_idle()
        said = self.said(BulkOrder)
        rows, order = chosen(said, by=self.person), self._order(said)
        if order.deed == "take_up" and any(row.assignee_id is None for row in rows):
            self.refuse_machine()
        if bulk.is_mass_mail(order, rows) and not said["confirmed"]:
            raise Conflict(_("%(n)d people would be written to. Send “confirmed” to do so.") % {"n": len(rows)})
        return self.shown(bulk.apply(order, rows, actor=self.person, now=clock.now()), BatchShape)

    @extend_schema(request=Nothing, responses={200: BatchShape})
    def undo(self, request: Request, number: int) -> HttpResponse:
        """Put back within a minute what nobody changed since; the answer names those left alone."""
        self.refuse_idle()
        self.said(Nothing)
        batch = Batch.objects.filter(pk=number, actor=self.person).first()
        if batch is None:
            raise NotFound
        try:
            return self.shown(bulk.undo(batch, actor=self.person, now=clock.now()), BatchShape)
        except bulk.TooLate as error:
            raise Conflict(_("It can no longer be undone.")) from error

    def _order(self, said: dict[str, Any]) -> bulk.Order:
        deed = said["deed"]
        value: Any = said.get(NEEDS.get(deed, ""))
        if deed == "link":
            value = access.incident(self.person, value.pk, to_change=True)
        if deed == "merge":
            value = access.staff_ticket(self.person, value.pk, to_change=True)
        return bulk.Order(deed, None if deed in ("reply", "note") else value, said.get(TEXTS.get(deed, ""), ""))


class NextResource(TicketRows):
    @extend_schema(request=Nothing, responses={200: TicketShape})
    def create(self, request: Request) -> HttpResponse:
        """Take the ticket closest to its breach that nobody has. Of two who ask at once each gets another."""
        self.refuse_idle()
        self.said(Nothing)
        self.refuse_machine()
        found = bulk.next_for(self.person, now=clock.now())
        if found is None:
            raise Conflict(_("Nothing waits for somebody: every open ticket has an assignee."))
        return self.shown(self.find(found.pk), TicketShape)


class OutageResource(IncidentRows):
    areas: tuple[str, ...] = ("tickets", "incidents")

    @extend_schema(request=Outage, responses={201: IncidentShape})
    def create(self, request: Request) -> HttpResponse:
        """Say that these tickets are one outage: an incident of them, and whoever is on call is paged."""
        self.refuse_idle()
        said = self.said(Outage)
        made = bulk.outage(chosen(said, by=self.person), severity=said["severity"], actor=self.person, now=clock.now())
        if made is None:
            raise Conflict(_("Nothing of these is left."))
        there = request.build_absolute_uri(reverse("api_incident", args=[made.pk]))
        return self.shown(self.find(made.pk), IncidentShape, 201, {"Location": there})
