"""The doors: what watches a company's systems speaks here. Errors are problem+json; 2xx only after commit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from monitoring import access, bodies, heartbeats, intake, signatures
from monitoring.models import Check, Source
from monitoring.normal import Unreadable
from servicedesk import clock, problem

JSON = ("application/json", "text/json", "")
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")

Answer = Callable[..., HttpResponseBase]


def errors_as_problems(view: Answer) -> Answer:
    """What can go wrong at a door, said so that the sender can mend it."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(*args, **kwargs)
        except access.NotAllowed as error:
            return problem.answer(error.status, error.detail, headers={"WWW-Authenticate": "Bearer"} if error.status == 401 else None)
        except bodies.TooLarge:
            return problem.answer(
                413, f"At most {intake.MOST_ITEMS} items and {settings.INGEST_MAX_BYTES // 2**20} MiB unpacked. Send it in parts."
            )
        except Unreadable as error:
            return _unreadable(error)
        except (intake.TooManyNew, heartbeats.TooMany) as error:
            return problem.answer(429, str(error), headers={"Retry-After": "3600"})
        except (OperationalError, signatures.CannotAsk) as error:
            return _later(error)

    return guarded


def _later(error: Exception) -> HttpResponse:
    """Somebody who is needed does not answer now."""
    if isinstance(error, signatures.CannotAsk):
        return problem.answer(503, f"The signature could not be looked at: {error}. Send it again.", headers={"Retry-After": "60"})
    return problem.answer(503, "The database does not answer. Send it again.", headers={"Retry-After": "10"})


def _unreadable(error: Unreadable) -> HttpResponse:
    count = len(error.wrong)
    status = 413 if error.wrong[0].code == "too_many" else 400
    detail = "1 field is wrong." if count == 1 else f"{count} fields are wrong."
    return problem.answer(status, detail, [{"field": w.field, "code": w.code, "message": w.message} for w in error.wrong])


@method_decorator([csrf_exempt, login_not_required, errors_as_problems], name="dispatch")
class Results(View):
    """POST /in/results/: our own format."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, token: str = "") -> HttpResponse:
        now = clock.now()
        source = access.source_for(request, door="results", now=now, token=token)
        form = (request.content_type or "").lower()
        if form not in JSON + LINES:
            return problem.answer(415, "Send application/json or application/x-ndjson.")
        body = bodies.read(request, most=settings.INGEST_MAX_BYTES)
        taken = intake.take_results(source, body, lines=form in LINES, content_type=form, now=now)
        return JsonResponse({"accepted": taken.accepted, "duplicates": taken.duplicates, "raw_id": str(taken.raw_id)})


@method_decorator([csrf_exempt, login_not_required, errors_as_problems], name="dispatch")
class Ping(View):
    """GET, HEAD or POST /ping/<uuid>, /start, /fail, /log, /<exit code>: any Healthchecks client."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD", "POST"):
            return self.http_method_not_allowed(request)
        return self.ping(request, **kwargs)

    def ping(self, request: HttpRequest, uuid: UUID, signal: str = "success") -> HttpResponse:
        return _pinged(request, Check.objects.filter(ping_id=uuid), signal)


class KeyedPing(Ping):
    """GET, HEAD or POST /ping/<ping key>/<name>, /start, …: the heartbeat of this name, of the source with this key.

    With `?create=1` one that is not there is made, as Healthchecks does: daily, an hour of grace.
    """

    def ping(self, request: HttpRequest, key: str, slug: str, signal: str = "success") -> HttpResponse:  # type: ignore[override]
        source = Source.objects.filter(ping_key=key, is_active=True).first() if key else None
        if source is None:
            return _pinged(request, Check.objects.none(), signal)
        is_new = request.GET.get("create") == "1" and heartbeats.is_signal(signal) and heartbeats.made(source, slug, now=clock.now())
        answer = _pinged(request, Check.objects.filter(source=source, slug=slug, kind=Check.Kind.HEARTBEAT), signal)
        if is_new and answer.status_code == 200:
            return HttpResponse("Created", status=201, content_type="text/plain")
        return answer


def _pinged(request: HttpRequest, checks: QuerySet[Check], signal: str) -> HttpResponse:
    check = checks.select_related("source").first()
    if check is None or not heartbeats.is_signal(signal):
        return HttpResponse("not found", status=404, content_type="text/plain")
    body = bodies.read_start(request, most=heartbeats.MOST_BODY)
    heartbeats.ping(check, signal, body=body, now=clock.now())
    return HttpResponse("OK", content_type="text/plain")
