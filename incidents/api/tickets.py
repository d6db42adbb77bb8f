"""Tickets and their entries. Each deed is the one the pages use; the rows are those the speaker may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import automation, conversation, merging, readers, tickets, titles, withdrawing
from incidents.api.incident_shapes import Nothing
from incidents.api.ticket_rows import TicketRows
from incidents.api.ticket_shapes import EntryShape, NewEntry, NewTicket, OwnTitle, TicketChange, TicketFilters, TicketShape
from incidents.models import Entry, Ticket
from incidents.states import TicketState
from servicedesk import clock
from servicedesk.api.problems import Conflict

COLUMNS: Mapping[str, str] = {
    "status": "state", "severity": "severity", "service": "service__slug", "team": "team__slug",
    "assignee": "assignee__username", "requester": "requester__username", "updated_since": "updated_at__gte",
}  # fmt: skip
OVER = (TicketState.CLOSED, TicketState.MERGED)


class TicketResource(TicketRows):
    filters = TicketFilters

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
        self.refuse_flood()
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
        if "title" in said:
            titles.set_title(row, said["title"], **told)
        if "service" in said:
            tickets.set_service(row, said["service"], **told)
        if "team" in said:
            if row.is_confidential and said["team"] is None:
                words = _("A confidential ticket stays with a team, or nobody could read it")
                raise ValidationError({"team": [words]}, code="refused")
            tickets.set_team(row, said["team"], **told)
        if "assignee" in said:
            tickets.assign(row, to=said["assignee"], **told)
        if "tags" in said:
            tickets.set_tags(row, said["tags"], **told)
        if "severity" in said:
            tickets.set_severity(row, rank=int(said["severity"]), reason=said["reason"], **told)


class EntryResource(TicketRows):
    newest_first = False
    serializer_class = EntryShape

    def list(self, request: Request, number: int) -> Response:
        """What was said and done on a ticket, oldest first; requesters read what is public."""
        found, now = self.find(number), clock.now()
        readers.opened(found, by=self.person, now=now)
        entries = found.entries.standing() if self.person.is_desk_staff else found.entries.public(now)
        return self.listed(entries.select_related("author"), EntryShape)

    @extend_schema(request=NewEntry, responses={201: EntryShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Answer the requester, note something for staff, or log a call."""
        ticket, said = self.find(number), self.said(NewEntry)
        kind, now = said.pop("kind"), clock.now()
        if kind == Entry.Kind.REPLY and self.person.pk in ticket.asker_ids:
            entry = self._heard(ticket, said)
        elif kind == Entry.Kind.REPLY:
            entry = self._answered(ticket, said.pop("solve", False), said)
        elif kind == Entry.Kind.NOTE:
            entry = conversation.note(ticket, author=self.person, now=now, **said)
        else:
            entry = conversation.call(ticket, author=self.person, now=now, **{"direction": "out", "minutes": 0, **said})
        return self.shown(entry, EntryShape, 201)

    @extend_schema(request=Nothing, responses=EntryShape)
    def take_back(self, request: Request, number: int, entry: int) -> HttpResponse:
        """Undo an answer of one's own within ten seconds, with all it did: nobody got it. A repeat changes nothing."""
        row = self._said_on(number, entry)
        self.said(Nothing)
        return self.shown(withdrawing.take_back(row, actor=self.person, now=clock.now()), EntryShape)

    @extend_schema(request=OwnTitle, responses={201: TicketShape})
    def split(self, request: Request, number: int, entry: int) -> HttpResponse:
        """Make what was said in one entry a ticket of its own. A repeat answers with the same."""
        row, said = self._said_on(number, entry), self.said(OwnTitle)
        made = merging.split(row, title=said["title"], actor=self.person, now=clock.now())
        return self.shown(self.with_parts(Ticket.objects.filter(pk=made.pk)).get(), TicketShape, 201)

    def _said_on(self, number: int, entry: int) -> Entry:
        """What somebody said on it, for somebody who works it. Raises NotFound, PermissionDenied."""
        found = self.to_work(number).entries.exclude(kind=Entry.Kind.EVENT).select_related("author").filter(pk=entry).first()
        if found is None:
            raise NotFound
        return found

    @transaction.atomic
    def _answered(self, ticket: Ticket, is_solving: bool, said: dict[str, Any]) -> Entry:
        if is_solving:
            self.to_work(ticket.pk)
            self.refuse_parted(ticket)
        return tickets.answer(ticket, author=self.person, is_solving=is_solving, now=clock.now(), **said)

    @transaction.atomic
    def _heard(self, ticket: Ticket, said: dict[str, Any]) -> Entry:
        """What the requester says. A closed ticket hears nothing more: a new one is filed instead."""
        if "solve" in said:
            raise ValidationError({"solve": [_("Only the desk solves with an answer.")]}, code="out_of_place")
        if Ticket.objects.locked(ticket.pk).state in OVER:
            raise Conflict(_("This ticket is closed. File a new one that names it."))
        automation.requester_reply(ticket, author=self.person, text=said["text"], now=clock.now())
        entry = ticket.entries.filter(kind=Entry.Kind.REPLY, author=self.person).last()
        assert entry is not None  # the deed above wrote it
        return entry
