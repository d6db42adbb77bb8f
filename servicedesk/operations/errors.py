"""What a visitor sees when a page fails: plain words, and a number that is found again in the log."""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from servicedesk import problem

SHORT = 20  # characters: what is longer was typed, and is shown to be copied
MARK = "csrfmiddlewaretoken"

logger = logging.getLogger(__name__)


def page_failed(request: HttpRequest) -> HttpResponse:
    """The handler of 500. Asks neither session nor database, which may be the fault."""
    error_id = secrets.token_hex(4)
    logger.error("The page above failed with number %s", error_id)
    if request.path.startswith("/api/"):
        return problem.answer(500, _("This failed on our side. Tell an administrator this number: %(number)s.") % {"number": error_id})
    return HttpResponse(render_to_string("500.html", {"error_id": error_id, "frame": {"name": _("Servicedesk")}}), status=500)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token. What a person typed on this desk's own page is kept, and can be sent again.

    A form that another site made is never offered again: pressing the button would do what that site wants.
    """
    typed = _typed(request) if _is_own_page(request) else []
    context = {"typed": typed, "words": [value for _name, value in typed if len(value) > SHORT], "had_files": bool(request.FILES)}
    return render(request, "403_csrf.html", context, status=403)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields as sent; of a form with a password none."""
    if any("password" in name for name in request.POST):
        return []
    return [(name, value) for name, values in request.POST.lists() if name != MARK for value in values if isinstance(value, str)]


def _is_own_page(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this desk sent it."""
    own = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    said = request.headers.get("Origin") or "/".join(request.headers.get("Referer", "").split("/")[:3])
    return said in own and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
