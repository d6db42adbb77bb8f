"""What operators ask: metrics, and the doctor."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from incidents import automation, incidents
from incidents.models import LastResort, Policy
from notifications import pushing
from notifications.models import ContactMethod
from servicedesk.operations import examination
from servicedesk.operations.examination import Finding
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE


def asked(token: str) -> str:
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.content.decode()


def found(part: str) -> list[Finding]:
    return [finding for finding in examination.examine(now=NINE) if finding.part == part and not finding.is_fine]


def test_metrics_are_closed_without_a_token(acme: Company, settings: Settings) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "only-for-prometheus"
    assert Client().get("/metrics").status_code == 401
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_metrics_count_what_is_open(acme: Company, settings: Settings) -> None:
    settings.METRICS_TOKEN = "only-for-prometheus"
    automation.file_ticket(requester=acme.people["ella"], what="The printer is stuck", impacted="me", effect="workaround", now=NINE)
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE)
    incidents.declare(grounds, actor=acme.people["dana"], now=NINE)
    text = asked("only-for-prometheus")
    assert 'desk_tickets_open{state="new"} 1.0' in text
    assert 'desk_incidents_open{severity="3",state="triggered"} 1.0' in text
    assert "desk_ready 0.0" in text  # no engine runs here
    assert "desk_engine_age_seconds" not in text


def test_the_doctor_names_a_person_on_call_without_a_way(acme: Company) -> None:
    assert "Ana" not in " ".join(finding.words for finding in found("on call"))  # her e-mail is verified
    ContactMethod.objects.filter(person=acme.people["sam"]).update(verified_at=None)
    [finding] = [each for each in found("on call") if "Sam Lee" in each.words]
    assert finding.stops_pages


def test_the_doctor_names_an_empty_schedule_and_a_short_last_resort(acme: Company) -> None:
    assert [finding.words for finding in found("on call")] == ["Network: nobody is on call now."]
    LastResort.objects.filter(policy__slug="it-ops", position=1).delete()
    assert "IT Ops: the last resort needs two ways, it has 1." in [finding.words for finding in found("policies")]


def test_no_default_policy_would_stop_pages(acme: Company) -> None:
    Policy.objects.update(is_default=False)
    assert any(finding.stops_pages for finding in found("policies"))


def test_no_provider_is_said_and_ends_with_one(acme: Company, settings: Settings) -> None:
    settings.EMAIL_CONFIGURED = settings.TWILIO_CONFIGURED = False
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=said)
    assert ended.value.code == 1
    assert "STOP  phones: no provider" in said.getvalue()


def test_a_mail_server_that_is_away_is_said(acme: Company, settings: Settings) -> None:
    settings.EMAIL_CONFIGURED, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", 9
    assert found("mail")[0].stops_pages


def test_the_doctor_says_when_the_key_for_browsers_cannot_be_opened(acme: Company, settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.FIELD_KEYS = [], []
    assert pushing.public_key()
    assert found("push") == []
    settings.SECRET_KEY = "another one, and the old one is named nowhere"
    assert [finding.words[:61] for finding in found("push")] == ["browsers get no pages: the secret was sealed with another key"]


def test_security_txt_says_whom_to_tell_and_until_when_it_holds(settings: Settings) -> None:
    settings.SUPPORT_ADDRESS = "help@acme.example"
    lines = Client().get("/.well-known/security.txt").content.decode().splitlines()
    assert lines[0] == "Contact: mailto:help@acme.example"
    assert datetime.fromisoformat(lines[1].removeprefix("Expires: ")) > datetime.now(UTC)
