"""Prometheus, pointed at us as its Alertmanager."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View

from monitoring import access
from monitoring.sources import alertmanager
from monitoring.views.senders import Door, heard
from servicedesk import clock


class Alerts(Door):
    """POST /api/v2/alerts: bearer or basic token; 200 without words, as an Alertmanager answers."""

    def post(self, request: HttpRequest) -> HttpResponse:
        source = access.source_for(request, door="alertmanager", now=clock.now(), also=("prometheus",))
        heard(request, source, alertmanager.read_api)
        return HttpResponse(status=200)


@method_decorator(login_not_required, name="dispatch")
class Status(View):
    """GET /api/v2/status: what tools ask an Alertmanager before they speak to it."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"cluster": {"status": "disabled", "peers": []}, "config": {"original": ""}, "versionInfo": {}, "uptime": ""})


@method_decorator(login_not_required, name="dispatch")
class Ready(View):
    """GET /-/ready."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("OK", content_type="text/plain")
