"""A file, to whoever may read the ticket it belongs to."""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp_replace
from django.http import FileResponse, Http404, HttpResponseBase
from django.views.decorators.http import require_safe

from incidents import access, attaching
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@csp_replace({"default-src": [NONE], "sandbox": True})  # type: ignore[arg-type]  # its hints know views without arguments only
@require_safe
def file(request: PersonRequest, number: int) -> HttpResponseBase:
    """Pictures and PDF open in the browser, everything else is saved; nothing in it runs."""
    found = access.file(request.user, number)
    try:
        content = attaching.opened(found, reader=request.user, now=clock.now()).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(content, as_attachment=not found.is_shown, filename=found.name, content_type=found.kind)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
