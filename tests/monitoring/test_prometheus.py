"""Alertmanager's webhook and API: each alert for itself, in any order, over when it is over."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from incidents.models import LinkedAlert
from monitoring import intake
from monitoring.models import Alert, CheckState, RawBody, Result
from servicedesk import clock
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.doors import Sender, sender

DISK = {"alertname": "DiskFull", "instance": "db-1", "severity": "critical", "service": "email"}


@pytest.fixture
def prometheus(acme: Company, monkeypatch: pytest.MonkeyPatch) -> Sender:
    monkeypatch.setattr(clock, "now", lambda: NINE)
    return sender("alertmanager")


def at(minutes: int) -> str:
    return (NINE + timedelta(minutes=minutes)).isoformat()


def member(status: str = "firing", *, start: int = -60, end: int | None = None, **more: Any) -> dict[str, Any]:
    ends = "0001-01-01T00:00:00Z" if end is None else at(end)
    one = {"status": status, "labels": DISK, "annotations": {"summary": "Disk full"}, "startsAt": at(start), "endsAt": ends}
    return {**one, "fingerprint": "f1", **more}


def group(*members: dict[str, Any], status: str = "firing") -> dict[str, Any]:
    return {"version": "4", "status": status, "alerts": list(members), "truncatedAlerts": 0}


def test_a_firing_alert_reaches_the_desk_the_ordinary_way(prometheus: Sender) -> None:
    answer = prometheus.post(group(member()))
    assert answer.json()["accepted"] == 1
    assert prometheus.open() == {"DiskFull f1": "critical"}
    assert LinkedAlert.objects.get(alert_id=Alert.objects.get().pk).summary == "Disk full"
    assert Service.objects.get(slug="email").state == "critical"


def test_a_group_that_fires_may_hold_resolved_members(prometheus: Sender) -> None:
    prometheus.post(group(member(), member(fingerprint="f2")))
    prometheus.post(group(member("resolved", end=-1), member(fingerprint="f2"), status="firing"))
    assert prometheus.open() == {"DiskFull f2": "critical"}


def test_a_member_that_is_left_out_still_fires(prometheus: Sender) -> None:
    prometheus.post(group(member(), member(fingerprint="f2")))
    prometheus.post({**group(member("resolved", end=-1), status="resolved"), "truncatedAlerts": 1})
    assert list(prometheus.open()) == ["DiskFull f2"]


STORY = (member(start=-60), member("resolved", start=-60, end=-50), member(start=-40))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_fire_resolve_fire_in_any_order_ends_firing(prometheus: Sender, order: tuple[int, ...]) -> None:
    for n in (*order, *order):
        prometheus.post(group(STORY[n]))
    assert prometheus.open() == {"DiskFull f1": "critical"}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_when_both_are_over_no_order_leaves_it_open(prometheus: Sender, order: tuple[int, ...]) -> None:
    story = (*STORY, member("resolved", start=-40, end=-30))
    for n in (*order, order[0]):
        prometheus.post(group(story[n]))
    assert prometheus.open() == {}


def test_the_same_body_twice_is_heard_once(prometheus: Sender) -> None:
    prometheus.post(group(member()))
    assert prometheus.post(group(member())).json() | {"raw_id": ""} == {"accepted": 0, "duplicates": 1, "raw_id": ""}
    assert Result.objects.count() == 1


def test_a_resolve_whose_start_was_moved_to_its_end_still_resolves(prometheus: Sender) -> None:
    prometheus.post(group(member(start=-5)))
    prometheus.post(group(member("resolved", start=-6, end=-6, annotations={})))
    assert prometheus.open() == {}


def test_an_unknown_word_is_a_warning_with_a_remark(prometheus: Sender) -> None:
    prometheus.post(group(member(labels={**DISK, "severity": "spicy"})))
    assert prometheus.open() == {"DiskFull f1": "warning"}
    assert Result.objects.get().flag == "unknown severity 'spicy'"


def test_the_source_may_map_its_own_words(prometheus: Sender) -> None:
    prometheus.source.severity_map = {"spicy": "critical"}
    prometheus.source.save(update_fields=["severity_map"])
    prometheus.post(group(member(labels={**DISK, "severity": "spicy"})))
    assert prometheus.open() == {"DiskFull f1": "critical"}


def test_a_resolve_of_the_unknown_is_recorded_and_opens_nothing(prometheus: Sender) -> None:
    prometheus.post(group(member("resolved", end=-1)))
    assert Result.objects.get().status == "ok"
    assert Alert.objects.count() == 0


# Prometheus itself, pointed at us

API = "/api/v2/alerts"


def posted(*, ends: int) -> list[dict[str, Any]]:
    return [{"labels": DISK, "annotations": {"summary": "Disk full"}, "startsAt": at(-60), "endsAt": at(ends)}]


def test_prometheus_opens_repeats_and_resolves(prometheus: Sender) -> None:
    for _minute in range(3):
        assert prometheus.post(posted(ends=4), path=API).status_code == 200
    assert list(prometheus.open().values()) == ["critical"]
    prometheus.post(posted(ends=-1), path=API)
    assert prometheus.open() == {}


def test_what_prometheus_no_longer_repeats_is_over_while_it_speaks_of_others(prometheus: Sender) -> None:
    prometheus.post(posted(ends=4), path=API)
    intake.record(prometheus.source, [], raw_id=None, now=NINE + timedelta(minutes=3))
    assert intake.close_due(now=NINE + timedelta(minutes=3)) == 0
    assert intake.close_due(now=NINE + timedelta(minutes=4)) == 1
    assert prometheus.open() == {}


def test_what_a_prometheus_that_fell_silent_told_stays_for_a_day(prometheus: Sender) -> None:
    prometheus.post(posted(ends=4), path=API)
    intake.close_due(now=NINE + timedelta(minutes=4))
    assert list(prometheus.open().values()) == ["critical"]
    assert "fell silent" in CheckState.objects.get(check_ref__source=prometheus.source).summary
    intake.close_due(now=NINE + timedelta(days=1, minutes=4))
    assert prometheus.open() == {}


def test_alerts_without_labels_are_refused_by_place(prometheus: Sender) -> None:
    answer = prometheus.post([*posted(ends=4), {"labels": {}}], path=API)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "[1]")
    assert "[1]" in RawBody.objects.get().problem
    assert Result.objects.count() == 0


def test_an_alert_that_was_read_after_its_short_end_is_heard_when_it_is_posted_again(acme: Company) -> None:
    prometheus = sender("alertmanager")
    alert = {"labels": {"alertname": "DiskFull", "severity": "critical"}, "startsAt": "2026-11-23T08:00:00Z"}
    prometheus.post([{**alert, "endsAt": "2026-11-23T08:00:04Z"}], path="/api/v2/alerts")
    assert prometheus.open() == {}
    prometheus.post([{**alert, "endsAt": "2099-01-01T00:00:00Z"}], path="/api/v2/alerts")
    assert list(prometheus.open().values()) == ["critical"]
