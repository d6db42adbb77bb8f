from __future__ import annotations

from django.urls import path, register_converter

from incidents.api.attachments import AttachmentResource
from incidents.api.incidents import IncidentResource
from incidents.api.numbers import IncidentNumber, TicketNumber
from incidents.api.oncall import PolicyResource, ScheduleResource
from incidents.api.people import PersonResource, TeamResource
from incidents.api.reports import ReportResource
from incidents.api.reviews import PlanReviewResource
from incidents.api.rules import RuleResource
from incidents.api.silences import SilenceResource
from incidents.api.tickets import EntryResource, TicketResource
from incidents.api.updates import UpdateResource

register_converter(TicketNumber, "ticket_number")
register_converter(IncidentNumber, "incident_number")

TICKET, INCIDENT = "tickets/<ticket_number:number>/", "incidents/<incident_number:number>/"
urlpatterns = [
    path("tickets/", TicketResource.as_view({"get": "list", "post": "create"}), name="api_tickets"),
    path(TICKET, TicketResource.as_view({"get": "retrieve", "patch": "partial_update"}), name="api_ticket"),
    path(f"{TICKET}entries/", EntryResource.as_view({"get": "list", "post": "create"}), name="api_ticket_entries"),
    path("attachments/", AttachmentResource.as_view({"get": "list", "post": "create"}), name="api_attachments"),
    path("attachments/<int:number>/", AttachmentResource.as_view({"get": "retrieve"}), name="api_attachment"),
    path("attachments/<int:number>/content/", AttachmentResource.as_view({"get": "content"}), name="api_attachment_content"),
    path("people/", PersonResource.as_view({"get": "list"}), name="api_people"),
    path("people/<str:username>/", PersonResource.as_view({"get": "retrieve"}), name="api_person"),
    path("teams/", TeamResource.as_view({"get": "list"}), name="api_teams"),
    path("teams/<slug:slug>/", TeamResource.as_view({"get": "retrieve"}), name="api_team"),
    path("incidents/", IncidentResource.as_view({"get": "list", "post": "create"}), name="api_incidents"),
    path(INCIDENT, IncidentResource.as_view({"get": "retrieve"}), name="api_incident"),
    path(f"{INCIDENT}acknowledge/", IncidentResource.as_view({"post": "acknowledge"}), name="api_acknowledge"),
    path(f"{INCIDENT}resolve/", IncidentResource.as_view({"post": "resolve"}), name="api_resolve"),
    path(f"{INCIDENT}updates/", UpdateResource.as_view({"get": "list", "post": "create"}), name="api_updates"),
    path(f"{INCIDENT}page/", IncidentResource.as_view({"post": "page_someone"}), name="api_page"),
    path("schedules/", ScheduleResource.as_view({"get": "list"}), name="api_schedules"),
    path("schedules/<slug:slug>/", ScheduleResource.as_view({"get": "retrieve"}), name="api_schedule"),
    path("schedules/<slug:slug>/on-call/", ScheduleResource.as_view({"get": "on_call"}), name="api_on_call"),
    path("policies/", PolicyResource.as_view({"get": "list"}), name="api_policies"),
    path("policies/<slug:slug>/", PolicyResource.as_view({"get": "retrieve"}), name="api_policy"),
    path("policies/<slug:slug>/who-would-be-paged/", PolicyResource.as_view({"get": "who"}), name="api_who_would_be_paged"),
    path("rules/", RuleResource.as_view({"get": "list"}), name="api_rules"),
    path("rules/<slug:key>/", RuleResource.as_view({"get": "retrieve"}), name="api_rule"),
    path("rules/<slug:key>/try/", RuleResource.as_view({"post": "try_on"}), name="api_try_rule"),
    path("rules/<slug:key>/backtest/", RuleResource.as_view({"get": "last_backtest", "post": "backtest"}), name="api_rule_backtest"),
    path("silences/", SilenceResource.as_view({"get": "list", "post": "create"}), name="api_silences"),
    path("silences/<int:number>/", SilenceResource.as_view({"get": "retrieve"}), name="api_silence"),
    path("silences/<int:number>/end/", SilenceResource.as_view({"post": "end"}), name="api_end_silence"),
    path("plan-reviews/", PlanReviewResource.as_view({"get": "list"}), name="api_plan_reviews"),
    path("plan-reviews/<slug:slug>/", PlanReviewResource.as_view({"get": "retrieve"}), name="api_plan_review"),
    path("reports/<slug:name>/", ReportResource.as_view({"get": "retrieve"}), name="api_report"),
]
