"""The ticket before or after one, in the queue one came from; and where one goes on after sending."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents import access
from incidents.models import Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.views import queue, queue_asked
from incidents.views.queue_asked import Asked
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import User


@require_safe
def beside(request: PersonRequest, number: int) -> HttpResponse:
    """`?to=next` or previous, of the view this browser looked at last; without one of all open tickets."""
    found, asked = access.staff_ticket(request.user, number), came_from(request)
    rows = asked.narrow(queue.visible_to(request.user), request.user).exclude(pk=found.pk)
    is_next = request.GET.get("to") != "previous"
    other = _neighbour(rows, found, asked.sort, is_next=is_next)
    if other is None:
        messages.info(request, _("That was the last one of the view.") if is_next else _("That is the first one of the view."))
        return redirect(reverse("queue") + f"?{asked.query}")
    return redirect("ticket", other.pk)


def came_from(request: PersonRequest) -> Asked:
    return queue_asked.read(QueryDict(request.COOKIES.get(queue.CAME_FROM, "")[:500]))


def has_view(request: PersonRequest) -> Asked | None:
    """The view this browser looked at last, if it did."""
    return came_from(request) if queue.CAME_FROM in request.COOKIES else None


def _neighbour(rows: TicketQuerySet, found: Ticket, sort: str, *, is_next: bool) -> Ticket | None:
    if sort != "clock":
        later = is_next == (sort == "oldest")
        side = rows.filter(pk__gt=found.pk).order_by("pk") if later else rows.filter(pk__lt=found.pk).order_by("-pk")
        return side.first()
    return _by_clock(rows, found, is_next=is_next)


def _by_clock(rows: TicketQuerySet, found: Ticket, *, is_next: bool) -> Ticket | None:
    ordered: Any = TicketQuerySet(Ticket).filter(pk=found.pk).by_clock()
    due_at: datetime | None = ordered.values_list("due_at", flat=True).first()
    timed: Any = rows.by_clock()
    side = timed.beyond(due_at, found.pk) if is_next else timed.ahead_of(due_at, found.pk)
    other = side.first()
    if other is None and is_next == (due_at is not None):
        other = (timed.untimed() if is_next else timed.timed().reverse()).first()
    return cast("Ticket | None", other)


def way_on(request: PersonRequest) -> str:
    """Where this person goes after sending: as chosen with it, else as last time."""
    chosen = request.POST.get("after", "")
    return chosen if chosen in User.AfterSending.values else request.user.after_sending


def there(request: PersonRequest, found: Ticket) -> str:
    """Where one is led after sending."""
    here = reverse("ticket", args=[found.pk])
    if way_on(request) == "next":
        return reverse("ticket_beside", args=[found.pk]) + "?to=next"
    return reverse("queue") + f"?{came_from(request).query}" if way_on(request) == "list" else here


def remember(request: PersonRequest) -> None:
    """The way on that was chosen is this person's from now on, on any device."""
    if request.user.after_sending != (chosen := way_on(request)):
        request.user.after_sending = chosen
        request.user.save(update_fields=["after_sending"])
