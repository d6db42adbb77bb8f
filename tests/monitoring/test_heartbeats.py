"""Jobs that say they ran, and jobs that stay away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from incidents.models import LinkedAlert
from monitoring import heartbeats, intake
from monitoring.models import Alert, Check, CheckState, RawBody, Source
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE

MINUTE = timedelta(minutes=1)


@pytest.fixture
def backup(acme: Company) -> Check:
    """A nightly backup that runs every hour here, with ten minutes of grace."""
    common = {"source": Source.objects.get(slug="agents"), "service": acme.services["file-server"], "created_at": NINE}
    return Check.objects.create(slug="backup", kind=Check.Kind.HEARTBEAT, period_s=3600, grace_s=600, **common)


def test_a_ping_is_good_and_sets_the_next_moment(backup: Check) -> None:
    heartbeats.ping(backup, "success", body=b"", now=NINE)
    state = CheckState.objects.get(check_ref=backup)
    assert (state.status, state.overdue_at) == ("ok", NINE + 70 * MINUTE)


def test_staying_away_is_critical_once_and_a_ping_ends_it(backup: Check) -> None:
    heartbeats.ping(backup, "success", body=b"", now=NINE)
    assert intake.sweep_overdue(now=NINE + 69 * MINUTE) == 0
    assert intake.sweep_overdue(now=NINE + 70 * MINUTE) == 1
    assert intake.sweep_overdue(now=NINE + 80 * MINUTE) == 0
    alert = Alert.objects.get()
    assert (alert.status, alert.summary) == ("critical", "No signal for 1 h 10 min.")
    assert LinkedAlert.objects.get().check_slug == "backup"
    heartbeats.ping(backup, "success", body=b"", now=NINE + 90 * MINUTE)
    alert.refresh_from_db()
    assert alert.cleared_at == NINE + 90 * MINUTE


@pytest.mark.parametrize("signal", ["fail", "1", "255"])
def test_a_failure_is_down_at_once(backup: Check, signal: str) -> None:
    heartbeats.ping(backup, signal, body=b"disk full", now=NINE)
    assert Alert.objects.get().status == "critical"
    assert bytes(RawBody.objects.get().body) == b"disk full"


def test_a_job_that_started_must_end(backup: Check) -> None:
    heartbeats.ping(backup, "start", body=b"", now=NINE)
    assert intake.sweep_overdue(now=NINE + 10 * MINUTE) == 1
    assert Alert.objects.get().status == "critical"


def test_a_log_line_changes_nothing(backup: Check) -> None:
    heartbeats.ping(backup, "log", body=b"half done", now=NINE)
    assert CheckState.objects.get(check_ref=backup).last_result_at is None


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("tail", ["", "/start", "/fail", "/log", "/0"])
def test_any_client_of_healthchecks_can_speak(backup: Check, method: str, tail: str) -> None:
    assert getattr(Client(), method)(f"/ping/{backup.ping_id}{tail}").status_code == 200


def test_unknown_addresses_and_words_are_not_found(backup: Check) -> None:
    assert Client().get("/ping/00000000-0000-4000-8000-000000000999").status_code == 404
    assert Client().get(f"/ping/{backup.ping_id}/256").status_code == 404
    assert Client().put(f"/ping/{backup.ping_id}").status_code == 405


def test_a_ping_with_create_makes_the_heartbeat_once(acme: Company) -> None:
    Source.objects.filter(slug="agents").update(ping_key="key-1")
    assert Client().get("/ping/key-1/nightly-dump").status_code == 404
    first, again = (Client().get("/ping/key-1/nightly-dump?create=1") for _time in range(2))
    assert (first.status_code, first.content, again.status_code) == (201, b"Created", 200)
    made = Check.objects.get(slug="nightly-dump")
    assert (made.kind, made.period_s, made.grace_s, made.state.status) == ("heartbeat", 86_400, 3600, "ok")


@pytest.mark.parametrize("path", ["key-1/UPPER", "key-1/a%20b", "key-1/smtp-01", "other/fine", "key-1/fine/dance"])
def test_create_makes_nothing_of_what_cannot_be_a_heartbeat(path: str, acme: Company) -> None:
    Source.objects.filter(slug="agents").update(ping_key="key-1")
    before = Check.objects.count()
    assert Client().get(f"/ping/{path}?create=1").status_code == 404
    assert Check.objects.count() == before


def test_create_ends_where_a_program_makes_ever_new_names(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    Source.objects.filter(slug="agents").update(ping_key="key-1")
    monkeypatch.setattr(heartbeats, "MOST_MADE", 1)
    assert Client().get("/ping/key-1/a?create=1").status_code == 201
    assert Client().get("/ping/key-1/b?create=1").status_code == 429
    assert Client().get("/ping/key-1/a").status_code == 200
