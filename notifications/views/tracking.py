"""Where e-mail services report back. Anymail reads each one's own words; who may report is said by ANYMAIL_WEBHOOK_SECRET.

Nobody is believed while that secret is not set. Of Mailgun its own signature is asked as well, of today: it has no date otherwise.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import tracking
from servicedesk import clock, problem

log = structlog.get_logger(__name__)

AGE = timedelta(minutes=5)
SOFT = re.compile(r"transient|soft|temporary|undetermined|quota", re.IGNORECASE)
UNREADABLE = (AnymailError, ImproperlyConfigured, ValueError, TypeError, KeyError, AttributeError, IndexError)
NUL = "\\u0000"  # PostgreSQL keeps no such character


class AmazonSes(AmazonSESTrackingWebhookView):  # type: ignore[misc]
    """Without Amazon's own library: a subscription is confirmed by hand, in the console."""

    def __init__(self, **kwargs: Any) -> None:
        AnymailBaseWebhookView.__init__(self, **kwargs)

    def auto_confirm_sns_subscription(self, sns_message: Mapping[str, Any]) -> None:
        log.warning("confirm this subscription of Amazon SNS in its console", topic=sns_message.get("TopicArn"))


class Mailgun(MailgunTrackingWebhookView):  # type: ignore[misc]
    def validate_request(self, request: HttpRequest) -> None:
        """A signature is good for five minutes; without that it is good for ever."""
        said = json.loads(request.body)["signature"] if request.content_type == "application/json" else request.POST
        sent = float(said["timestamp"])
        if abs(clock.wall().timestamp() - sent) > AGE.total_seconds():
            raise AnymailWebhookValidationFailure("too old")


SERVICES: dict[str, type[AnymailBaseWebhookView]] = {
    "amazon_ses": AmazonSes,
    "brevo": BrevoTrackingWebhookView,
    "mailgun": Mailgun,
    "mailjet": MailjetTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
}


@csrf_exempt
@login_not_required
@require_POST
def track(request: HttpRequest, service: str) -> HttpResponse:
    """One report, or a batch: taken whole before the answer, so that a repeat of it changes nothing."""
    if service not in SERVICES:
        raise Http404
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return problem.answer(403, _("No service is believed until ANYMAIL_WEBHOOK_SECRET is set."))
    try:
        view = SERVICES[service]()
        view.run_validators(request)
    except UNREADABLE:
        return _refused(request, service)
    try:
        reports = list(_reports(service, view.parse_events(request)))
    except UNREADABLE:
        return problem.answer(400, _("This is not a report of this service."))
    for report in reports:
        tracking.took(report, now=clock.now())
    return HttpResponse(status=204)


def _refused(request: HttpRequest, service: str) -> HttpResponse:
    """Amazon signs in only after it was asked to."""
    if service == "amazon_ses" and "Authorization" not in request.headers:
        return problem.answer(401, _("Sign in with ANYMAIL_WEBHOOK_SECRET."), headers={"WWW-Authenticate": 'Basic realm="reports"'})
    return problem.answer(403, _("This report does not bear our secret, or is too old."))


def _reports(service: str, events: Iterable[Any]) -> Iterable[tracking.Report]:
    for event in events:
        raw = json.loads(json.dumps(_plain(event.esp_event), default=str).replace(NUL, ""))
        words = " ".join(filter(None, [event.description, event.mta_response]))
        yield tracking.Report(
            provider=service,
            event_id=_event_id(event, raw),
            kind=event.event_type,
            number=str(event.message_id or ""),
            recipient=str(event.recipient or ""),
            why=event.reject_reason or "",
            words=words[:160],
            is_hard=not SOFT.search(f"{words} {raw.get('Type', '')}"),
            raw=raw,
        )


def _plain(said: Any) -> dict[str, Any]:
    if hasattr(said, "dict"):  # a form
        return {str(name): str(value) for name, value in said.dict().items()}
    return said if isinstance(said, dict) else {"said": said}


def _event_id(event: Any, raw: Mapping[str, Any]) -> str:
    """The service's own, with the address since a batch shares it; else a hash of all it said."""
    own = str(event.event_id or "")
    whole = own or hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
    return f"{event.event_type}:{whole[:64]}:{str(event.recipient or '')[:60].lower()}"
