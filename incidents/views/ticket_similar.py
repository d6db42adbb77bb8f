"""Similar tickets of one, with their reasons: asked for by itself, so that the page need not wait."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from incidents import access, similar
from incidents.models.tickets import Ticket, TicketQuerySet
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_safe
def similar_tickets(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number)
    context = {
        "ticket": found,
        "similar": similar.of(found, reader=request.user),
        "known": similar.known(found),
        "may_work": request.user.is_agent or request.user.is_manager,
    }
    is_part = bool(request.headers.get("HX-Request"))
    page = render(request, "desk/similar.html" if is_part else "desk/similar_page.html", context)
    patch_vary_headers(page, ["HX-Request"])
    return page


@require_POST
def vote(request: PersonRequest, number: int) -> HttpResponse:
    """Similar or not, of another ticket this person may see."""
    found = access.staff_ticket(request.user, number, to_change=True)
    rows = TicketQuerySet(Ticket).visible_to(request.user)
    other = get_object_or_404(rows, pk=numbers.whole(request.POST.get("other", "")) or 0)
    if other != found:
        similar.vote(found, other, is_similar=request.POST.get("similar") == "1", person=request.user, now=clock.now())
    return redirect("ticket_similar", found.pk)
