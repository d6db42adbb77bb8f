"""Where providers report back. 2xx means taken; a repeat or something unknown is taken too, and changes nothing."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import delivery, webhooks
from notifications.models import Attempt, Channel
from servicedesk import clock, problem

KINDS = ("Message", "Call")
BY_BROWSERS = ("delivered", "read")


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


@csrf_exempt  # the token in the address is the secret: only the browser it was encrypted for knows it
@login_not_required
@require_POST
def push_receipt(request: HttpRequest, token: str) -> HttpResponse:
    """A browser's word that it showed a message, or that it was pressed."""
    status = request.POST.get("status", "")
    attempt = Attempt.objects.filter(token=token, message__channel=Channel.PUSH).first()
    if attempt is not None and status in BY_BROWSERS:
        delivery.receipt(
            token,
            status=status,
            provider_id=f"push-{attempt.message_id}",
            event_id=f"{attempt.pk}:{status}",
            raw={"status": status},
            now=clock.now(),
            provider=Channel.PUSH,
        )
    return HttpResponse(status=204)
