"""Requests of known types: what there is, asking for one, and deciding whether it may begin."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import approvals, asking, fields
from incidents.api.numbers import AnotherTicket, TicketField
from incidents.api.refusals import REFUSALS
from incidents.api.ticket_rows import TicketRows
from incidents.api.ticket_shapes import LONGEST, TicketShape
from incidents.api.words import Words
from incidents.api.work_shapes import PEOPLE, Answer, QuestionShape, answered
from incidents.models import Approval, CustomField, RequestType, Ticket
from incidents.models.catalogue import RequestTypeQuerySet
from incidents.models.duties import ApprovalQuerySet
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape
from servicedesk.directory.models import User


class RequestTypeShape(Shape):
    """Something people can ask for, with its questions."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    service = Named("slug", allow_null=True)
    team = Named("slug", allow_null=True)
    approved_by = OneOf(RequestType.Approver.choices)
    questions = serializers.SerializerMethodField()

    @extend_schema_field(QuestionShape(many=True))
    def get_questions(self, wanted: RequestType) -> Any:
        rows = self.context["view"].questions.get(wanted.category or wanted.slug, [])
        return QuestionShape(rows, many=True).data


class NewRequest(Shape):
    """What is asked for; `requester` is who speaks unless another is named."""

    what = Words(max_length=LONGEST)
    answers = serializers.DictField(child=Answer(), required=False, default=dict, help_text="By the short names of the questions.")
    requester = Named("username", User.objects.get_queryset().active(), required=False)


class RequestTypeResource(TicketRows):
    newest_first = False
    serializer_class = RequestTypeShape

    def rows(self) -> Any:
        return RequestTypeQuerySet(RequestType).offered().select_related("service__team", "team", "approver")

    @cached_property
    def questions(self) -> dict[str, list[CustomField]]:
        """Those asked of everybody, by category."""
        found: dict[str, list[CustomField]] = {}
        for row in CustomField.objects.filter(is_for_staff=False):
            found.setdefault(row.category, []).append(row)
        return found

    def list(self, request: Request) -> Response:
        """What people can ask for."""
        return self.listed(self.rows(), RequestTypeShape)

    @extend_schema(request=NewRequest, responses={201: TicketShape})
    def create(self, request: Request, slug: str) -> HttpResponse:
        """Ask for it: a ticket that begins at once, or when it is approved."""
        wanted = self.rows().filter(slug=slug).first()
        if wanted is None:
            raise NotFound
        said = self.said(NewRequest)
        self.refuse_flood()
        person = said.get("requester", self.person)
        rows = [row for row in fields.of(wanted.category or wanted.slug) if not row.is_for_staff]
        told: dict[str, Any] = {"reported_by": None if person == self.person else self.person, "origin": Ticket.Origin.API}
        answers = answered(rows, said["answers"], before={}, when="asked")
        made = asking.ask(wanted, requester=person, what=said["what"], answers=answers, now=clock.now(), **told)
        there = request.build_absolute_uri(reverse("api_ticket", args=[made.pk]))
        return self.shown(self.with_parts(Ticket.objects.filter(pk=made.pk)).get(), TicketShape, 201, {"Location": there})


class ApprovalShape(Shape):
    """Whether a request may begin. While it is pending the ticket waits."""

    id = serializers.IntegerField()
    ticket = serializers.CharField(source="ticket.number")
    title = serializers.CharField(source="ticket.title")
    requester = Named("username", source="ticket.requester")
    approver = Named("username")
    state = OneOf(Approval.State.choices)
    reason = serializers.CharField()
    asked_at = Moment()
    expires_at = Moment()
    decided_at = Moment(allow_null=True)


class ApprovalFilters(Shape):
    ticket = TicketField(required=False, help_text="T-1042.")
    state = OneOf(Approval.State.choices, required=False)
    approver = serializers.CharField(max_length=150, required=False, help_text="User name.")


class NewApproval(Shape):
    """Who is asked. An earlier question that is open is handed on."""

    ticket = AnotherTicket()
    approver = Named("username", PEOPLE)


class Decision(Shape):
    """A refusal says why."""

    approved = serializers.BooleanField()
    reason = serializers.CharField(max_length=240, required=False, allow_blank=True, default="")


class HandOn(Shape):
    to = Named("username", PEOPLE)


COLUMNS = {"ticket": "ticket", "state": "state", "approver": "approver__username"}


class ApprovalResource(Resource):
    areas = ("tickets",)
    filters = ApprovalFilters
    refusals = REFUSALS
    serializer_class = ApprovalShape

    def rows(self) -> Any:
        """One's own to decide; for the desk, those of every ticket it may see."""
        rows = ApprovalQuerySet(Approval).select_related("ticket__requester", "ticket__reported_by", "approver")
        if not self.person.is_desk_staff:
            return rows.of(self.person)
        seen = TicketQuerySet(Ticket).order_by().visible_to(self.person).filter(pk=OuterRef("ticket"))  # of this one: never a list of all
        return rows.filter(Exists(seen) | Q(approver=self.person))

    @extend_schema(parameters=[ApprovalFilters])
    def list(self, request: Request) -> Response:
        """Approvals, newest first."""
        return self.listed(self.rows().filter(**{COLUMNS[name]: value for name, value in self.asked.items()}), ApprovalShape)

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One approval."""
        return self.shown(self.find(number), ApprovalShape)

    @extend_schema(request=NewApproval, responses={201: ApprovalShape})
    def create(self, request: Request) -> HttpResponse:
        """Ask somebody to approve a request: it waits until they decide."""
        if not (self.person.is_agent or self.person.is_manager):
            raise PermissionDenied(_("Only agents and managers do this."))
        said = self.said(NewApproval)
        if said["approver"].pk in said["ticket"].asker_ids:
            raise ValidationError({"approver": [_("Who asks for it cannot approve it")]}, code="refused")
        made = approvals.ask(said["ticket"], said["approver"], actor=self.person, now=clock.now())
        return self.shown(self.find(made.pk), ApprovalShape, 201)

    @extend_schema(request=Decision, responses=ApprovalShape)
    def decide(self, request: Request, number: int) -> HttpResponse:
        """The word of who was asked. The same word again changes nothing."""
        self.find(number)
        said = self.said(Decision)
        told: dict[str, Any] = {"is_approved": said["approved"], "reason": said["reason"], "begin": asking.begin, "now": clock.now()}
        return self._done(number, lambda row: approvals.decide(row, actor=self.person, **told))

    @extend_schema(request=HandOn, responses=ApprovalShape)
    def hand_on(self, request: Request, number: int) -> HttpResponse:
        """Somebody else decides: the approval that is asked of them."""
        found, to = self.find(number), self.said(HandOn)["to"]
        if to.pk in found.ticket.asker_ids:
            raise ValidationError({"to": [_("Who asks for it cannot approve it")]}, code="refused")
        return self._done(number, lambda row: approvals.hand_on(row, to=to, actor=self.person, now=clock.now()))

    def _done(self, number: int, deed: Callable[[Approval], Approval]) -> HttpResponse:
        with transaction.atomic():
            found = self.find(number)
            Ticket.objects.locked(found.ticket_id)
            self.refuse_changed(number, ApprovalShape)
            made = deed(found)
        rows = Approval.objects.select_related("ticket__requester", "approver")  # handed on, it is no longer the speaker's
        return self.shown(rows.get(pk=made.pk), ApprovalShape)
