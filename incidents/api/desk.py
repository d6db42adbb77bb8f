"""What agents work with: canned answers, views of the queue, vendors, and work that comes round. All but the views are kept elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import bulk, canned
from incidents.api.incident_shapes import Nothing
from incidents.api.numbers import TicketField
from incidents.api.words import Words
from incidents.models import CannedAnswer, SavedView, ScheduledTicket, Ticket, Vendor
from incidents.models.canned import CannedQuerySet
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock
from servicedesk.api.problems import Conflict
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, Shape


class CannedShape(Shape):
    """`text` has its placeholders filled where a ticket is named."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    text = serializers.SerializerMethodField()
    team = Named("slug", allow_null=True)
    service = Named("slug", allow_null=True)

    def get_text(self, answer: CannedAnswer) -> str:
        ticket: Ticket | None = self.context.get("ticket")
        return canned.filled(answer.text, ticket, writer=self.context["request"].user, now=clock.now()) if ticket else answer.text


class CannedFilters(Shape):
    ticket = TicketField(required=False, help_text="T-1042: the placeholders are filled for it.")


class ViewShape(Shape):
    """A queue's address under a name."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    owner = Named("username")
    shared = serializers.BooleanField(source="is_shared")
    query = serializers.CharField()
    url = serializers.SerializerMethodField(help_text="The page.")
    created_at = Moment()

    def get_url(self, view: SavedView) -> str:
        return str(self.context["request"].build_absolute_uri(f"{reverse('queue')}?{view.query}"))


class NewView(Shape):
    """`query`: of the queue's address, what stands after the question mark; what it does not know is left out."""

    name = Words(max_length=40)
    query = serializers.CharField(max_length=500, allow_blank=True)
    shared = serializers.BooleanField(source="is_shared", required=False, default=False)


class VendorShape(Shape):
    """Somebody outside who helps. Named by `name` where a ticket is handed to them."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    zone = serializers.CharField()
    answers_within_s = serializers.IntegerField(help_text="Of their hours.")
    services = serializers.SerializerMethodField()
    active = serializers.BooleanField(source="is_active")

    def get_services(self, vendor: Vendor) -> list[str]:
        return sorted(service.slug for service in vendor.services.all())


class ScheduledShape(Shape):
    """Work that comes round: each time a ticket."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    what = serializers.CharField()
    cron = serializers.CharField()
    zone = serializers.CharField()
    requester = Named("username")
    service = Named("slug", allow_null=True)
    team = Named("slug", allow_null=True)
    checklist = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField(source="is_active")
    next_at = Moment(allow_null=True)


class OfDesk(Resource):
    areas = ("tickets",)
    newest_first = False

    def refuse_others(self) -> None:
        if not self.person.is_desk_staff:
            raise PermissionDenied(_("This is for the desk and its auditors."))


class CannedResource(OfDesk):
    filters = CannedFilters
    serializer_class = CannedShape

    def rows(self) -> Any:
        self.refuse_others()
        return CannedQuerySet(CannedAnswer).usable_by(self.person).select_related("team", "service")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "ticket": getattr(self, "ticket", None)}

    @extend_schema(parameters=[CannedFilters])
    def list(self, request: Request) -> Response:
        """Answers kept ready, those of everybody and of one's own teams."""
        rows = self.rows()
        if "ticket" in self.asked:
            visible = TicketQuerySet(Ticket).visible_to(self.person).select_related("requester__site", "service")
            self.ticket = visible.filter(pk=self.asked["ticket"]).first()
            if self.ticket is None:
                raise ValidationError({"ticket": [_("No ticket has this number.")]}, code="unknown")
        return self.listed(rows, CannedShape)


class ViewResource(OfDesk):
    serializer_class = ViewShape

    def rows(self) -> Any:
        self.refuse_others()
        return SavedView.objects.get_queryset().shown_to(self.person).select_related("owner")  # type: ignore[attr-defined]

    def list(self, request: Request) -> Response:
        """Views of the queue: one's own, and what colleagues share."""
        return self.listed(self.rows(), ViewShape)

    @extend_schema(request=NewView, responses={201: ViewShape})
    def create(self, request: Request) -> HttpResponse:
        """Keep a queue's address under a name."""
        self.refuse_idle()
        said = self.said(NewView)
        try:
            made = bulk.keep_view(owner=self.person, now=clock.now(), **{**said, "query": QueryDict(said["query"]).urlencode()})
        except bulk.NameTaken as error:
            raise Conflict(_("You have a view of that name already.")) from error
        return self.shown(self.find(made.pk), ViewShape, 201)

    @extend_schema(request=Nothing, responses=ViewShape)
    def forget(self, request: Request, number: int) -> HttpResponse:
        """Forget a view of one's own; the answer shows it for the last time."""
        found = self.find(number)
        self.refuse_idle()
        self.said(Nothing)
        if found.owner_id != self.person.pk:
            raise PermissionDenied(_("Only who keeps a view forgets it."))
        answer = self.shown(found, ViewShape)
        found.delete()
        return answer


class VendorResource(OfDesk):
    serializer_class = VendorShape

    def rows(self) -> Any:
        self.refuse_others()
        return Vendor.objects.prefetch_related("services")

    def list(self, request: Request) -> Response:
        """Vendors."""
        return self.listed(self.rows(), VendorShape)


class ScheduledResource(OfDesk):
    serializer_class = ScheduledShape

    def rows(self) -> Any:
        self.refuse_others()
        return ScheduledTicket.objects.select_related("requester", "service", "team")

    def list(self, request: Request) -> Response:
        """Tickets that are filed by the calendar."""
        return self.listed(self.rows(), ScheduledShape)
