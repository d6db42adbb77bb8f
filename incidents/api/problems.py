"""Problems: the causes behind several tickets, and what recurs and is none yet. Each deed is the one the page uses."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import problems
from incidents.api.numbers import AnotherTicket
from incidents.api.words import Words
from incidents.forms_problems import LONGEST
from incidents.models import Problem, Ticket
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape
from servicedesk.directory.models import User

MOST_LISTED = 20
MOST_JOINED = 50


class ProblemRecord(Shape):
    """`tickets` are those the reader may see, the newest 200."""

    id = serializers.CharField(source="number")
    title = serializers.CharField()
    state = OneOf(Problem.State.choices)
    service = Named("slug", allow_null=True)
    owner = Named("username", allow_null=True)
    cause = serializers.CharField()
    workaround = serializers.CharField()
    published = serializers.BooleanField(source="is_published", help_text="Title and workaround are shown to everybody.")
    tickets = serializers.SerializerMethodField()
    created_at = Moment()
    updated_at = Moment()

    def get_tickets(self, problem: Problem) -> list[str]:
        return [ticket.number for ticket in list(problem.tickets.all())[:200]]


class NewProblem(Shape):
    """A record of these tickets. Confidential ones stay out."""

    title = Words(max_length=200)
    tickets = serializers.ListField(child=AnotherTicket(), min_length=1, max_length=MOST_JOINED)


class ProblemChange(Shape):
    """What is told is changed."""

    title = Words(max_length=200, required=False)
    state = OneOf(Problem.State.choices, required=False)
    cause = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    workaround = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    published = serializers.BooleanField(source="is_published", required=False)
    owner = Named("username", User.objects.filter(is_active=True), required=False, allow_null=True)


class ProblemTicket(Shape):
    """One more ticket of it."""

    ticket = AnotherTicket()


class ProblemFilters(Shape):
    state = OneOf(Problem.State.choices, required=False)
    service = serializers.CharField(max_length=50, required=False, help_text="Short name.")


class RecurringShape(Shape):
    """Reports alike about one service in 30 days that stand in no problem."""

    service = serializers.CharField(source="slug")
    words = serializers.ListField(child=serializers.CharField(), help_text="What most of them share.")
    people = serializers.IntegerField()
    tickets = serializers.SerializerMethodField()

    def get_tickets(self, group: problems.Recurring) -> list[str]:
        return [ticket.number for ticket in group.tickets]


class RecurringList(Shape):
    """The most frequent first."""

    results = RecurringShape(many=True)


class ProblemResource(Resource):
    areas = ("tickets",)
    filters = ProblemFilters
    serializer_class = ProblemRecord

    def rows(self) -> Any:
        if not self.person.is_desk_staff:
            raise PermissionDenied(_("Problems are for the desk and its auditors."))
        seen = TicketQuerySet(Ticket).visible_to(self.person).filter(is_confidential=False).order_by("-pk").only("pk")
        return Problem.objects.select_related("service", "owner").prefetch_related(Prefetch("tickets", seen))

    @extend_schema(parameters=[ProblemFilters])
    def list(self, request: Request) -> Response:
        """Problems, newest first."""
        columns = {"state": "state", "service": "service__slug"}
        return self.listed(self.rows().filter(**{columns[name]: value for name, value in self.asked.items()}), ProblemRecord)

    @extend_schema(request=NewProblem, responses={201: ProblemRecord})
    def create(self, request: Request) -> HttpResponse:
        """Make a problem of tickets that share a cause."""
        self.refuse_idle()
        said = self.said(NewProblem)
        if all(ticket.is_confidential for ticket in said["tickets"]):
            raise ValidationError({"tickets": [_("Confidential tickets stand in no problem.")]}, code="refused")
        made = problems.make(said["tickets"], title=said["title"], actor=self.person, now=clock.now())
        there = request.build_absolute_uri(reverse("api_problem", args=[made.pk]))
        return self.shown(self.find(made.pk), ProblemRecord, 201, {"Location": there})

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One problem."""
        return self.shown(self.find(number), ProblemRecord)

    @extend_schema(request=ProblemChange, responses=ProblemRecord)
    def partial_update(self, request: Request, number: int) -> HttpResponse:
        """What is known of it. Only a workaround can be shown to everybody."""
        found: Problem = self.find(number)
        self.refuse_idle()
        said = self.said(ProblemChange)
        if said.get("is_published", found.is_published) and not said.get("workaround", found.workaround):
            words = _("Only a workaround can be shown to everybody: write it first")
            raise ValidationError({"workaround": [words]}, code="required")
        self.refuse_changed(number, ProblemRecord)
        problems.change(found, actor=self.person, now=clock.now(), **said)
        return self.shown(self.find(number), ProblemRecord)

    @extend_schema(request=ProblemTicket, responses={201: ProblemRecord})
    def add(self, request: Request, number: int) -> HttpResponse:
        """One more ticket of it. A repeat changes nothing."""
        found: Problem = self.find(number)
        self.refuse_idle()
        ticket = self.said(ProblemTicket)["ticket"]
        if ticket.is_confidential:
            raise ValidationError({"ticket": [_("Confidential tickets stand in no problem.")]}, code="refused")
        problems.add(found, ticket, actor=self.person, now=clock.now())
        return self.shown(self.find(number), ProblemRecord, 201)

    @extend_schema(responses=RecurringList)
    def recurring(self, request: Request) -> Response:
        """What came three times in 30 days and is no problem yet, at most 20."""
        self.rows()
        found = problems.recurring(now=clock.now(), reader=self.person)[:MOST_LISTED]
        return Response(RecurringList({"results": found}).data)
