"""Words that come back from a phone: /hooks/twilio/sms/."""

from __future__ import annotations

from xml.sax.saxutils import escape

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from incidents import escalation
from notifications import drilled, inbound, webhooks
from servicedesk import clock

TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response>{}</Response>'


@csrf_exempt  # Twilio's signature stands for the token
@login_not_required
@require_POST
def sms(request: HttpRequest) -> HttpResponse:
    if not webhooks.twilio_request_is_genuine(request):
        return HttpResponse("not signed by Twilio for this desk", status=403, content_type="text/plain")
    said = webhooks.twilio_fields(request)
    now = clock.now()
    with transaction.atomic():  # what was read and what it did are kept together, or neither
        reply = inbound.read_sms(
            said["From"], said["Body"], provider_id=said["MessageSid"], opt_out_type=said.get("OptOutType", ""), now=now
        )
        answer = None if reply is None else drilled.replied(reply, now=now) if reply.drill else escalation.answer(reply, now=now)
    body = f"<Message>{escape(answer)}</Message>" if answer else ""
    return HttpResponse(TWIML.format(body), content_type="text/xml")
