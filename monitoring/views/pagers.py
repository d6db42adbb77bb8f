"""The addresses of PagerDuty's Events API and Opsgenie's Alert API, for whoever speaks to them already."""

from __future__ import annotations

import functools
import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from incidents import mirror
from monitoring import access, bodies, heartbeats
from monitoring.models import Check, Source
from monitoring.normal import Unreadable
from monitoring.sources import fields, oldpagers, opsgenie, pagerduty
from monitoring.sources.posts import Post
from monitoring.sources.speakers import Read
from monitoring.views.senders import Door, heard
from servicedesk import clock


class Events(Door):
    """POST /v2/enqueue, /v2/change/enqueue and /generic/2010-04-15/create_event.json; the source's token is the key."""

    read: Read = staticmethod(pagerduty.read)
    token_name, key_name, status = "routing_key", "dedup_key", 202

    def post(self, request: HttpRequest) -> HttpResponse:
        body = bodies.read(request, most=settings.INGEST_MAX_BYTES)
        try:
            given = Post(body, clock.now()).json()
            token = fields.text(given, self.token_name)
            source = access.source_for(request, door="pagerduty", now=clock.now(), token=token)
            heard(request, source, self.read, body=body)
        except Unreadable as error:
            return self._refused([wrong.message for wrong in error.wrong])
        said: dict[str, Any] = {"status": "success", "message": "Event processed", self.key_name: pagerduty.key_of(given)}
        return JsonResponse(said, status=self.status)

    def _refused(self, errors: list[str]) -> HttpResponse:
        return JsonResponse({"status": "invalid event", "message": "Event object is invalid", "errors": errors}, status=400)


class EventsV1(Events):
    read: Read = staticmethod(pagerduty.read_v1)
    token_name, key_name, status = "service_key", "incident_key", 200


class Changes(Events):
    read: Read = staticmethod(pagerduty.read_change)


def _taken(raw_id: int, words: str = "Request will be processed") -> HttpResponse:
    request_id = str(uuid.UUID(int=raw_id))
    return JsonResponse({"result": words, "took": 0.001, "requestId": request_id}, status=202)


class OpsgenieAlerts(Door):
    """POST /v2/alerts, with Authorization: GenieKey <token>."""

    def post(self, request: HttpRequest) -> HttpResponse:
        source = access.source_for(request, door="opsgenie", now=clock.now())
        return _taken(heard(request, source, opsgenie.read).raw_id)


class OpsgenieDeed(Door):
    """POST /v2/alerts/<alias>/close?identifierType=alias; acknowledging there is kept and changes nothing here."""

    def post(self, request: HttpRequest, alias: str, deed: str) -> HttpResponse:
        source = access.source_for(request, door="opsgenie", now=clock.now())
        return _taken(heard(request, source, functools.partial(_done, alias, deed)).raw_id)


def _done(alias: str, deed: str, post: Post) -> list[Any]:
    said = fields.text(post.json(), "note") if post.body else ""
    return [opsgenie.closed(alias, said)] if deed == "close" else []


class Mirror(Door):
    """POST /in/mirror/: the outgoing webhooks of the pager that is still in use. They make no check, no alert and no incident."""

    def post(self, request: HttpRequest, token: str = "") -> HttpResponse:
        now = clock.now()
        source = access.source_for(request, door="mirror", now=now, token=token)
        body = bodies.read(request, most=settings.INGEST_MAX_BYTES)
        form = (request.content_type or "").lower()
        told, problem = _told(Post(body, now, form=form))
        kept = bodies.keep(source, body, content_type=form, items=len(told), problem=str(problem or ""), now=now)
        Source.objects.filter(pk=source.pk).update(last_heard_at=now)
        if problem is not None:
            raise problem
        for said in oldpagers.facts(told):
            mirror.heard(**said)
        return JsonResponse({"accepted": len(told), "duplicates": 0, "raw_id": str(kept.pk)})


def _told(post: Post) -> tuple[list[oldpagers.Told], Unreadable | None]:
    try:
        return oldpagers.read(post), None
    except Unreadable as error:
        return [], error


class OpsgenieHeartbeat(Door):
    """GET or POST /v2/heartbeats/<name>/ping: the heartbeat of this source with that name."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return self.post(request, name)

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        source = access.source_for(request, door="opsgenie", now=clock.now())
        check = Check.objects.filter(source=source, slug=name, kind=Check.Kind.HEARTBEAT).select_related("source").first()
        if check is None:
            return JsonResponse({"message": f"Heartbeat with name [{name}] does not exist", "took": 0.001}, status=404)
        heartbeats.ping(check, "success", body=b"", now=clock.now())
        return _taken(check.pk, "PONG - Heartbeat received")
