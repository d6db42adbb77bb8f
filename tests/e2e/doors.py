"""The doors by which a test moves the world. JSON in, JSON out; a mistake is answered with a sentence."""

from __future__ import annotations

import functools
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import RequestFactory
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from incidents.views import calls, replies
from monitoring.models import Check
from notifications.channels.twilio_line import voice_url
from notifications.models import Message
from servicedesk import clock, problem
from tests.e2e import durations, pristine, provider
from tests.e2e.world import world
from tests.fakes.expecting import links
from tests.fakes.twilio_call import Talk
from tests.fakes.twilio_records import said, signature

Door = Callable[[dict[str, Any]], HttpResponse]
NO_SUCH_CHECK = "There is no check of this name. Use smtp-01 or fs-02."
STATES = {"down": "critical", "up": "ok"}
NOT_RINGING = "No telephone of this number rings."
MOST = 500


class Wrong(ValueError):
    """What was asked cannot be done; the message says why."""


def posted(door: Door) -> Callable[[HttpRequest], HttpResponse]:
    """A door that takes a JSON object by POST."""

    @csrf_exempt
    @login_not_required
    @functools.wraps(door)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return problem.answer(405, "Use POST.", headers={"Allow": "POST"})
        try:
            asked = json.loads(request.body or b"{}")
            if not isinstance(asked, dict):
                return problem.answer(400, "Send a JSON object.")
            with world.gate:
                return door(asked)
        except ValueError as error:  # JSON that cannot be read is one too
            return problem.answer(400, str(error))

    return answer


@posted
def reset(_asked: dict[str, Any]) -> HttpResponse:
    """The world as it was seeded."""
    pristine.restore()
    world.begin(pristine.BEGINS)
    return HttpResponse(status=204)


@posted
def move_clock(asked: dict[str, Any]) -> HttpResponse:
    now = clock.now()
    if set(asked) == {"advance"}:
        target = now + durations.span(str(asked["advance"]))
    elif set(asked) == {"to"}:
        target = durations.moment(str(asked["to"]))
    else:
        raise Wrong('Send {"advance": "18h12m"} or {"to": "2026-11-24T03:12:00+01:00"}.')
    if target < now.replace(microsecond=0):
        raise Wrong(f"It is {durations.stamp(now)} already; time does not run backwards. Reset the world first.")
    world.move_to(target)
    return JsonResponse({"now": durations.stamp(target)})


@csrf_exempt
@login_not_required
def outbox(request: HttpRequest) -> HttpResponse:
    """Every message in every state, unmasked, oldest first."""
    to, since = request.GET.get("to", ""), request.GET.get("since", "")
    rows = Message.objects.select_related("person").order_by("pk")
    if to:
        rows = rows.filter(Q(person__username=to.lower()) | Q(to__iexact=to))
    if since.isdecimal():
        rows = rows.filter(pk__gt=int(since))
    return JsonResponse({"results": [told(message) for message in rows[:MOST]]})


def told(message: Message) -> dict[str, Any]:
    """The Message of the API, and what a test reads in the letter itself."""
    times = ("due_at", "sent_at", "delivered_at", "seen_at", "acted_at")
    return {
        "id": message.pk,
        "thread": message.thread,
        "channel": message.channel,
        "person": message.person.username if message.person else None,
        "to": message.to,
        "text": message.text,
        "state": message.state,
        "reason": message.reason,
        "attempts": message.attempts,
        **{name: durations.stamp(getattr(message, name)) for name in times},
        "subject": message.subject,
        "html": message.html,
        "links": list(dict.fromkeys(links(f"{message.text} {message.html}"))),
    }


@posted
def behave(asked: dict[str, Any]) -> HttpResponse:
    """How each channel behaves from now on; those not named stay as they are."""
    for channel, verb in asked.items():
        if channel not in provider.KINDS or verb not in provider.VERBS:
            raise Wrong(f"{channel}: {verb} is not known. Channels: {', '.join(provider.KINDS)}; verbs: {', '.join(provider.VERBS)}.")
    provider.exchange.verbs.update(asked)
    return HttpResponse(status=204)


@posted
def check(asked: dict[str, Any]) -> HttpResponse:
    """One result now, repeated every minute."""
    slug, state = asked.get("id"), asked.get("state")
    if state not in STATES:
        raise Wrong('"state" is "down" or "up".')
    if not Check.objects.filter(slug=slug, kind=Check.Kind.PUSH).exists():
        return problem.answer(404, NO_SUCH_CHECK)
    world.report(str(slug), STATES[state], clock.now())
    return HttpResponse(status=204)


@posted
def reply(asked: dict[str, Any]) -> HttpResponse:
    """A text message from a telephone, by the product's own door, signed as Twilio signs."""
    if not asked.get("from") or "text" not in asked:
        raise Wrong('Send {"from": "+33600000001", "text": "A214"}.')
    sid = "SM" + secrets.token_hex(16)
    fields = {"MessageSid": sid, "From": str(asked["from"]), "To": settings.TWILIO_FROM, "Body": str(asked["text"])}
    answer = sent_by_twilio(replies.sms, reverse("twilio_sms"), fields)
    if answer.status_code != 200:
        return problem.answer(502, f"The desk answered {answer.status_code} to the message.")
    return JsonResponse({"answer": said(answer.content.decode())})


@posted
def call(asked: dict[str, Any]) -> HttpResponse:
    """Take the call that rings there and press these keys, none of them as voicemail does; everything that was said."""
    if not asked.get("to") or "keys" not in asked:
        raise Wrong('Send {"to": "+33600000001", "keys": "4"}; "keys" may be empty: voicemail.')
    ringing = provider.exchange.pick_up(str(asked["to"]))
    if ringing is None:
        return problem.answer(404, NOT_RINGING)
    fields = {"CallSid": ringing.provider_id, "From": settings.TWILIO_FROM, "To": ringing.to}

    def ask(url: str, more: Mapping[str, str]) -> str:
        path = url.removeprefix(settings.SITE_URL)
        answer = sent_by_twilio(functools.partial(calls.voice, token=ringing.token), path, {**fields, **more})
        if answer.status_code != 200:
            raise Wrong(f"The desk answered {answer.status_code} to the call.")
        return answer.content.decode()

    talk = Talk(voice_url(ringing.token), ask=ask, report=lambda status: ringing.report(status, clock.now()))
    for key in str(asked["keys"]):
        if not talk.is_over:
            talk.press(key)
    talk.silence()
    return JsonResponse({"said": talk.said})


def sent_by_twilio(view: Callable[[HttpRequest], HttpResponse], path: str, fields: Mapping[str, str]) -> HttpResponse:
    """The answer of one of the product's own doors to a form signed as Twilio signs."""
    form = {**fields, "AccountSid": settings.TWILIO_ACCOUNT_SID}
    signed = signature(f"{settings.SITE_URL}{path}", form, settings.TWILIO_AUTH_TOKEN)
    kind = "application/x-www-form-urlencoded"
    return view(RequestFactory().post(path, urlencode(form), content_type=kind, headers={"X-Twilio-Signature": signed}))
