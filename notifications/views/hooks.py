"""Where providers report back. 2xx means taken; a repeat or something unknown is taken too, and changes nothing."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import delivery, webhooks
from servicedesk import clock, problem


@csrf_exempt
@login_not_required
@require_POST
def twilio_status(request: HttpRequest, token: str) -> HttpResponse:
    """Twilio's report on one message."""
    if not webhooks.twilio_request_is_genuine(request, needs=("MessageSid", "MessageStatus")):
        return problem.answer(403, _("This request does not bear Twilio's signature."))
    said = webhooks.twilio_fields(request)
    delivery.receipt(
        token,
        status=said["MessageStatus"],
        provider_id=said["MessageSid"],
        event_id=f"{said['MessageSid']}:{said['MessageStatus']}",
        code=said.get("ErrorCode", ""),
        raw=said,
        now=clock.now(),
    )
    return HttpResponse(status=204)
