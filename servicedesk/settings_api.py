"""Settings of the API and of its schema."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["servicedesk.api.authentication.BearerToken", "servicedesk.api.authentication.SignedIn"],
    "DEFAULT_PERMISSION_CLASSES": ["servicedesk.api.authentication.InScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["servicedesk.api.parsing.StrictJSON"],
    "DEFAULT_PAGINATION_CLASS": "servicedesk.api.pages.Keyset",
    "DEFAULT_SCHEMA_CLASS": "servicedesk.api.schema.DeskSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "servicedesk.api.problems.handle",
}
API_CALLS_A_MINUTE = 1200  # of one token or person, in one process
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Servicedesk",
    "DESCRIPTION": "Tickets, incidents, silences and messages of the desk. Errors are application/problem+json (RFC 9457).",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "TicketState": "incidents.states.TicketState",
        "IncidentState": "incidents.states.IncidentState",
        "MessageState": "notifications.states.MessageState",
        "Severity": "incidents.states.Severity",
        "SilenceState": "incidents.api.silences.SilenceState",
        "SilenceAudience": "incidents.api.silences.SilenceAudience",
        "ServiceState": "servicedesk.directory.models.services.ServiceState",
        "CheckKind": "monitoring.models.checks.Check.Kind",
        "NewCheckKind": "monitoring.api.shapes.NewKind",
        "CheckState": "monitoring.api.shapes.CheckWord",
        "AlertState": "monitoring.api.alerts.AlertState",
        "Impacted": "incidents.states.Impacted",
        "Effect": "incidents.states.Effect",
        "TicketKind": "incidents.models.tickets.Ticket.Kind",
        "EntryKind": "incidents.models.tickets.Entry.Kind",
        "WaitingFor": "incidents.models.tickets.Ticket.Waiting",
        "ApprovalState": "incidents.models.duties.Approval.State",
        "ApprovedBy": "incidents.models.catalogue.RequestType.Approver",
        "ProblemState": "incidents.models.problems.Problem.State",
        "MailState": "incidents.models.mails.InboundMail.State",
        "FoundKind": "incidents.api.search.FOUND",
        "Audience": "incidents.models.tickets.Entry.Audience",
        "Channel": "notifications.models.methods.Channel",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "servicedesk.api.schema.with_problems"],
}
