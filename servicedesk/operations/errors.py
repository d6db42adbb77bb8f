"""What a visitor sees when a page fails: plain words, and a number that is found again in the log."""

from __future__ import annotations

import logging
import secrets

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from servicedesk import problem

logger = logging.getLogger(__name__)


def page_failed(request: HttpRequest) -> HttpResponse:
    """The handler of 500. Asks neither session nor database, which may be the fault."""
    error_id = secrets.token_hex(4)
    logger.error("The page above failed with number %s", error_id)
    if request.path.startswith("/api/"):
        return problem.answer(500, _("This failed on our side. Tell an administrator this number: %(number)s.") % {"number": error_id})
    return HttpResponse(render_to_string("500.html", {"error_id": error_id, "frame": {"name": _("Servicedesk")}}), status=500)
