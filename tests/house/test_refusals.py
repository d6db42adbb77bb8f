"""Who may open what: every URL has a row, every role an expected answer. A new URL without a row fails here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from incidents import automation, exports, incidents, silences, vault
from incidents.mail import posting
from incidents.models import Rule, SignedLink
from monitoring.models import Alert, CheckState
from notifications.models import ContactMethod, Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

ROLES = ("nobody", "ella", "eve", "ana", "dana", "adam", "vera")
LOGIN, OK, NO, GONE, OTHER = 302, 200, 403, 404, 405


@dataclass(frozen=True)
class Row:
    """Expected answers in the order of ROLES: nobody, Ella (owner), Eve (stranger), Ana, Dana, Adam, Vera."""

    answers: tuple[int, ...]
    method: str = "get"
    takes: str = ""  # ticket, incident or link


EVERYONE = (OK,) * 7
SIGNED_IN = (LOGIN, OK, OK, OK, OK, OK, OK)
OWNER = (LOGIN, OK, GONE, GONE, GONE, GONE, GONE)
READERS = (LOGIN, NO, NO, OK, OK, NO, OK)
LED_BACK = (LOGIN, NO, NO, LOGIN, LOGIN, NO, NO)  # 302: done or told why not, and led back
WORKERS = (LOGIN, NO, NO, OK, OK, NO, NO)
STAFF_TICKET = (LOGIN, NO, GONE, OK, OK, GONE, OK)
CHANGE_TICKET = (LOGIN, NO, GONE, LOGIN, LOGIN, GONE, NO)  # 302: done, and led back
CHANGE_INCIDENT = (LOGIN, NO, NO, 422, 422, NO, NO)  # an empty form
MONITORED = (LOGIN, NO, NO, OK, OK, OK, OK)
RULE_READERS = (LOGIN, NO, NO, NO, OK, OK, OK)
ADMINS = (LOGIN, NO, NO, NO, NO, OK, NO)
MACHINES = (OTHER,) * 7
OTHERS_METHOD = (LOGIN, *(GONE,) * 6)  # Sam's own
TOKEN = 401  # the API asks for one, or for a session

MATRIX: dict[str, Row] = {
    "home": Row(SIGNED_IN),
    "new_ticket": Row(SIGNED_IN),
    "promise": Row(SIGNED_IN),
    "help": Row(SIGNED_IN),
    "article": Row(SIGNED_IN, takes="article"),
    "my_tickets": Row(SIGNED_IN),
    "requester_ticket": Row(OWNER, takes="ticket"),
    "works_again": Row((LOGIN, LOGIN, GONE, GONE, GONE, GONE, GONE), "post", "ticket"),
    "file": Row((LOGIN, OK, GONE, OK, OK, GONE, OK), takes="file"),
    "worse": Row(OWNER, takes="ticket"),
    "ticket_feedback": Row((LOGIN, LOGIN, GONE, GONE, GONE, GONE, GONE), "post", "ticket"),
    "article_feedback": Row((LOGIN,) * 7, "post", "article"),
    "have_too": Row((LOGIN, *(GONE,) * 6), "post", "incident"),  # not shown to employees
    "rate": Row((GONE,) * 7, takes="token"),
    "draft": Row((LOGIN, OK, GONE, GONE, GONE, GONE, GONE), "post", "draft"),
    "queue": Row(READERS),
    "export_tickets": Row(READERS),
    "import_tickets": Row((LOGIN, NO, NO, NO, OK, OK, NO)),
    "job": Row((LOGIN, GONE, GONE, OK, GONE, OK, GONE), takes="job"),
    "job_cancel": Row((LOGIN, GONE, GONE, LOGIN, GONE, LOGIN, GONE), "post", "job"),
    "job_file": Row((LOGIN, *(GONE,) * 6), takes="job"),  # no file yet
    "queue_do": Row(LED_BACK, "post"),
    "queue_undo": Row(LED_BACK, "post"),
    "queue_next": Row(LED_BACK, "post"),
    "queue_keep": Row(LED_BACK, "post"),
    "ticket": Row(STAFF_TICKET, takes="ticket"),
    "ticket_reply": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "ticket_note": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "ticket_call": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "ticket_take_back": Row((LOGIN, NO, GONE, GONE, GONE, GONE, NO), "post", "entry"),
    "ticket_keep_promise": Row((LOGIN, NO, GONE, GONE, GONE, GONE, NO), "post", "pledge"),
    "ticket_thanks": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_tie": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_untie": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_split": Row((LOGIN, NO, GONE, GONE, GONE, GONE, NO), takes="entry"),
    "ticket_together": Row((LOGIN, NO, GONE, OK, OK, GONE, NO), takes="ticket"),
    "offers": Row(SIGNED_IN),
    "ask": Row(SIGNED_IN, takes="request_type"),
    "approve": Row((LOGIN, *(GONE,) * 6), takes="approval"),
    "ticket_checklist": Row((LOGIN, NO, GONE, GONE, GONE, GONE, NO), "post", "ticket"),
    "ticket_vendor": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "ticket_category": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_answers": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_approver": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "search": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "problems": Row(READERS),
    "make_problem": Row(LED_BACK, "post"),
    "problem": Row((LOGIN, NO, NO, GONE, GONE, NO, GONE), takes="approval"),
    "problem_add": Row((LOGIN, NO, NO, GONE, GONE, NO, NO), "post", "approval"),
    "ticket_similar": Row(STAFF_TICKET, takes="ticket"),
    "ticket_similar_vote": Row((LOGIN, NO, GONE, GONE, GONE, GONE, NO), "post", "ticket"),
    "ticket_clocks": Row(STAFF_TICKET, takes="ticket"),
    "morning": Row(READERS),
    "before_you_go": Row(WORKERS),
    "api_attachments": Row((TOKEN, OK, OK, OK, OK, OK, OK)),
    "api_attachment": Row((TOKEN, OK, GONE, OK, OK, GONE, OK), takes="file"),
    "api_attachment_content": Row((TOKEN, OK, GONE, OK, OK, GONE, OK), takes="file"),
    "api_people": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_person": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="username"),
    "api_teams": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_team": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="team"),
    "ticket_beside": Row((LOGIN, NO, GONE, 302, 302, GONE, 302), takes="ticket"),
    "ticket_watch": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "ticket_tags": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_time": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "ticket_assign": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_severity": Row((LOGIN, NO, GONE, 422, 422, GONE, NO), "post", "ticket"),
    "ticket_move": Row(CHANGE_TICKET, "post", "ticket"),
    "ticket_mail": Row((LOGIN, NO, NO, GONE, GONE, NO, NO), takes="ticket"),  # it came by the portal
    "held_mails": Row(WORKERS),
    "anymail_inbound": Row(MACHINES, takes="service"),
    "mail": Row(WORKERS, takes="mail"),
    "mail_decide": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "mail"),
    "mail_html": Row(WORKERS, takes="mail"),
    "mail_pictures": Row(WORKERS, takes="mail"),
    "mail_original": Row(WORKERS, takes="mail"),
    "incidents": Row(READERS),
    "declare_incident": Row(WORKERS),
    "incident": Row(READERS, takes="incident"),
    "incident_act": Row(CHANGE_INCIDENT, "post", "incident"),
    "incident_note": Row((LOGIN, NO, NO, 422, 422, NO, NO), "post", "incident"),
    "incident_update": Row((LOGIN, NO, NO, 422, 422, NO, NO), "post", "incident"),
    "incident_report": Row(READERS, takes="incident"),
    "incident_merge": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "incident"),
    "incident_role": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "incident"),
    "incident_doing": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "incident"),
    "incident_bridge": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "incident"),
    "incident_join": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "incident"),
    "incident_cost": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "incident"),
    "incident_tickets": Row((LOGIN, NO, NO, 422, 422, NO, NO), "post", "incident"),
    "incident_obligation": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "incident"),
    "handover": Row(WORKERS),
    "handover_of": Row((LOGIN, NO, NO, GONE, GONE, NO, GONE), takes="swap"),
    "take_over": Row((LOGIN, NO, NO, GONE, GONE, NO, NO), "post", "swap"),
    "incident_page": Row((LOGIN, NO, NO, 422, 422, NO, NO), "post", "incident"),
    "silences": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "add_silence": Row((LOGIN, NO, NO, 422, 422, NO, NO), "post"),
    "end_silence": Row((LOGIN, NO, NO, LOGIN, LOGIN, NO, NO), "post", "silence"),
    "rules": Row(RULE_READERS),
    "rule": Row(RULE_READERS, takes="rule"),
    "new_rule": Row(ADMINS),
    "edit_rule": Row(ADMINS, takes="rule"),
    "rule_act": Row((LOGIN, NO, NO, NO, NO, 422, NO), "post", "rule"),
    "on_call": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "schedule": Row((LOGIN, NO, NO, OK, OK, OK, OK), takes="schedule"),
    "edit_schedule": Row((LOGIN, NO, NO, NO, NO, OK, NO), takes="schedule"),
    "change_schedule": Row((LOGIN, NO, NO, OK, OK, OK, NO), takes="schedule"),
    "withdraw_override": Row((LOGIN, NO, NO, GONE, GONE, GONE, NO), "post", "override"),
    "away": Row((LOGIN, NO, NO, OK, OK, NO, NO)),
    "swaps": Row(WORKERS),
    "ask_swap": Row(WORKERS, takes="schedule"),
    "answer_swap": Row((LOGIN, NO, NO, GONE, GONE, NO, NO), "post", "swap"),
    "on_call_pay": Row((LOGIN, NO, NO, NO, OK, OK, NO)),
    "calendar_feeds": Row((LOGIN, NO, NO, 302, 302, 302, 302), "post"),
    "calendar_feed": Row((GONE,) * 7, takes="secret"),
    "policies": Row((LOGIN, NO, NO, NO, OK, OK, OK)),
    "policy": Row((LOGIN, NO, NO, NO, OK, OK, OK), takes="policy"),
    "what_breaks_if": Row((LOGIN, NO, NO, NO, OK, OK, OK)),
    "readiness": Row((LOGIN, NO, NO, NO, OK, OK, OK)),
    "plan": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "confirm_plan": Row((LOGIN, NO, NO, LOGIN, LOGIN, LOGIN, LOGIN), "post"),
    "ticket_step": Row((LOGIN, NO, GONE, GONE, GONE, GONE, NO), "post", "ticket"),
    "incident_step": Row((LOGIN, NO, NO, GONE, GONE, NO, NO), "post", "incident"),
    "reports": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "report_page": Row((LOGIN, NO, NO, NO, OK, OK, OK), takes="report"),
    "report_rows": Row((LOGIN, NO, NO, NO, GONE, GONE, GONE), takes="report"),
    "report_job": Row((LOGIN, NO, NO, NO, LOGIN, LOGIN, LOGIN), "post", "report"),
    "report_mail": Row((LOGIN, NO, NO, NO, LOGIN, LOGIN, LOGIN), "post", "report"),
    "status": Row(SIGNED_IN),
    "status_feed": Row(SIGNED_IN),
    "status_subscribe": Row(SIGNED_IN),
    "status_subscription": Row((GONE,) * 7, takes="token"),
    "api_plan_reviews": Row((TOKEN, NO, NO, NO, OK, OK, OK)),
    "api_plan_review": Row((TOKEN, NO, NO, NO, GONE, GONE, GONE), takes="quarter"),
    "api_report": Row((TOKEN, NO, NO, NO, OK, OK, OK), takes="report"),
    "reviews": Row((LOGIN, NO, NO, NO, 302, 302, 302)),
    "review": Row((LOGIN, NO, NO, NO, GONE, GONE, GONE), takes="quarter"),
    "signed": Row(EVERYONE, takes="link"),
    "numbers": Row((LOGIN, 301, 301, 301, 301, 301, 301), takes="number"),
    "services": Row(MONITORED),
    "service": Row(MONITORED, takes="watched"),
    "service_lines": Row(MONITORED, takes="watched"),
    "new_check": Row((LOGIN, NO, NO, OK, OK, OK, NO)),
    "check": Row(MONITORED, takes="check"),
    "check_figures": Row(MONITORED, takes="check"),
    "check_spark": Row(MONITORED, takes="check"),
    "why_check": Row((LOGIN, NO, NO, *(GONE,) * 4), takes="check"),  # no result is named
    "edit_check": Row((LOGIN, NO, NO, OK, OK, OK, NO), takes="check"),
    "pause_check": Row((LOGIN, NO, NO, LOGIN, LOGIN, LOGIN, NO), "post", "check"),
    "ping_check": Row((LOGIN, NO, NO, LOGIN, LOGIN, LOGIN, NO), "post", "check"),
    "alerts": Row(MONITORED),
    "alert": Row(MONITORED, takes="alert"),
    "outbox": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "drills": Row((LOGIN, NO, NO, NO, OK, OK, OK)),
    "drill": Row((GONE,) * 7, takes="token"),
    "delivery_report": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "message": Row((LOGIN, NO, NO, OK, OK, OK, OK), takes="message"),
    "message_again": Row((LOGIN, NO, NO, LOGIN, LOGIN, LOGIN, NO), "post", "message"),
    "message_cancel": Row((LOGIN, NO, NO, LOGIN, LOGIN, LOGIN, NO), "post", "message"),
    "inbox": Row((LOGIN, NO, NO, OK, OK, OK, OK)),
    "source_mapping": Row((LOGIN, NO, NO, NO, NO, GONE, NO), takes="source"),
    "my_notifications": Row(SIGNED_IN),
    "add_method": Row((LOGIN, *(422,) * 6), "post"),
    "test_method": Row(OTHERS_METHOD, "post", "method"),
    "confirm_method": Row(OTHERS_METHOD, "post", "method"),
    "remove_method": Row(OTHERS_METHOD, takes="method"),
    "ladder": Row(SIGNED_IN, takes="urgency"),
    "quiet_hours": Row((LOGIN,) * 7, "post"),
    "notice_topics": Row((LOGIN,) * 7, "post"),
    "contact_card": Row(SIGNED_IN),
    "persons_notifications": Row(ADMINS, takes="username"),
    "twilio_sms": Row(MACHINES),
    "twilio_voice": Row(MACHINES, takes="token"),
    "mail_tracking": Row(MACHINES, takes="service"),
    "twilio_status": Row(MACHINES, takes="token"),
    "in_results": Row(MACHINES),
    "in_results_token": Row(MACHINES, takes="token"),
    "in_sender": Row(MACHINES, takes="sender"),
    "in_alerta": Row(MACHINES),
    "in_otlp": Row(MACHINES, takes="otlp"),
    "in_sender_token": Row(MACHINES, takes="sender_token"),
    "prometheus_alerts": Row(MACHINES),
    "prometheus_status": Row(EVERYONE),
    "prometheus_ready": Row(EVERYONE),
    "pagerduty_events": Row(MACHINES),
    "pagerduty_events_v1": Row(MACHINES),
    "pagerduty_changes": Row(MACHINES),
    "opsgenie_alerts": Row(MACHINES),
    "opsgenie_deed": Row(MACHINES, takes="deed"),
    "opsgenie_heartbeat": Row((TOKEN,) * 7, takes="heartbeat"),
    "icinga_result": Row(MACHINES),
    "push": Row((GONE,) * 7, takes="token"),
    "gatus_external": Row(MACHINES, takes="endpoint"),
    "ping": Row((GONE,) * 7, takes="uuid"),
    "ping_signal": Row((GONE,) * 7, takes="signal"),
    "ping_keyed": Row((GONE,) * 7, takes="keyed"),
    "ping_keyed_signal": Row((GONE,) * 7, takes="keyed_signal"),
    "api_tickets": Row((TOKEN, OK, OK, OK, OK, OK, OK)),
    "api_ticket": Row((TOKEN, OK, GONE, OK, OK, GONE, OK), takes="ticket"),
    "api_ticket_entries": Row((TOKEN, OK, GONE, OK, OK, GONE, OK), takes="ticket"),
    "api_incidents": Row((TOKEN, NO, NO, OK, OK, NO, OK)),
    "api_incident": Row((TOKEN, NO, NO, OK, OK, NO, OK), takes="incident"),
    "api_acknowledge": Row(MACHINES, takes="incident"),
    "api_resolve": Row(MACHINES, takes="incident"),
    "api_updates": Row((TOKEN, NO, NO, OK, OK, NO, OK), takes="incident"),
    "api_page": Row(MACHINES, takes="incident"),
    "api_schedules": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_schedule": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="schedule"),
    "api_on_call": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="schedule"),
    "api_policies": Row((TOKEN, NO, NO, NO, OK, OK, OK)),
    "api_policy": Row((TOKEN, NO, NO, NO, OK, OK, OK), takes="policy"),
    "api_who_would_be_paged": Row((TOKEN, NO, NO, NO, OK, OK, OK), takes="policy"),
    "api_rules": Row((TOKEN, NO, NO, NO, OK, OK, OK)),
    "api_rule": Row((TOKEN, NO, NO, NO, OK, OK, OK), takes="rule_key"),
    "api_try_rule": Row(MACHINES, takes="rule_key"),
    "api_rule_backtest": Row((TOKEN, NO, NO, NO, GONE, GONE, GONE), takes="rule_key"),
    "api_silences": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_silence": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="silence"),
    "api_end_silence": Row(MACHINES, takes="silence"),
    "api_messages": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_message": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="message"),
    "api_services": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_service": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="watched"),
    "api_checks": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_check": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="check"),
    "api_pause_check": Row(MACHINES, takes="check"),
    "api_resume_check": Row(MACHINES, takes="check"),
    "api_alerts": Row((TOKEN, NO, NO, OK, OK, OK, OK)),
    "api_alert": Row((TOKEN, NO, NO, OK, OK, OK, OK), takes="alert"),
    "api_results": Row((TOKEN, NO, NO, 400, 400, 400, 400)),  # of which check is not said
    "api_schema": Row(EVERYONE),
    "api_docs": Row(EVERYONE),
    "api_unknown": Row((GONE,) * 7, takes="path"),
    "account_login": Row((OK, *(LOGIN,) * 6)),
    "mfa_authenticate": Row((LOGIN,) * 7),  # only between the password and the desk
    "openid_connect_login": Row((GONE,) * 7),  # no company sign-in is set up
    "openid_connect_callback": Row((GONE,) * 7),
    "account_reset_password": Row(EVERYONE),
    "account_reset_password_done": Row(EVERYONE),
    "account_reset_password_from_key": Row(EVERYONE, takes="reset"),
    "account_reset_password_from_key_done": Row(EVERYONE),
    "account_logout": Row((LOGIN, *(OTHER,) * 6)),
    "me": Row((LOGIN,) * 7),
    "security": Row(SIGNED_IN),
    "account_change_password": Row(SIGNED_IN),
    "mfa_activate_totp": Row((LOGIN,) * 7),  # they are asked who they are once more
    "mfa_deactivate_totp": Row((LOGIN, *(GONE,) * 6)),
    "mfa_view_recovery_codes": Row((LOGIN, *(GONE,) * 6)),
    "mfa_generate_recovery_codes": Row((LOGIN,) * 7),
    "mfa_download_recovery_codes": Row((LOGIN, *(GONE,) * 6)),
    "account_reauthenticate": Row(SIGNED_IN),
    "mfa_reauthenticate": Row((LOGIN,) * 7),
    "setup": Row((LOGIN,) * 7),
    "settings": Row((LOGIN, NO, NO, NO, NO, OK, NO)),
    "security_txt": Row(EVERYONE),
    "healthz": Row(EVERYONE),
    "readyz": Row((503,) * 7),
    "metrics": Row((GONE,) * 7),
    "styleguide": Row((GONE,) * 7),
}


@pytest.fixture
def world(acme: Company) -> dict[str, dict[str, Any]]:
    """A ticket of Ella, an incident, and the signed link of Sam: what URLs take."""
    ticket = automation.file_ticket(
        requester=acme.people["ella"], what="The printer on floor 2 is stuck", impacted="me", effect="workaround", now=NINE,
        files=[vault.put("screen.png", [b"\x89PNG\r\n\x1a\n"])],
    )  # fmt: skip
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE)
    incident = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert incident
    link = SignedLink.objects.get(incident=incident, person=acme.people["sam"], purpose=SignedLink.Purpose.PAGE)
    smtp = acme.checks["smtp-01"]
    CheckState.objects.create(check_ref=smtp)
    alert = Alert.objects.create(
        check_ref=smtp, source_id=1, dedup_key="x", status="critical", opened_at=NINE, since=NINE, status_since=NINE
    )
    return {
        "": {},
        "watched": {"slug": "email"},
        "check": {"number": smtp.pk},
        "alert": {"number": alert.pk},
        "ticket": {"number": ticket.pk},
        "entry": {"number": ticket.pk, "entry": 10**9},
        "request_type": {"slug": "access"},
        "approval": {"number": 1},
        "team": {"slug": "it-ops"},
        "pledge": {"number": ticket.pk, "pledge": 1},
        "draft": {"kind": "answer", "number": ticket.pk},
        "file": {"number": ticket.files.get().pk},
        "incident": {"number": incident.pk},
        "link": {"token": link.token},
        "mail": {"number": posting.receive(b"Precedence: bulk\n\nNews", door="test", now=NINE).pk},
        "number": {"section": "t", "number": f"T-{ticket.pk}"},
        "article": {"slug": "outlook-cannot-connect"},
        "job": {"number": exports.ask(acme.people["ana"], first=NINE.date(), last=NINE.date(), only_open=False, now=NINE).pk},
        "message": {"number": Message.objects.latest("pk").pk},
        "schedule": {"slug": "network"},
        "policy": {"slug": "it-ops"},
        "rule_key": {"key": "R4"},
        "rule": {"number": Rule.objects.get(key="R4").pk},
        "override": {"slug": "network", "number": 1},
        "quarter": {"slug": "2026-q4"},
        "swap": {"number": 1},
        "report": {"name": "delivery"},
        "secret": {"secret": "unknown"},
        "path": {"path": "tickets"},
        "silence": {
            "number": silences.make(
                actor=acme.people["ana"], now=NINE, check_slug="smtp-01", reason="Update", starts_at=NINE, ends_at=NINE + timedelta(hours=1)
            ).pk
        },
        "method": {"number": ContactMethod.objects.filter(person=acme.people["sam"]).latest("pk").pk},
        "urgency": {"urgency": "urgent"},
        "username": {"username": "sam"},
        "token": {"token": "unknown"},
        "service": {"service": "postmark"},
        "reset": {"uidb36": "1", "key": "unknown"},
        "deed": {"alias": "disk", "deed": "close"},
        "heartbeat": {"name": "backup"},
        "endpoint": {"key": "core_web"},
        "sender": {"sender": "alertmanager"},
        "sender_token": {"sender": "alertmanager", "token": "unknown"},
        "uuid": {"uuid": "00000000-0000-4000-8000-00000000dead"},
        "source": {"slug": "nobody"},
        "keyed": {"key": "nobody", "slug": "backup"},
        "keyed_signal": {"key": "nobody", "slug": "backup", "signal": "fail"},
        "otlp": {"kind": "logs"},
        "signal": {"uuid": "00000000-0000-4000-8000-00000000dead", "signal": "fail"},
    }


def names(patterns: list[Any]) -> Iterator[str]:
    """Every named URL of ours; the admin's own are generated from its models elsewhere."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            yield pattern.name


def test_every_url_has_a_row() -> None:
    assert set(names(get_resolver().url_patterns)) - set(MATRIX) == set()


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_each_role_gets_its_answer(name: str, world: dict[str, dict[str, Any]], acme: Company) -> None:
    row = MATRIX[name]
    url = reverse(name, kwargs=world[row.takes])
    got = {}
    for role in ROLES:
        client = Client() if role == "nobody" else signed_in(acme.people[role])
        answer = getattr(client, row.method)(url)
        got[role] = answer.status_code
        list(getattr(answer, "streaming_content", ()))  # read, so that its file is closed
    assert got == dict(zip(ROLES, row.answers, strict=True))


@pytest.mark.parametrize("role", ["ella", "eve"])
def test_employees_never_see_the_admin(role: str, acme: Company) -> None:
    assert signed_in(acme.people[role]).get("/admin/").status_code == 302
