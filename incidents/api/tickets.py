"""Tickets and their entries. Each deed is the one the pages use; the rows are those the speaker may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import automation, conversation, readers, tickets
from incidents.api.refusals import REFUSALS
from incidents.api.ticket_shapes import EntryShape, NewEntry, NewTicket, TicketChange, TicketFilters, TicketShape
from incidents.models import Entry, Incident, Ticket
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import TicketQuerySet
from incidents.states import TicketState
from servicedesk import clock
from servicedesk.api.problems import Conflict
from servicedesk.api.resources import Resource

PARTS = ("requester__site", "reported_by", "assignee", "team", "service")
COLUMNS: Mapping[str, str] = {
    "status": "state", "severity": "severity", "service": "service__slug", "team": "team__slug",
    "assignee": "assignee__username", "requester": "requester__username", "updated_since": "updated_at__gte",
}  # fmt: skip
OVER = (TicketState.CLOSED, TicketState.MERGED)


class TicketResource(Resource):
    areas = ("tickets",)
    filters = TicketFilters
    refusals = REFUSALS
    serializer_class = TicketShape

    def rows(self) -> TicketQuerySet:
        return self.with_parts(TicketQuerySet(Ticket).visible_to(self.person))

    def with_parts(self, rows: Any) -> TicketQuerySet:
        """With all that its JSON shows; an incident the speaker may not see is none."""
        seen = Prefetch("incident", IncidentQuerySet(Incident).visible_to(self.person).only("pk"))
        shown: TicketQuerySet = rows.select_related(*PARTS).prefetch_related(seen)
        return shown

    def to_change(self, number: int) -> Ticket:
        """The ticket, its row held. Raises NotFound, PermissionDenied, Changed. Call inside a transaction."""
        found = self.find(number)
        if not (self.person.is_agent or self.person.is_manager):
            raise PermissionDenied(_("Only agents and managers change tickets."))
        row = Ticket.objects.locked(found.pk)
        self.refuse_changed(number, TicketShape)
        return row

    @extend_schema(parameters=[TicketFilters])
    def list(self, request: Request) -> Response:
        """Tickets, newest first."""
        chosen = {COLUMNS[name]: value for name, value in self.asked.items()}
        return self.listed(self.rows().filter(**chosen), TicketShape)

    @extend_schema(request=NewTicket, responses={201: TicketShape})
    def create(self, request: Request) -> HttpResponse:
        """File a ticket; the rules rate it in the same moment."""
        said = self.said(NewTicket)
        requester = said.pop("requester", self.person)
        other = None if requester == self.person else self.person
        ticket = automation.file_ticket(requester=requester, reported_by=other, origin=Ticket.Origin.API, now=clock.now(), **said)
        there = request.build_absolute_uri(reverse("api_ticket", args=[ticket.pk]))
        return self.shown(self.with_parts(Ticket.objects.filter(pk=ticket.pk)).get(), TicketShape, 201, {"Location": there})

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """One ticket, its clocks worked out from its history."""
        found = self.find(number)
        readers.opened(found, by=self.person, now=clock.now())
        return self.shown(found, TicketShape)

    @extend_schema(request=TicketChange, responses=TicketShape)
    def partial_update(self, request: Request, number: int) -> HttpResponse:
        """Assign, sort or rate a ticket: all that is named, or nothing."""
        with transaction.atomic():
            row = self.to_change(number)
            self._change(row, self.said(TicketChange))
        return self.shown(self.find(number), TicketShape)

    def _change(self, row: Ticket, said: dict[str, Any]) -> None:
        told: dict[str, Any] = {"actor": self.person, "now": clock.now()}
        if "service" in said:
            tickets.set_service(row, said["service"], **told)
        if "team" in said:
            tickets.set_team(row, said["team"], **told)
        if "assignee" in said:
            tickets.assign(row, to=said["assignee"], **told)
        if "tags" in said:
            tickets.set_tags(row, said["tags"], **told)
        if "severity" in said:
            tickets.set_severity(row, rank=int(said["severity"]), reason=said["reason"], **told)


class EntryResource(Resource):
    areas = ("tickets",)
    refusals = REFUSALS
    newest_first = False
    serializer_class = EntryShape

    def rows(self) -> TicketQuerySet:
        """The tickets whose entries they are."""
        return TicketQuerySet(Ticket).visible_to(self.person).select_related(*PARTS)

    def list(self, request: Request, number: int) -> Response:
        """What was said and done on a ticket, oldest first; requesters read what is public."""
        entries = self.find(number).entries.all()
        entries = entries.standing() if self.person.is_desk_staff else entries.public(clock.now())
        return self.listed(entries.select_related("author"), EntryShape)

    @extend_schema(request=NewEntry, responses={201: EntryShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Answer the requester, note something for staff, or log a call."""
        ticket, said = self.find(number), self.said(NewEntry)
        kind, now = said.pop("kind"), clock.now()
        if kind == Entry.Kind.REPLY and self.person.pk in ticket.asker_ids:
            entry = self._heard(ticket, said["text"])
        elif kind == Entry.Kind.REPLY:
            entry = conversation.reply(ticket, author=self.person, now=now, **said)
        elif kind == Entry.Kind.NOTE:
            entry = conversation.note(ticket, author=self.person, now=now, **said)
        else:
            entry = conversation.call(ticket, author=self.person, now=now, **{"direction": "out", "minutes": 0, **said})
        return self.shown(entry, EntryShape, 201)

    @transaction.atomic
    def _heard(self, ticket: Ticket, text: str) -> Entry:
        """What the requester says. A closed ticket hears nothing more: a new one is filed instead."""
        if Ticket.objects.locked(ticket.pk).state in OVER:
            raise Conflict(_("This ticket is closed. File a new one that names it."))
        automation.requester_reply(ticket, author=self.person, text=text, now=clock.now())
        said = ticket.entries.filter(kind=Entry.Kind.REPLY, author=self.person).last()
        assert said is not None  # the deed above wrote it
        return said
