"""A ticket on paper: for whoever asked what they read, for staff all of it with the notes marked."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from incidents.models import Entry, Ticket
from incidents.models.tickets import EntryQuerySet
from incidents.views import requester
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


def of_requester(request: PersonRequest, found: Ticket) -> HttpResponse:
    """What the requester's page shows, and no more."""
    now = clock.now()
    whole = [found.pk, *Ticket.objects.own(request.user).filter(merged_into=found).values_list("pk", flat=True)]
    said = EntryQuerySet(Entry).filter(ticket__in=whole).public(now)
    return _page(request, found, said, seen=requester.Seen(found, now))


def of_staff(request: PersonRequest, found: Ticket) -> HttpResponse:
    whole = [found.pk, *found.merged.values_list("pk", flat=True)]
    return _page(request, found, EntryQuerySet(Entry).filter(ticket__in=whole), for_staff=True)


def _page(request: PersonRequest, found: Ticket, said: EntryQuerySet, **more: object) -> HttpResponse:
    entries = said.select_related("author").prefetch_related("files").order_by("at", "id")
    context = {"ticket": found, "entries": entries, "files": found.files.filter(entry=None), "now": clock.now(), **more}
    return render(request, "desk/print.html", context)
