"""What every resource of a ticket begins with: the rows the speaker may see, and who reads and changes what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, PermissionDenied, Throttled, ValidationError

from incidents import access, readers, tickets
from incidents.api.refusals import REFUSALS
from incidents.api.ticket_shapes import TicketShape
from incidents.merging import CannotJoin
from incidents.models import Incident, Ticket
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import TicketQuerySet
from servicedesk import clock
from servicedesk.api.problems import Conflict
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Shape

MOST_NAMED = 25
PARTS = ("requester__site", "reported_by", "assignee", "team", "service")


class TicketRows(Resource):
    areas = ("tickets",)
    refusals = REFUSALS
    serializer_class: type[Shape] = TicketShape

    def tickets(self) -> TicketQuerySet:
        """With all that their JSON shows; an incident the speaker may not see is none."""
        return self.with_parts(TicketQuerySet(Ticket).visible_to(self.person))

    def rows(self) -> Any:
        return self.tickets()

    def with_parts(self, rows: Any) -> TicketQuerySet:
        seen = Prefetch("incident", IncidentQuerySet(Incident).visible_to(self.person).only("pk"))
        shown: TicketQuerySet = rows.select_related(*PARTS).prefetch_related(seen)
        return shown

    def to_read(self, number: int) -> Ticket:
        """The ticket as the desk reads it; of a confidential one that is written down. Raises Http404, PermissionDenied."""
        found = access.staff_ticket(self.person, number)
        readers.opened(found, by=self.person, now=clock.now())
        return found

    def find_ticket(self, number: int) -> Ticket:
        """Raises NotFound."""
        found = self.tickets().filter(pk=number).first()
        if found is None:
            raise NotFound
        return found

    def to_work(self, number: int) -> Ticket:
        """The ticket, for somebody who works it. Raises NotFound, PermissionDenied."""
        found = self.find_ticket(number)
        if not (self.person.is_agent or self.person.is_manager):
            raise PermissionDenied(_("Only agents and managers change tickets."))
        return found

    def to_change(self, number: int, *others: Ticket, shape: type[Shape] = TicketShape, find: Callable[[int], Any] | None = None) -> Ticket:
        """The ticket to work, its row held, and before it those of `others` with lower numbers. Call inside a transaction.

        `shape`, `find`: of the part whose tag If-Match names, where it is not the ticket's own. Raises NotFound, PermissionDenied, Changed.
        """
        found = self.to_work(number)
        held = Ticket.objects.select_for_update().filter(pk__in=[found.pk, *(other.pk for other in others)]).order_by("pk")
        row = next(row for row in held if row.pk == found.pk)
        self.refuse_changed(number, shape, find or self.find_ticket)
        return row

    def refuse_machine(self) -> None:
        """Raises Conflict for a program: it cannot have a ticket."""
        if self.person.is_machine:
            raise Conflict(_("A token cannot have a ticket: a person must. Name an assignee first."))

    def refuse_flood(self) -> None:
        """Of a person as of their forms; programs have a limit of their own. Raises Throttled."""
        if not self.person.is_machine and tickets.is_flood(self.person, key=None, now=clock.now()):
            raise Throttled(tickets.FLOOD_IN.total_seconds())

    def refuse_parted(self, ticket: Ticket) -> None:
        """Raises Conflict where it has open children: they are solved together with it, or not at all."""
        if numbers := [f"T-{number}" for number in ticket.children.open().order_by("pk").values_list("pk", flat=True)[:MOST_NAMED]]:
            said = _("Tickets that are part of it are open: %(numbers)s. Solve it with “children” and a text for all of them.")
            raise Conflict(said % {"numbers": ", ".join(numbers)})


@contextmanager
def joining(field: str) -> Iterator[None]:
    """What tickets refuse to be joined is what is wrong with this field."""
    try:
        yield
    except CannotJoin as error:
        raise ValidationError({field: [str(error)]}, code="refused") from error
