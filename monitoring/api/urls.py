from __future__ import annotations

from django.urls import path

from monitoring.api.alerts import AlertResource
from monitoring.api.catalogue import ServiceResource
from monitoring.api.checks import CheckResource
from monitoring.api.results import ResultResource

urlpatterns = [
    path("services/", ServiceResource.as_view({"get": "list"}), name="api_services"),
    path("services/<slug:slug>/", ServiceResource.as_view({"get": "retrieve"}), name="api_service"),
    path("checks/", CheckResource.as_view({"get": "list", "post": "create"}), name="api_checks"),
    path("checks/<int:number>/", CheckResource.as_view({"get": "retrieve", "patch": "partial_update"}), name="api_check"),
    path("checks/<int:number>/pause/", CheckResource.as_view({"post": "pause"}), name="api_pause_check"),
    path("checks/<int:number>/resume/", CheckResource.as_view({"post": "resume"}), name="api_resume_check"),
    path("alerts/", AlertResource.as_view({"get": "list"}), name="api_alerts"),
    path("alerts/<int:number>/", AlertResource.as_view({"get": "retrieve"}), name="api_alert"),
    path("results/", ResultResource.as_view({"get": "list"}), name="api_results"),
]
