"""Mails that came in: those that wait for a person, and what is decided about them. Each deed is the one the page uses."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.refusals import REFUSALS
from incidents.mail import held
from incidents.models import InboundMail
from servicedesk import clock
from servicedesk.api.problems import Conflict
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape

DEEDS = {"accept": held.accept, "ticket": held.make_ticket, "reject": held.reject}


class MailShape(Shape):
    """A mail as it came. `words`: what came of it."""

    id = serializers.IntegerField(source="pk")
    state = OneOf(InboundMail.State.choices)
    why = OneOf(InboundMail.Why.choices, allow_null=True)
    sender = serializers.CharField()
    sender_name = serializers.CharField()
    subject = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    ticket = serializers.SerializerMethodField(help_text="The one it names, or went to.")
    incident = serializers.SerializerMethodField()
    words = serializers.CharField()
    arrived_at = Moment()
    decided_by = Named("username", allow_null=True)
    decided_at = Moment(allow_null=True)

    def get_ticket(self, mail: InboundMail) -> str | None:
        return f"T-{mail.ticket_id}" if mail.ticket_id else None

    def get_incident(self, mail: InboundMail) -> str | None:
        return f"INC-{mail.incident_id}" if mail.incident_id else None


class WholeMail(MailShape):
    """With its text, as far as it is still kept."""

    text = serializers.SerializerMethodField(help_text="What was written; what stood quoted below it is left out.")

    def get_text(self, mail: InboundMail) -> str | None:
        return held.read(mail).said if mail.is_whole else None


class MailDecision(Shape):
    """accept: to the ticket it names, as a note. ticket: one of its own. reject: turned away."""

    action = OneOf(list(DEEDS))


class MailFilters(Shape):
    state = OneOf(InboundMail.State.choices, required=False)


class MailResource(Resource):
    areas = ("tickets",)
    filters = MailFilters
    refusals = {
        **REFUSALS,
        held.Decided: lambda error: Conflict(_("It was decided already: %(words)s") % {"words": error.row.words}),
    }
    serializer_class = MailShape

    def rows(self) -> Any:
        self.refuse_idle()
        return InboundMail.objects.visible_to(self.person).select_related("decided_by")

    @extend_schema(parameters=[MailFilters])
    def list(self, request: Request) -> Response:
        """Mails, newest first; `state=held` are those that wait for somebody."""
        return self.listed(self.rows().filter(**self.asked), MailShape)

    @extend_schema(responses=WholeMail)
    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One mail, with its text."""
        return self.shown(self.find(number), WholeMail)

    @extend_schema(request=MailDecision, responses=WholeMail)
    def decide(self, request: Request, number: int) -> HttpResponse:
        """Say what becomes of a mail that is held or set aside. Each is decided once: 409 then."""
        found = self.find(number)
        DEEDS[self.said(MailDecision)["action"]](found, actor=self.person, now=clock.now())
        return self.shown(self.find(number), WholeMail)
