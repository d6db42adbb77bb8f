"""Where providers report back. 2xx means taken; a repeat or something unknown is taken too, and changes nothing."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import delivery, webhooks
from servicedesk import clock, problem

KINDS = ("Message", "Call")


@csrf_exempt
@login_not_required
@require_POST
def twilio_status(request: HttpRequest, token: str) -> HttpResponse:
    """Twilio's report on one message or one call."""
    signed = (kind for kind in KINDS if webhooks.twilio_request_is_genuine(request, needs=(f"{kind}Sid", f"{kind}Status")))
    kind = next(signed, None)
    if kind is None:
        return problem.answer(403, _("This request does not bear Twilio's signature."))
    said = webhooks.twilio_fields(request)
    sid, status = said[f"{kind}Sid"], said[f"{kind}Status"]
    delivery.receipt(
        token,
        status=status,
        provider_id=sid,
        event_id=f"{sid}:{status}",
        code=said.get("ErrorCode", ""),
        raw=said,
        now=clock.now(),
    )
    return HttpResponse(status=204)
