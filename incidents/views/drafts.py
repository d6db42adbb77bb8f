"""Where a form is kept while somebody writes. The answer is the line shown beside the button."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, drafts
from incidents.models import Draft
from incidents.views.requester import clock_time
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def keep(request: PersonRequest, kind: str, number: int) -> HttpResponse:
    """Whoever may send that form may keep it; `number` is 0 for a report."""
    if kind not in Draft.Kind.values or (kind == Draft.Kind.NEW) != (number == 0):
        raise Http404
    if kind == Draft.Kind.ANSWER:
        access.own_ticket(request.user, number)
    elif kind != Draft.Kind.NEW:
        access.staff_ticket(request.user, number, to_change=True)
    now = clock.now()
    said = {name: str(value).replace("\0", "") for name, value in request.POST.items()}
    row = drafts.keep(request.user, kind, number, said, now=now, key=said.get("form_key", ""))
    return HttpResponse(_("Draft saved %(time)s") % {"time": clock_time(row.saved_at, now)} if row else "", content_type="text/plain")
