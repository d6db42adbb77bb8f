"""Mail that an e-mail service took for us and posts here (Anymail's inbound hooks). 200 only after it is kept."""

from __future__ import annotations

from email import policy
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.mail import posting
from servicedesk import clock, problem

ENDING = "InboundWebhookView"


@csrf_exempt
@login_not_required
@require_http_methods(["HEAD", "POST"])
def inbound(request: HttpRequest, service: str) -> HttpResponse:
    """`/anymail/<service>/inbound/`, with ANYMAIL_WEBHOOK_SECRET as user and password. HEAD: some services ask whether we are here."""
    made = _hook(service)
    if made is None or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return problem.answer(404, _("No such hook. ANYMAIL_WEBHOOK_SECRET must be set, and the service one that Anymail reads."))
    if request.method == "HEAD":
        return HttpResponse()
    hook = made()
    try:
        hook.run_validators(request)
        events = hook.parse_events(request)
    except AnymailWebhookValidationFailure:
        return problem.answer(403, _("This request does not bear our secret."))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return problem.answer(400, _("This is not what the service sends: %(why)s") % {"why": type(error).__name__})
    for event in events:
        _take(event)
    return HttpResponse()


def _hook(service: str) -> Any:
    """The class that reads this service's posts, if there is one."""
    name = f"anymail.webhooks.{service}"
    if service == "base" or find_spec(name) is None:
        return None
    module = import_module(name)
    found = [one for key, one in vars(module).items() if key.endswith(ENDING) and getattr(one, "__module__", "") == name]
    return found[0] if found else None


def _take(event: Any) -> None:
    message = event.message
    to = [one for one in (message.envelope_recipient,) if one]
    posting.receive(message.as_bytes(policy=policy.compat32), door="anymail", now=clock.now(), recipients=to)
