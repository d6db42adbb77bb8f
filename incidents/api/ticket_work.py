"""The work of a ticket: people who watch it, time, promises, its checklist, a vendor's case, its category's questions."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import around, categories, checklists, fields, pledges, similar, vendors
from incidents.api.incident_shapes import Nothing
from incidents.api.ticket_rows import TicketRows
from incidents.api.ticket_shapes import TicketShape
from incidents.api.work_shapes import (
    ChecklistLineChange,
    ChecklistLineShape,
    NewChecklistLine,
    NewPromise,
    NewTimeSpent,
    NewVendorCase,
    NewWatcher,
    PromiseShape,
    SimilarsShape,
    SimilarWord,
    TimeSpentShape,
    VendorCaseShape,
    WatcherShape,
    WorkChange,
    WorkShape,
    answered,
)
from incidents.models import ChecklistItem, Ticket
from servicedesk import clock
from servicedesk.api.problems import Conflict


class WatcherResource(TicketRows):
    newest_first = False
    serializer_class = WatcherShape

    def list(self, request: Request, number: int) -> Response:
        """Who watches it."""
        return self.listed(self.to_read(number).watchers.select_related("person", "added_by"), WatcherShape)

    @extend_schema(request=NewWatcher, responses={201: WatcherShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Somebody watches it from now on. Who does already: unchanged."""
        found, said = self.to_work(number), self.said(NewWatcher)
        return self.shown(around.watch(found, **said, actor=self.person, now=clock.now()), WatcherShape, 201)

    @extend_schema(request=Nothing, responses=TicketShape)
    def end(self, request: Request, number: int, username: str) -> HttpResponse:
        """They do not watch it any more. Who did not: unchanged."""
        self.to_work(number)
        self.said(Nothing)
        with transaction.atomic():
            row = self.to_change(number)
            named = row.watchers.filter(person__username=username if username.isprintable() else "")
            for watcher in named.select_related("person"):
                around.unwatch(row, person=watcher.person, actor=self.person, now=clock.now())
        return self.shown(self.find(number), TicketShape)


class TimeResource(TicketRows):
    newest_first = False
    serializer_class = TimeSpentShape

    def list(self, request: Request, number: int) -> Response:
        """The time spent on it, oldest first; that of calls stands with their entries."""
        return self.listed(self.to_read(number).times.select_related("person"), TimeSpentShape)

    @extend_schema(request=NewTimeSpent, responses={201: TimeSpentShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Note time of the speaker's."""
        found, said = self.to_work(number), self.said(NewTimeSpent)
        return self.shown(around.spend(found, person=self.person, now=clock.now(), **said), TimeSpentShape, 201)


class PromiseResource(TicketRows):
    serializer_class = PromiseShape

    def list(self, request: Request, number: int) -> Response:
        """What was promised, newest first."""
        return self.listed(self.to_read(number).pledges.select_related("person"), PromiseShape)

    @extend_schema(request=NewPromise, responses={201: PromiseShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Promise the requester something by a time: said in an answer, reminded of, and told upwards when missed."""
        found, said = self.to_work(number), self.said(NewPromise)
        return self.shown(pledges.answer(found, author=self.person, now=clock.now(), **said), PromiseShape, 201)

    @extend_schema(request=Nothing, responses=PromiseShape)
    def keep(self, request: Request, number: int, promise: int) -> HttpResponse:
        """It was done. A repeat changes nothing."""
        self.to_work(number)
        self.said(Nothing)
        with transaction.atomic():
            row = self.to_change(number).pledges.filter(pk=promise).first()
            if row is None:
                raise NotFound
            kept = pledges.keep(row, actor=self.person, now=clock.now())
        return self.shown(kept, PromiseShape)


class ChecklistResource(TicketRows):
    newest_first = False
    serializer_class = ChecklistLineShape

    def list(self, request: Request, number: int) -> Response:
        """Its checklist."""
        return self.listed(self.to_read(number).checklist.select_related("done_by"), ChecklistLineShape)

    @extend_schema(request=NewChecklistLine, responses={201: ChecklistLineShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """One more line, of a hundred at most."""
        found, said = self.to_work(number), self.said(NewChecklistLine)
        made = checklists.add(found, said["text"], actor=self.person, now=clock.now())
        if made is None:
            raise Conflict(_("A checklist has at most 100 lines."))
        return self.shown(made, ChecklistLineShape, 201)

    @extend_schema(request=ChecklistLineChange, responses=ChecklistLineShape)
    def partial_update(self, request: Request, number: int, line: int) -> HttpResponse:
        """Tick it off, or say that it was not done after all."""
        self.to_work(number)
        said = self.said(ChecklistLineChange)
        with transaction.atomic():
            self.to_change(number, shape=ChecklistLineShape, find=lambda _number: self._line(number, line))
            ticked = checklists.tick(self._line(number, line), done=said["done"], actor=self.person, now=clock.now())
        return self.shown(ticked, ChecklistLineShape)

    def _line(self, number: int, line: int) -> ChecklistItem:
        found = ChecklistItem.objects.select_related("done_by").filter(ticket=number, pk=line).first()
        if found is None:
            raise NotFound
        return found


class VendorCaseResource(TicketRows):
    serializer_class = VendorCaseShape

    def list(self, request: Request, number: int) -> Response:
        """The vendors that have or had it, the newest first."""
        return self.listed(self.to_read(number).vendor_cases.select_related("vendor"), VendorCaseShape)

    @extend_schema(request=NewVendorCase, responses={201: VendorCaseShape})
    def create(self, request: Request, number: int) -> HttpResponse:
        """Hand it to a vendor: it waits, and they are chased in their hours. The same vendor again takes the new number."""
        found, said = self.to_work(number), self.said(NewVendorCase)
        return self.shown(vendors.hand_over(found, **said, actor=self.person, now=clock.now()), VendorCaseShape, 201)


class WorkResource(TicketRows):
    serializer_class = WorkShape

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """Its category, the questions of that and their answers, and the time spent."""
        return self.shown(self.to_read(number), WorkShape)

    @extend_schema(request=WorkChange, responses=WorkShape)
    def partial_update(self, request: Request, number: int) -> HttpResponse:
        """Set its category, and answer questions of that."""
        self.to_work(number)
        said, told = self.said(WorkChange), {"actor": self.person, "now": clock.now()}
        with transaction.atomic():
            row = self.to_change(number, shape=WorkShape)
            self._sorted(row, said, told)
        return self.shown(self.find(number), WorkShape)

    def _sorted(self, row: Ticket, said: dict[str, Any], told: dict[str, Any]) -> None:
        if "category" in said:
            row = categories.set_category(row, said["category"], **told)
        if "answers" in said:
            answers = answered(fields.of(row.category), said["answers"], before=row.fields, when=None)
            categories.set_fields(row, answers, **told)


class SimilarResource(TicketRows):
    serializer_class = SimilarsShape

    def retrieve(self, request: Request, number: int) -> HttpResponse:
        """The tickets most alike, with the reasons."""
        return self._shown(self.to_read(number))

    @extend_schema(request=SimilarWord, responses=SimilarsShape)
    def judge(self, request: Request, number: int) -> HttpResponse:
        """Say that another is similar or not: what is not is no longer shown. Of itself nothing is kept."""
        found, said = self.to_work(number), self.said(SimilarWord)
        if said["ticket"] != found:
            similar.vote(found, said["ticket"], is_similar=said["similar"], person=self.person, now=clock.now())
        return self._shown(found)

    def _shown(self, found: Ticket) -> HttpResponse:
        return self.shown({"results": similar.of(found, reader=self.person)}, SimilarsShape)
