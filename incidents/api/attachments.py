"""Files of tickets: told, fetched and added, within what the speaker may see."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import attaching, vault
from incidents.api.numbers import TicketField
from incidents.api.refusals import REFUSALS
from incidents.models import Attachment, Entry, Ticket
from incidents.models.attachments import AttachmentQuerySet
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape


class AttachmentShape(Shape):
    """A file: what it is, and where its content is fetched. `entry` is null where it came with the report."""

    id = serializers.IntegerField()
    ticket = serializers.CharField(source="ticket.number")
    entry = serializers.IntegerField(source="entry_id", allow_null=True)
    audience = OneOf(Entry.Audience.choices)
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    type = serializers.CharField(source="kind", help_text="Decided by its first bytes.")
    sha256 = serializers.CharField()
    added_by = Named("username", allow_null=True)
    added_at = Moment()
    url = serializers.SerializerMethodField(help_text="Where its bytes are, with the same token.")

    def get_url(self, file: Attachment) -> str:
        return str(self.context["request"].build_absolute_uri(reverse("api_attachment_content", args=[file.pk])))


class AttachmentFilters(Shape):
    ticket = TicketField(required=False, help_text="T-1042.")


class NewAttachment(Shape):
    """A file for a ticket. Staff may add one for staff only; it then stands with a note of its own."""

    ticket = TicketField()
    name = serializers.CharField(max_length=120)
    content = serializers.CharField(help_text="The bytes in base64.")
    audience = OneOf(Entry.Audience.choices, required=False)

    def validate_content(self, value: str) -> bytes:
        try:
            content = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise serializers.ValidationError(_("Send the bytes in base64."), code="invalid") from error
        if not content:
            raise serializers.ValidationError(_("The file is empty."), code="empty")
        return content


class AttachmentResource(Resource):
    areas = ("tickets",)
    filters = AttachmentFilters
    refusals = REFUSALS
    serializer_class = AttachmentShape

    def rows(self) -> Any:
        return AttachmentQuerySet(Attachment).visible_to(self.person).select_related("ticket", "added_by")

    @extend_schema(parameters=[AttachmentFilters])
    def list(self, request: Request) -> Response:
        """Files, newest first; `ticket` narrows them to one."""
        rows = self.rows()
        return self.listed(rows.filter(ticket=self.asked["ticket"]) if "ticket" in self.asked else rows, AttachmentShape)

    @extend_schema(request=NewAttachment, responses={201: AttachmentShape})
    def create(self, request: Request) -> HttpResponse:
        """Add a file to a ticket the speaker asked for or works."""
        said, now = self.said(NewAttachment), clock.now()
        found = TicketQuerySet(Ticket).visible_to(self.person).select_related("reported_by").filter(pk=said["ticket"]).first()
        if found is None:
            raise NotFound
        is_theirs, works = self.person.pk in found.asker_ids, self.person.is_agent or self.person.is_manager
        audience = said.get("audience", Entry.Audience.PUBLIC)
        if not (works or (is_theirs and audience == Entry.Audience.PUBLIC)):
            raise PermissionDenied
        kept = vault.put(said["name"], [said["content"]])
        with transaction.atomic():
            row = Ticket.objects.locked(found.pk)
            note = attaching.note_for(row, audience, author=self.person, name=kept.name, now=now)
            made = attaching.attach(row, note, [kept], actor=self.person, now=now)[0]
        return self.shown(made, AttachmentShape, 201)

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """What is known of one file."""
        return self.shown(self.find(number), AttachmentShape)

    @extend_schema(exclude=True)  # bytes, not JSON: its address stands in `url`
    def content(self, request: Request, number: int) -> Any:
        """Its bytes."""
        found = self.find(number)
        try:
            content = attaching.opened(found, reader=self.person, now=clock.now()).read_bytes()
        except FileNotFoundError as error:
            raise NotFound from error
        answer = HttpResponse(content, content_type=found.kind, headers={"X-Content-Type-Options": "nosniff"})
        answer.headers["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
        return answer
