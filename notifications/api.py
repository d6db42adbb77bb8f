"""Messages: what was sent or waits, with tokens, codes and numbers masked as on the outbox page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import access
from notifications.models import Channel, Message
from notifications.states import MessageState
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape


class MessageShape(Shape):
    id = serializers.IntegerField()
    thread = serializers.CharField()
    channel = OneOf(Channel.choices)
    person = Named("username", allow_null=True)
    to = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    state = OneOf(MessageState.choices)
    reason = serializers.CharField()
    due_at = Moment(allow_null=True)
    sent_at = Moment(allow_null=True)
    delivered_at = Moment(allow_null=True)
    seen_at = Moment(allow_null=True)
    acted_at = Moment(allow_null=True)
    attempts = serializers.IntegerField()

    def get_to(self, message: Message) -> str:
        return access.masked_address(message)

    def get_text(self, message: Message) -> str:
        """Empty where it is confidential."""
        return access.words(message)


class MessageFilters(Shape):
    """What a list of messages can be narrowed to."""

    status = OneOf(MessageState.choices, required=False)
    channel = OneOf(Channel.choices, required=False)
    thread = serializers.CharField(max_length=40, required=False, help_text="INC-214, T-1042.")
    person = serializers.CharField(max_length=150, required=False, help_text="User name.")


COLUMNS = {"status": "state", "channel": "channel", "thread": "thread__iexact", "person": "person__username"}


class MessageResource(Resource):
    """Letters speak of both, so a token needs to read both."""

    areas = ("tickets", "incidents")
    filters = MessageFilters
    serializer_class = MessageShape

    def rows(self) -> Any:
        if not self.person.holds(*access.READERS):
            raise PermissionDenied(_("Messages are for the desk, its administrators and auditors."))
        return access.visible_to(self.person)

    @extend_schema(parameters=[MessageFilters])
    def list(self, request: Request) -> Response:
        """Everything sent or waiting, newest first."""
        return self.listed(self.rows().filter(**{COLUMNS[name]: value for name, value in self.asked.items()}), MessageShape)

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One message."""
        return self.shown(self.find(number), MessageShape)


urlpatterns = [
    path("messages/", MessageResource.as_view({"get": "list"}), name="api_messages"),
    path("messages/<int:number>/", MessageResource.as_view({"get": "retrieve"}), name="api_message"),
]
