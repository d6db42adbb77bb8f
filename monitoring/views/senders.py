"""`POST /in/<sender>/`: the webhooks of other programs, each in its own form."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from monitoring import access, bodies, intake, signatures
from monitoring.models import Source
from monitoring.sources.posts import Post
from monitoring.sources.speakers import SPEAKERS, Read
from monitoring.views.doors import errors_as_problems
from servicedesk import clock, problem


def heard(request: HttpRequest, source: Source, read: Read, *, body: bytes | None = None) -> intake.Taken:
    """Keep the body of this request, read it as this sender means it, judge it."""
    now = clock.now()
    body = bodies.read(request, most=settings.INGEST_MAX_BYTES) if body is None else body
    form = (request.content_type or "").lower()
    query = {name: str(request.GET[name]) for name in list(request.GET)[:50]}
    post = Post(body, now, form=form, headers=request.headers, query=query, words=source.severity_map, paths=source.mapping)
    return intake.take(source, body, lambda: read(post), content_type=form, now=now)


class Door(View):
    """What every door has: no session, no form token, and errors as problems."""

    http_method_names = ["post"]

    @method_decorator([csrf_exempt, login_not_required, errors_as_problems])
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]


class Sender(Door):
    """POST /in/<sender>/, with the token in a header or in the path."""

    def post(self, request: HttpRequest, sender: str, token: str = "", kind: str = "") -> HttpResponse:
        read = SPEAKERS.get(sender)
        if read is None:
            return problem.answer(404, f"There is no door for {sender}.")
        now = clock.now()
        source = access.source_for(request, door=sender, now=now, token=token)
        body = bodies.read(request, most=settings.INGEST_MAX_BYTES)
        if signatures.check(source, body, request.headers, now=now):
            kept = bodies.keep(source, body, content_type=(request.content_type or "").lower(), now=now)
            return JsonResponse({"accepted": 0, "duplicates": 0, "raw_id": str(kept.pk)})
        taken = heard(request, source, read, body=body)
        return JsonResponse({"accepted": taken.accepted, "duplicates": taken.duplicates, "raw_id": str(taken.raw_id)})
