"""Single results at the addresses of others: Icinga's process-check-result, Uptime Kuma's push, Gatus's external endpoints."""

from __future__ import annotations

import functools
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from monitoring import access, heartbeats
from monitoring.models import Check
from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, nagios
from monitoring.sources.posts import Post
from monitoring.views.senders import Door, heard
from servicedesk import clock


class CheckResult(Door):
    """POST /v1/actions/process-check-result: any user, and the source's token as password."""

    def post(self, request: HttpRequest) -> HttpResponse:
        source = access.source_for(request, door="icinga", now=clock.now())
        try:
            heard(request, source, nagios.read_result)
        except Unreadable as error:
            return JsonResponse({"error": 400, "status": str(error)}, status=400)
        return JsonResponse({"results": [{"code": 200, "status": "Successfully processed check result."}]})


class Push(Door):
    """GET or POST /api/push/<ping address>?status=up&msg=OK&ping=12: a heartbeat of ours, asked as Uptime Kuma is."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.post(request, token)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        address = _address(token)
        check = Check.objects.filter(ping_id=address).select_related("source").first() if address else None
        if check is None:
            return JsonResponse({"ok": False, "msg": "Monitor not found or not active."}, status=404)
        signal = "fail" if request.GET.get("status", "up").lower() == "down" else "success"
        heartbeats.ping(check, signal, body=request.GET.get("msg", "")[:1000].encode(errors="replace"), now=clock.now())
        return JsonResponse({"ok": True})


def _address(token: str) -> UUID | None:
    try:
        return UUID(token)
    except ValueError:
        return None


class External(Door):
    """POST /api/v1/endpoints/<key>/external?success=true&error=: an external endpoint of Gatus."""

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        source = access.source_for(request, door="gatus", now=clock.now())
        heard(request, source, functools.partial(_external, key))
        return HttpResponse(status=200)


def _external(key: str, post: Post) -> list[Signal]:
    success = post.query.get("success", "")
    if success not in ("true", "false"):
        raise Unreadable(Wrong("success", "unknown_value", "'success' is true or false."))
    return [fields.signal(key, "ok" if success == "true" else "critical", summary=post.query.get("error", "") or "ok")]
