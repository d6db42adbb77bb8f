from __future__ import annotations

from django.urls import path, register_converter

from incidents.api.articles import ArticleResource, ArticleVersionResource
from incidents.api.attachments import AttachmentResource
from incidents.api.bulk import BulkResource, NextResource, OutageResource
from incidents.api.desk import CannedResource, ScheduledResource, VendorResource, ViewResource
from incidents.api.incidents import IncidentResource
from incidents.api.levels import LevelResource
from incidents.api.mails import MailResource
from incidents.api.numbers import IncidentNumber, ProblemNumber, TicketNumber
from incidents.api.oncall import PolicyResource, ScheduleResource
from incidents.api.people import PersonResource, TeamResource
from incidents.api.problems import ProblemResource
from incidents.api.reports import ReportResource
from incidents.api.requests import ApprovalResource, RequestTypeResource
from incidents.api.reviews import PlanReviewResource
from incidents.api.rules import RuleResource
from incidents.api.search import SearchResource
from incidents.api.silences import SilenceResource
from incidents.api.ticket_deeds import TicketDeeds
from incidents.api.ticket_links import LinkResource
from incidents.api.ticket_work import (
    ChecklistResource,
    PromiseResource,
    SimilarResource,
    TimeResource,
    VendorCaseResource,
    WatcherResource,
    WorkResource,
)
from incidents.api.tickets import EntryResource, TicketResource
from incidents.api.updates import UpdateResource

register_converter(TicketNumber, "ticket_number")
register_converter(IncidentNumber, "incident_number")
register_converter(ProblemNumber, "problem_number")

