"""Plan reviews: read. They are held in the administration, by two people."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import PlanReview, ReviewItem
from incidents.models.reviews import PlanReviewQuerySet
from servicedesk.api.authentication import is_machine
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape


class ReviewItemShape(Shape):
    """One question. `finding` is what its query says, `verdict` what a person made of it."""

    number = serializers.IntegerField()
    question = serializers.CharField()
    verdict = OneOf(ReviewItem.Verdict, allow_null=True)
    finding = serializers.BooleanField(source="is_finding")
    said = serializers.SerializerMethodField()
    note = serializers.CharField()
    owner = Named("username", allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    ticket = serializers.SerializerMethodField()

    def get_said(self, item: ReviewItem) -> str:
        return str(item.evidence.get("said", ""))

    def get_ticket(self, item: ReviewItem) -> str | None:
        return item.ticket.number if item.ticket else None


class PlanReviewShape(Shape):
    """`sha256` is over the snapshot as canonical JSON; it proves that nothing changed since the signature, not that it is true."""

    id = serializers.CharField(source="slug")
    state = OneOf(PlanReview.State)
    plan_version = serializers.IntegerField()
    period_from = Moment()
    due_on = serializers.DateField()
    prepared_by = Named("username", allow_null=True)
    prepared_at = Moment(allow_null=True)
    signed_by = Named("username", allow_null=True)
    signed_at = Moment(allow_null=True)
    sha256 = serializers.CharField()
    items = ReviewItemShape(many=True)


class PlanReviewResource(Resource):
    areas = ("config",)
    serializer_class = PlanReviewShape

    def rows(self) -> Any:
        if not (self.person.is_staff or is_machine(self.request)):
            raise PermissionDenied(_("Plan reviews are for managers, administrators and auditors."))
        parts = ("prepared_by", "signed_by")
        return PlanReviewQuerySet(PlanReview).select_related(*parts).prefetch_related("items__owner", "items__ticket")

    def list(self, request: Request) -> Response:
        """Plan reviews, newest first."""
        return self.listed(self.rows(), PlanReviewShape)

    @extend_schema(responses=PlanReviewShape)
    def retrieve(self, request: Request, slug: str) -> HttpResponse:
        """One plan review, by year and quarter: 2026-q4."""
        found = self.rows().filter(slug=slug.lower()).first()
        if found is None:
            raise NotFound
        return self.shown(found, PlanReviewShape)
