"""Search: a number leads to its page at once, words to what was found, by kind."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from incidents import finding
from incidents.models import Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.views import numbers
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role, User

PAGE = 25


@require_safe
@only(Role.AGENT, Role.MANAGER, Role.AUDITOR, Role.ADMIN)
def search(request: PersonRequest) -> HttpResponse:
    words, kind = request.GET.get("q", "").strip()[: finding.LONGEST], request.GET.get("in", "")
    if there := finding.jump(words, request.user):
        return redirect(there)
    named = request.GET.get("person", "")[:150]
    person = User.objects.filter(username=named).select_related("site").first() if named else None
    context = {
        "words": words,
        "kind": kind if kind in finding.KINDS else "",
        "groups": finding.find(words, reader=request.user, kind=kind if kind in finding.KINDS else ""),
        "person": person,
    }
    return render(request, "desk/search.html", context | (_theirs(request, person) if person else {}))


def _theirs(request: PersonRequest, person: User) -> dict[str, object]:
    """A person's tickets that the reader may see, newest first; the confidential ones are not told of."""
    rows = TicketQuerySet(Ticket).visible_to(request.user).filter(requester=person, is_confidential=False).order_by("-pk")
    if before := numbers.whole(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PAGE + 1])
    return {"tickets": page[:PAGE], "next": page[PAGE - 1].pk if len(page) > PAGE else None}