TICKET, INCIDENT = "tickets/<ticket_number:number>/", "incidents/<incident_number:number>/"
urlpatterns = [
    path("tickets/", TicketResource.as_view({"get": "list", "post": "create"}), name="api_tickets"),
    path("tickets/bulk/", BulkResource.as_view({"post": "create"}), name="api_bulk"),
    path("tickets/bulk/<int:number>/undo/", BulkResource.as_view({"post": "undo"}), name="api_undo_bulk"),
    path("tickets/next/", NextResource.as_view({"post": "create"}), name="api_next_ticket"),
    path("tickets/outage/", OutageResource.as_view({"post": "create"}), name="api_outage"),
    path(TICKET, TicketResource.as_view({"get": "retrieve", "patch": "partial_update"}), name="api_ticket"),
    path(f"{TICKET}entries/", EntryResource.as_view({"get": "list", "post": "create"}), name="api_ticket_entries"),
    path(f"{TICKET}entries/<int:entry>/take-back/", EntryResource.as_view({"post": "take_back"}), name="api_take_back"),
    path(f"{TICKET}entries/<int:entry>/split/", EntryResource.as_view({"post": "split"}), name="api_split"),
    path(f"{TICKET}solve/", TicketDeeds.as_view({"post": "solve"}), name="api_solve"),
    path(f"{TICKET}reopen/", TicketDeeds.as_view({"post": "reopen"}), name="api_reopen"),
    path(f"{TICKET}take-up/", TicketDeeds.as_view({"post": "take_up"}), name="api_take_up"),
    path(f"{TICKET}wait/", TicketDeeds.as_view({"post": "wait"}), name="api_wait"),
    path(f"{TICKET}only-thanks/", TicketDeeds.as_view({"post": "only_thanks"}), name="api_only_thanks"),
    path(f"{TICKET}worse/", TicketDeeds.as_view({"post": "worse"}), name="api_worse"),
    path(f"{TICKET}confidential/", TicketDeeds.as_view({"post": "confidential"}), name="api_confidential"),
    path(f"{TICKET}merge/", TicketDeeds.as_view({"post": "merge"}), name="api_merge"),
    path(f"{TICKET}unmerge/", TicketDeeds.as_view({"post": "unmerge"}), name="api_unmerge"),
    path(f"{TICKET}feedback/", TicketDeeds.as_view({"get": "feedback", "post": "give_feedback"}), name="api_feedback"),
    path(f"{TICKET}links/", LinkResource.as_view({"get": "retrieve", "post": "create"}), name="api_links"),
    path(f"{TICKET}links/end/", LinkResource.as_view({"post": "end"}), name="api_end_link"),
    path(f"{TICKET}watchers/", WatcherResource.as_view({"get": "list", "post": "create"}), name="api_watchers"),
    path(f"{TICKET}watchers/<str:username>/end/", WatcherResource.as_view({"post": "end"}), name="api_end_watcher"),
    path(f"{TICKET}time/", TimeResource.as_view({"get": "list", "post": "create"}), name="api_time"),
    path(f"{TICKET}promises/", PromiseResource.as_view({"get": "list", "post": "create"}), name="api_promises"),
    path(f"{TICKET}promises/<int:promise>/keep/", PromiseResource.as_view({"post": "keep"}), name="api_keep_promise"),
    path(f"{TICKET}checklist/", ChecklistResource.as_view({"get": "list", "post": "create"}), name="api_checklist"),
    path(f"{TICKET}checklist/<int:line>/", ChecklistResource.as_view({"patch": "partial_update"}), name="api_checklist_line"),
    path(f"{TICKET}vendor-cases/", VendorCaseResource.as_view({"get": "list", "post": "create"}), name="api_vendor_cases"),
    path(f"{TICKET}work/", WorkResource.as_view({"get": "retrieve", "patch": "partial_update"}), name="api_work"),
    path(f"{TICKET}similar/", SimilarResource.as_view({"get": "retrieve", "post": "judge"}), name="api_similar"),
    path("request-types/", RequestTypeResource.as_view({"get": "list"}), name="api_request_types"),
    path("request-types/<slug:slug>/ask/", RequestTypeResource.as_view({"post": "create"}), name="api_ask"),
    path("approvals/", ApprovalResource.as_view({"get": "list", "post": "create"}), name="api_approvals"),
    path("approvals/<int:number>/", ApprovalResource.as_view({"get": "retrieve"}), name="api_approval"),
    path("approvals/<int:number>/decide/", ApprovalResource.as_view({"post": "decide"}), name="api_decide"),
    path("approvals/<int:number>/hand-on/", ApprovalResource.as_view({"post": "hand_on"}), name="api_hand_on"),
    path("canned-answers/", CannedResource.as_view({"get": "list"}), name="api_canned_answers"),
    path("views/", ViewResource.as_view({"get": "list", "post": "create"}), name="api_views"),
    path("views/<int:number>/forget/", ViewResource.as_view({"post": "forget"}), name="api_forget_view"),
    path("search/", SearchResource.as_view({"get": "retrieve"}), name="api_search"),
    path("problems/", ProblemResource.as_view({"get": "list", "post": "create"}), name="api_problems"),
    path("problems/recurring/", ProblemResource.as_view({"get": "recurring"}), name="api_recurring"),
    path("problems/<problem_number:number>/", ProblemResource.as_view({"get": "retrieve", "patch": "partial_update"}), name="api_problem"),
    path("problems/<problem_number:number>/tickets/", ProblemResource.as_view({"post": "add"}), name="api_problem_tickets"),
    path("mails/", MailResource.as_view({"get": "list"}), name="api_mails"),
    path("mails/<int:number>/", MailResource.as_view({"get": "retrieve"}), name="api_mail"),
    path("mails/<int:number>/decide/", MailResource.as_view({"post": "decide"}), name="api_decide_mail"),
    path("vendors/", VendorResource.as_view({"get": "list"}), name="api_vendors"),
    path("scheduled-tickets/", ScheduledResource.as_view({"get": "list"}), name="api_scheduled_tickets"),
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
    path("service-levels/", LevelResource.as_view({"get": "list"}), name="api_service_levels"),
    path("service-levels/<slug:slug>/", LevelResource.as_view({"get": "retrieve"}), name="api_service_level"),
    path("articles/", ArticleResource.as_view({"get": "list"}), name="api_articles"),
    path("articles/<slug:slug>/", ArticleResource.as_view({"get": "retrieve"}), name="api_article"),
    path("articles/<slug:slug>/versions/", ArticleVersionResource.as_view({"get": "list"}), name="api_article_versions"),
    path("articles/<slug:slug>/bring-back/", ArticleResource.as_view({"post": "bring_back"}), name="api_article_bring_back"),
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
