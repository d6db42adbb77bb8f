"""Calls that somebody picks up, and the keys they press: /hooks/twilio/voice/<token>/."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from incidents import escalation
from notifications import calls, drilled, webhooks
from servicedesk import clock, problem


@csrf_exempt  # Twilio's signature stands for the token
@login_not_required
@require_POST
def voice(request: HttpRequest, token: str) -> HttpResponse:
    if not webhooks.twilio_request_is_genuine(request, needs=("CallSid", "CallStatus")):
        return problem.answer(403, _("This request does not bear Twilio's signature."))
    said = webhooks.twilio_fields(request)
    now = clock.now()
    with transaction.atomic():  # the key and what it did are kept together, or neither
        call = calls.heard(token, said, turn=request.GET.get("turn", ""), wrong=request.GET.get("wrong", ""), now=now)
        answer = "" if call is None else (drilled.pressed if call.drill else escalation.pressed)(call, now=now)
    return HttpResponse(calls.speak(call, answer), content_type="text/xml")
