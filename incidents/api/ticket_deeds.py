"""What is done with a ticket as a whole: the buttons of its head, merging, and what its requester says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request

from incidents import access, automation, confidences, conversation, families, feedback, merging, thanks, tickets
from incidents.api.deed_shapes import Answered, Confidential, FeedbackShape, MergeInto, Solution, Waits, Why, Worse
from incidents.api.incident_shapes import Nothing
from incidents.api.ticket_rows import TicketRows, joining
from incidents.api.ticket_shapes import TicketShape
from incidents.models import Satisfaction, Ticket
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock
from servicedesk.api.problems import Conflict
from servicedesk.api.shapes import Shape


class TicketDeeds(TicketRows):
    @extend_schema(request=Solution, responses=TicketShape)
    def solve(self, request: Request, number: int) -> HttpResponse:
        """Solved. Of staff `text` is written to the requester; who asked says by it that it works again. A repeat changes nothing."""
        if self.person.pk in self.find(number).asker_ids:
            return self._works_again(number, self.said(Solution))
        return self._done(number, Solution, self._solved)

    @extend_schema(request=Why, responses=TicketShape)
    def reopen(self, request: Request, number: int) -> HttpResponse:
        """Open again what was solved."""
        return self._done(number, Why, lambda row, **said: tickets.reopen(row, actor=self.person, **said))

    @extend_schema(request=Nothing, responses=TicketShape)
    def take_up(self, request: Request, number: int) -> HttpResponse:
        """Work on it: open, and the speaker's where it was nobody's."""
        return self._done(number, Nothing, self._taken_up)

    @extend_schema(request=Waits, responses=TicketShape)
    def wait(self, request: Request, number: int) -> HttpResponse:
        """It waits, and its clocks stand still."""
        return self._done(number, Waits, self._waits)

    @extend_schema(request=Nothing, responses=TicketShape)
    def only_thanks(self, request: Request, number: int) -> HttpResponse:
        """The requester's last word was only thanks: solved as before, uncounted and without mail."""
        return self._done(number, Nothing, lambda row, now: thanks.only_thanks(row, actor=self.person, now=now))

    @extend_schema(request=Confidential, responses=TicketShape)
    def confidential(self, request: Request, number: int) -> HttpResponse:
        """Staff make it confidential; an administrator who reads it makes it open again. A repeat changes nothing."""
        said = self.said(Confidential)
        if self.person.is_machine or not (said["confidential"] or self.person.is_admin):
            raise PermissionDenied(_("Staff close it, and an administrator who reads it opens it again; no program does either."))
        found = access.staff_ticket(self.person, number, to_change=said["confidential"])
        deed = confidences.close if said["confidential"] else confidences.reopen
        with transaction.atomic():
            self.refuse_changed(number, TicketShape)
            _reasoned(deed, found, reason=said["reason"], actor=self.person, now=clock.now())
        return self.shown(self.find(number), TicketShape)

    @extend_schema(request=MergeInto, responses=TicketShape)
    def merge(self, request: Request, number: int) -> HttpResponse:
        """It becomes part of another, which is answered; what is read here is read there."""
        self.to_work(number)
        into = self.said(MergeInto)["into"]
        with joining("into"), transaction.atomic():
            merging.merge(self.to_change(number, into), into=into, actor=self.person, now=clock.now())
        return self.shown(self.find(into.pk), TicketShape)

    @extend_schema(request=Nothing, responses=TicketShape)
    def unmerge(self, request: Request, number: int) -> HttpResponse:
        """As it was before it was merged. Not merged: unchanged."""
        into = self.to_work(number).merged_into
        self.said(Nothing)
        with transaction.atomic():
            merging.unmerge(self.to_change(number, *([into] if into else [])), actor=self.person, now=clock.now())
        return self.shown(self.find(number), TicketShape)

    @extend_schema(request=Worse, responses={201: TicketShape})
    def worse(self, request: Request, number: int) -> HttpResponse:
        """Its requester says that it got worse, with the two questions as they are now. The ticket it went to."""
        found, said = self._own(number), self.said(Worse)
        went = automation.got_worse(found, author=self.person, now=clock.now(), **said)
        return self.shown(self.with_parts(Ticket.objects.filter(pk=went.pk)).get(), TicketShape, 201)

    @extend_schema(responses=FeedbackShape)
    def feedback(self, request: Request, number: int) -> HttpResponse:
        """How the help was; null where nothing was said."""
        found = self.find(number)
        found = found if self._owns(found) else self.to_read(number)
        return self.shown(_said_of(found), FeedbackShape)

    @extend_schema(request=Answered, responses=FeedbackShape)
    def give_feedback(self, request: Request, number: int) -> HttpResponse:
        """Say how the help was, once it is solved; null takes the word back. Said already: unchanged."""
        found, said = self._own(number), self.said(Answered)
        if said["answer"] is None:
            feedback.take_back(found, person=self.person, now=clock.now())
        else:
            feedback.rate_help(found, said["answer"], person=self.person, now=clock.now())
        return self.shown(_said_of(found), FeedbackShape)

    def _done(self, number: int, shape: type[Shape], deed: Callable[..., object]) -> HttpResponse:
        """The deed on the held row, told what was said and when; the ticket as it is then."""
        self.to_work(number)
        said = self.said(shape)
        with transaction.atomic():
            deed(self.to_change(number), now=clock.now(), **said)
        return self.shown(self.find(number), TicketShape)

    def _waits(self, row: Ticket, **said: Any) -> None:
        try:
            tickets.wait(row, actor=self.person, **said)
        except tickets.DayNeeded as error:
            words = _("Choose a day after today, at most two years ahead.")
            raise ValidationError({"until": [words]}, code="refused") from error

    def _taken_up(self, row: Ticket, *, now: datetime) -> None:
        if row.assignee_id is None:
            self.refuse_machine()
        tickets.take_up(row, actor=self.person, now=now)

    def _solved(
        self, row: Ticket, *, text: str, reason: str, children: bool, confirmed: bool, last_seen: int | None, now: datetime
    ) -> None:
        """With its children where that is asked for. Raises NewerEntry, Conflict, ValidationError."""
        conversation.refuse_unread(row, self.person, last_seen)
        if not children:
            self.refuse_parted(row)
            tickets.solve(row, actor=self.person, now=now, text=text, because=reason)
            return
        if not text:
            raise ValidationError({"text": [_("Write something first")]}, code="required")
        count = len(families.preview(row).solves)
        if count > families.MANY and not confirmed:
            raise Conflict(_("%(n)d tickets would be solved and their requesters written to. Send “confirmed” to do so.") % {"n": count})
        families.solve(row, text=text, because=reason, actor=self.person, now=now)

    def _works_again(self, number: int, said: dict[str, Any]) -> HttpResponse:
        if wrong := [name for name in ("text", "children", "confirmed") if said[name]]:
            raise ValidationError({name: [_("Only the desk says this.")] for name in wrong}, code="out_of_place")
        with transaction.atomic():
            row = Ticket.objects.locked(number)
            self.refuse_changed(number, TicketShape)
            tickets.solve(row, actor=self.person, now=clock.now(), because=said["reason"])
        return self.shown(self.find(number), TicketShape)

    def _owns(self, found: Ticket) -> bool:
        return TicketQuerySet(Ticket).own(self.person).filter(pk=found.pk).exists()

    def _own(self, number: int) -> Ticket:
        """Of who asked for it or watches it. Raises NotFound, PermissionDenied."""
        found = self.find_ticket(number)
        if not self._owns(found):
            raise PermissionDenied(_("Only who asked for it says this."))
        return found


def _reasoned(deed: Callable[..., Ticket], found: Ticket, **said: Any) -> None:
    """Why it stays as it is, where it does, is what is wrong with the request."""
    try:
        deed(found, **said)
    except confidences.Refused as error:
        raise ValidationError({"confidential": [str(error)]}, code="refused") from error


def _said_of(found: Ticket) -> dict[str, Any]:
    row = Satisfaction.objects.select_related("person").filter(ticket=found).first()
    return {"answer": row.answer, "person": row.person, "at": row.at} if row else dict.fromkeys(("answer", "person", "at"))
