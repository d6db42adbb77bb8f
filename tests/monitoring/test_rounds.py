"""Probes on time: claimed once, recorded as any result, late ones told."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import reverse

from monitoring import intake, rounds
from monitoring.models import Alert, Check, CheckState, RawBody, Result, Watch
from monitoring.probes.shape import Finding
from servicedesk import sealing
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds import company
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.monitoring.probes.looking import LOOPBACK, free_port, tcp_server
from tests.patience import LONG_S
from tests.servicedesk.test_supervisor import until

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def loopback() -> Iterator[None]:
    with override_settings(PROBE_ALLOW=LOOPBACK):
        yield


def watching(acme: Company, port: int, *, name: str = "mail port", **more: Any) -> Watch:
    """The mail port looked at every minute, late after two more."""
    check = Check.objects.create(
        slug=name,
        source=rounds.own_source(),
        kind="probe",
        service=acme.services["email"],
        period_s=60,
        grace_s=120,
        created_at=NINE,
    )
    watch = Watch(check_ref=check, probe="tcp", options={"host": "127.0.0.1", "port": port, **more})
    rounds.begin(watch, now=NINE)
    watch.due_at = NINE
    watch.save(force_insert=True)
    return watch


def test_a_due_probe_runs_and_its_result_is_judged_like_any_other(acme: Company) -> None:
    watch = watching(acme, free_port())
    assert rounds.run_unclaimed(now=NINE) == 1
    alert, result = Alert.objects.get(), Result.objects.get()
    assert (alert.status, alert.check_ref_id, result.status) == ("critical", watch.pk, "critical")
    assert result.raw_id == RawBody.objects.get().pk
    watch.refresh_from_db()
    assert (watch.due_at, watch.lease_until, watch.ran_at) == (NINE + MINUTE, None, NINE)
    acme.services["email"].refresh_from_db()
    assert acme.services["email"].state == "critical"


def test_it_recovers_and_a_good_result_keeps_no_body(acme: Company) -> None:
    with tcp_server(lambda line: None) as port:
        watching(acme, port)
        rounds.run_unclaimed(now=NINE)
    assert (Result.objects.get().status, RawBody.objects.count(), Alert.objects.count()) == ("ok", 0, 0)


def test_nothing_runs_before_its_time_nor_while_paused(acme: Company) -> None:
    watch = watching(acme, 1)
    assert rounds.run_unclaimed(now=NINE - MINUTE) == 0
    Check.objects.filter(pk=watch.pk).update(is_paused=True)
    rounds.run_unclaimed(now=NINE)
    assert Result.objects.count() == 0


def test_a_probe_somebody_holds_is_left_to_them_and_a_lost_attempt_records_nothing(acme: Company) -> None:
    watch = watching(acme, 1)
    assert Watch.objects.filter(pk=watch.pk).update(lease_until=NINE.replace(year=2999), attempt_id=uuid.uuid4()) == 1
    assert rounds.run_one(watch.pk, now=NINE) is False
    found, told = rounds.look(watch, now=NINE)
    assert rounds.record(watch, uuid.uuid4(), found, told, took_s=0, now=NINE) is False
    assert Result.objects.count() == 0


def test_workers_are_rung_once(acme: Company) -> None:
    watching(acme, 1)
    assert [rounds.ring_due(now=NINE), rounds.ring_due(now=NINE)] == [1, 0]


def test_the_rhythm_is_kept_after_a_late_run() -> None:
    assert rounds.next_due(NINE, 60, NINE) == NINE + MINUTE
    assert rounds.next_due(NINE, 60, NINE + 3.5 * MINUTE) == NINE + 4 * MINUTE


def test_a_probe_that_nobody_runs_is_reported(acme: Company) -> None:
    watch = watching(acme, 1)
    assert intake.sweep_overdue(now=NINE + 3 * MINUTE) == 1
    assert (CheckState.objects.get(pk=watch.pk).status, Alert.objects.get().status) == ("unknown", "unknown")


def test_a_target_that_is_not_allowed_is_unknown_with_the_remedy(acme: Company) -> None:
    watching(acme, 1)
    with override_settings(PROBE_ALLOW=[]):
        rounds.run_unclaimed(now=NINE)
    result = Result.objects.get()
    assert result.status == "unknown"
    assert "PROBE_ALLOW" in result.summary


def test_the_command_runs_it_now_and_says_why(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    watching(acme, free_port())
    with pytest.raises(SystemExit) as left:
        call_command("probe", "mail port")
    said = capsys.readouterr().out
    assert left.value.code == 1
    assert "CRITICAL  mail port: 127.0.0.1 port" in said
    assert "Verdict: critical" in said
    with pytest.raises(CommandError, match="There are: mail port"):
        call_command("probe", "nothing")


def asked(acme: Company, **more: Any) -> dict[str, Any]:
    usual = {
        "slug": "intranet",
        "service": acme.services["vpn"].pk,
        "period_s": 60,
        "grace_s": 60,
        "confirm": 2,
        "for_s": 0,
        "clear_confirm": 1,
    }
    return usual | {"url": "https://intranet.example/", "method": "GET", "expect": "2xx", "follow": "on", "verify": "on"} | more


def test_adam_adds_a_probe_and_its_password_is_sealed(acme: Company) -> None:
    adam, url = signed_in(acme.people["adam"]), reverse("admin:monitoring_watch_add")
    assert b"?probe=http" in adam.get(url).content
    answer = adam.post(f"{url}?probe=http", asked(acme, user="ana", password="hunter2"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    watch = Watch.objects.get()
    assert sealing.is_sealed(watch.options["password"])
    assert sealing.open_sealed(watch.options["password"]) == "hunter2"
    assert (watch.check_ref.kind, watch.check_ref.period_s, watch.options["expect"]) == ("probe", 60, ["2xx"])
    assert "hunter2" not in str(AuditEntry.objects.get(noun="monitoring.watch").after)
    change = reverse("admin:monitoring_watch_change", args=[watch.pk])
    assert b"hunter2" not in adam.get(change).content
    assert adam.post(change, asked(acme, user="ana", period_s=90)).status_code == 302
    watch.refresh_from_db()
    assert (sealing.open_sealed(watch.options["password"]), watch.check_ref.period_s) == ("hunter2", 90)


def test_a_wrong_option_is_said_at_its_field(acme: Company) -> None:
    url = reverse("admin:monitoring_watch_add") + "?probe=http"
    answer = signed_in(acme.people["adam"]).post(url, asked(acme, url="gopher://x", thresholds="total_s 1"))
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"url", "thresholds"}
    assert Watch.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_in_threads_two_slow_targets_are_looked_at_side_by_side_and_once() -> None:
    """As in a worker: the call comes back while both wait for an answer, and a second ring for the same rows changes nothing."""
    acme, met = company.found(now=NINE), threading.Barrier(3, timeout=LONG_S)

    def slow(line: Any) -> None:
        met.wait()
        line.sendall(b"hello")

    with tcp_server(slow) as one, tcp_server(slow) as other, override_settings(PROBES_AT_ONCE=4):
        ids = [watching(acme, port, name=f"port {port}", expect="hello").pk for port in (one, other)]
        rounds.run_all(ids, now=NINE)
        rounds.run_all(ids, now=NINE)
        met.wait()
        assert until(lambda: Result.objects.count() == 2 and not rounds._in_hand, LONG_S)
    assert sorted(Result.objects.values_list("check_id", "status")) == [(pk, "ok") for pk in sorted(ids)]
    assert Watch.objects.filter(due_at=NINE + MINUTE, lease_until=None).count() == 2


def test_a_result_that_cannot_be_recorded_is_unknown_and_stops_nothing(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watching(acme, 1)
    monkeypatch.setattr(rounds, "look", lambda watch, now: (Finding(), [{"check": "mail port", "status": "purple"}]))
    assert rounds.run_one(watch.pk, now=NINE) is True
    result = Result.objects.get()
    assert (result.status, "could not be recorded" in result.summary) == ("unknown", True)
    assert Watch.objects.get().due_at == NINE + MINUTE
