"""What the deeds of a ticket are told, and what they answer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from incidents.api.numbers import AnotherTicket
from incidents.api.ticket_shapes import LONGEST
from incidents.models import Satisfaction, Ticket
from incidents.states import Effect, Impacted
from servicedesk.api.shapes import Moment, Named, OneOf, Shape


class Why(Shape):
    """Why, for those who read its history."""

    reason = serializers.CharField(max_length=240, required=False, allow_blank=True, default="")


class Solution(Why):
    """`children`: the open tickets that are part of it are solved with the same text; over twenty want `confirmed` too."""

    text = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    children = serializers.BooleanField(required=False, default=False)
    confirmed = serializers.BooleanField(required=False, default=False)
    last_seen = serializers.IntegerField(
        min_value=0, required=False, allow_null=True, default=None, help_text="Of the desk: 409 where somebody wrote after this entry."
    )


class Waits(Why):
    """What it waits for; `until`, of what is planned, the day on which it is open again."""

    waiting_for = OneOf(Ticket.Waiting.choices, required=False, default=Ticket.Waiting.REQUESTER)
    until = serializers.DateField(required=False, allow_null=True, default=None)


class Confidential(Shape):
    """Read by its team and its list alone, or open to all staff again; both with a reason."""

    confidential = serializers.BooleanField()
    reason = serializers.CharField(max_length=240)


class MergeInto(Shape):
    """The ticket it is the same as."""

    into = AnotherTicket()


class Worse(Shape):
    """The two questions answered anew."""

    impacted = OneOf(Impacted.choices)
    impacted_count = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, allow_null=True)
    impacted_group = serializers.CharField(max_length=80, required=False, allow_blank=True)
    effect = OneOf(Effect.choices)
    text = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["impacted"] == Impacted.DEPARTMENT and not attrs.get("impacted_group"):
            raise serializers.ValidationError({"impacted_group": [_("Say which department or site.")]}, code="required")
        return attrs


class Answered(Shape):
    answer = OneOf(Satisfaction.Answer.choices, allow_null=True)


class FeedbackShape(Shape):
    """How the help was, said once by who asked."""

    answer = OneOf(Satisfaction.Answer.choices, allow_null=True)
    person = Named("username", allow_null=True)
    at = Moment(allow_null=True)
