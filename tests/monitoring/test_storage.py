"""How results are kept: rolled up once each stretch is over, in partitions by day, and not for ever. The same on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from monitoring import intake
from monitoring.models import Alert, Check, RawBody, Result, Rollup, RollupMark, Source, StateChange
from monitoring.normal import Signal
from monitoring.storage import keeping, partitions, rolling
from servicedesk.operations import retention
from servicedesk.operations.models import Retention
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="partitions are PostgreSQL's")


def used(value: float, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "used", "value": value, "unit": "%", "warn": 80, "crit": 90} | more]


def heard(at: datetime, status: str = "ok", metrics: list[dict[str, Any]] | None = None, **more: Any) -> Result:
    return Result.objects.create(day=at.date(), check_id=1, status=status, metrics=metrics or [], received_at=at, **more)


@pytest.mark.django_db
def test_five_minutes_of_results_become_a_row_of_states_and_one_a_metric() -> None:
    for minute, value in enumerate((70, 80, 90)):
        heard(NINE + minute * MINUTE, "warning" if value == 90 else "ok", used(value))
    rolling.roll_due(now=NINE + 6 * MINUTE)
    states, values = Rollup.objects.filter(step_s=300).order_by("metric")
    assert (states.n, states.bad, states.worst, states.total) == (3, 1, "warning", None)
    assert (values.metric, values.low, values.high, values.total, values.unit) == ("used", 70, 90, 240, "%")


@pytest.mark.django_db
def test_a_stretch_is_left_alone_until_nothing_of_it_can_come_any_more() -> None:
    heard(NINE)
    assert rolling.roll_due(now=NINE + 5 * MINUTE + timedelta(seconds=59)) == 0
    assert rolling.roll_due(now=NINE + 6 * MINUTE) == 1
    assert rolling.roll_due(now=NINE + 7 * MINUTE) == 0
    assert Rollup.objects.filter(step_s=300).count() == 1


@pytest.mark.django_db
def test_thresholds_are_those_that_were_sent_with_the_values() -> None:
    heard(NINE, metrics=used(70, crit=97))
    heard(NINE + 5 * MINUTE, metrics=used(71, crit=95))
    heard(NINE + 6 * MINUTE, metrics=used(71, crit=None))
    rolling.roll_due(now=NINE + 12 * MINUTE)
    assert list(Rollup.objects.filter(metric="used").values_list("warn", "crit")) == [("80", "97"), ("80", "")]


@pytest.mark.django_db
def test_hours_and_days_are_made_of_what_is_below_them() -> None:
    for hour in range(30):
        heard(NINE + hour * HOUR, metrics=used(hour))
    for _run in range(40):
        rolling.roll_due(now=NINE + 2 * DAY)
    day = Rollup.objects.get(metric="used", step_s=rolling.DAY, at=datetime(2026, 11, 23, tzinfo=NINE.tzinfo))
    assert (day.n, day.low, day.high, day.total) == (16, 0, 15, sum(range(16)))
    assert Rollup.objects.filter(metric="used", step_s=rolling.HOUR).count() == 30


@pytest.mark.django_db
def test_a_long_silence_costs_one_look() -> None:
    heard(NINE - 60 * DAY)
    heard(NINE)
    assert rolling.roll_due(now=NINE + HOUR) < 10
    assert Rollup.objects.filter(step_s=300).count() == 2


@pytest.mark.django_db
def test_a_stretch_is_never_stored_twice() -> None:
    heard(NINE)
    rolling.roll_due(now=NINE + 6 * MINUTE)
    RollupMark.objects.filter(step_s=300).update(done_until=NINE)
    with pytest.raises(Exception, match=r"(?i)unique"):
        rolling.roll_due(now=NINE + 6 * MINUTE)


@pytest.mark.django_db
def test_values_that_are_none_and_pings_without_an_outcome_are_left_out() -> None:
    heard(NINE, metrics=[{"name": "a", "value": "NaN"}, {"name": "b", "value": None}, {"name": "c", "value": True}])
    heard(NINE, "unknown", summary="start")
    rolling.roll_due(now=NINE + 6 * MINUTE)
    assert [(row.metric, row.n, row.worst) for row in Rollup.objects.all()] == [("", 1, "ok")]


@pytest.mark.django_db
def test_a_label_that_became_a_metric_does_not_fill_the_table() -> None:
    for minute in range(4):
        heard(NINE + minute * MINUTE, metrics=[{"name": f"user-{minute}-{n}", "value": 1} for n in range(100)])
    rolling.roll_due(now=NINE + 6 * MINUTE)
    assert Rollup.objects.count() <= 42


@postgresql
@pytest.mark.django_db
def test_today_and_the_next_days_get_a_partition_and_what_came_before_moves_into_it() -> None:
    heard(NINE)
    assert partitions.make_ahead(now=NINE) == 4
    assert partitions.make_ahead(now=NINE) == 0
    heard(NINE + DAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM monitoring_result GROUP BY 1 ORDER BY 1")
        assert cursor.fetchall() == [("monitoring_result_20261123", 1), ("monitoring_result_20261124", 1)]


@postgresql
@pytest.mark.django_db
def test_an_old_day_is_dropped_whole() -> None:
    partitions.make_ahead(now=NINE)
    heard(NINE)
    assert partitions.forget((NINE + DAY).date()) == 1
    assert sorted(partitions.days()) == [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]
    assert Result.objects.count() == 0


@pytest.mark.django_db
def test_results_of_old_days_go_and_those_kept_stay() -> None:
    heard(NINE - 15 * DAY)
    heard(NINE - 14 * DAY)
    retention.prune(now=NINE)
    assert list(Result.objects.values_list("day", flat=True)) == [(NINE - 14 * DAY).date()]


def test_each_category_goes_at_its_own_age(acme: Company) -> None:
    check = Check.objects.get(slug="smtp-01")
    RawBody.objects.create(received_at=NINE - 15 * DAY, body=b"x")
    alert = {"check_ref": check, "source_id": check.source_id, "status": "critical", "opened_at": NINE, "since": NINE, "status_since": NINE}
    Alert.objects.create(dedup_key="a", cleared_at=NINE - 401 * DAY, **alert)
    Alert.objects.create(dedup_key="b", **alert)
    StateChange.objects.create(check_ref=check, at=NINE - 401 * DAY, before="ok", after="critical")
    Rollup.objects.create(check_id=1, step_s=300, at=NINE - 15 * DAY, n=1)
    Rollup.objects.create(check_id=1, step_s=3600, at=NINE - 15 * DAY, n=1)
    gone = retention.pruned(now=NINE)
    assert (gone["bodies"], gone["alerts"], gone["figures_5min"], gone["figures_hour"]) == (1, 2, 1, 0)
    assert Alert.objects.get().dedup_key == "b"


def test_an_administrator_chooses_the_days_but_not_too_few(acme: Company) -> None:
    adam = signed_in(acme.people["adam"])
    assert b"Results of checks" in adam.get("/admin/operations/retention/").content
    assert b"At least 2 days" in adam.post("/admin/operations/retention/results/change/", {"keep_days": "1"}).content
    assert adam.post("/admin/operations/retention/results/change/", {"keep_days": "30"}).status_code == 302
    assert retention.days_kept()["results"] == 30


def test_prune_says_what_was_dropped(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    Retention.objects.create(category="bodies", keep_days=3)
    RawBody.objects.create(received_at=NINE - 30 * DAY, body=b"x")
    call_command("prune")
    assert "bodies: kept 3 days, dropped 1" in capsys.readouterr().out


def test_only_a_confirmed_change_of_state_is_history(acme: Company) -> None:
    check = Check.objects.get(slug="smtp-01")  # two bad results in a row
    for minute, status in enumerate(("ok", "critical", "critical", "ok")):
        intake.record(check.source, [Signal(check="smtp-01", status=status, summary=f"n{minute}")], raw_id=None, now=NINE + minute * MINUTE)
    told = [(change.at, change.before, change.after, change.summary) for change in check.changes.order_by("pk")]
    assert told == [
        (NINE, "unknown", "ok", "n0"),
        (NINE + 2 * MINUTE, "ok", "critical", "n2"),
        (NINE + 3 * MINUTE, "critical", "ok", "n3"),
    ]


def suspect(source: Source, name: str, status: str, at: datetime) -> Check:
    signal = Signal(check=f"sshd {name}", status=status, summary="12 tries", labels={"suspect": name})
    intake.record(source, [signal], raw_id=None, now=at)
    return Check.objects.get(source=source, slug=signal.check)


def test_an_address_that_was_quiet_for_long_is_forgotten_whole(acme: Company) -> None:
    agents = Source.objects.get(slug="agents")
    for status, at in (("warning", NINE), ("ok", NINE + timedelta(hours=1))):
        gone = suspect(agents, "203.0.113.5", status, at)
    attacks = suspect(agents, "203.0.113.6", "warning", NINE)
    watched = Check.objects.get(slug="smtp-01")
    assert Alert.objects.filter(check_ref=gone).exists()
    assert keeping.forget_suspects(NINE + timedelta(hours=1), now=NINE) == 0
    assert keeping.forget_suspects(NINE + timedelta(days=30), now=NINE) == 1
    assert not Alert.objects.filter(dedup_key__contains="203.0.113.5").exists()
    assert set(Check.objects.filter(pk__in=[gone.pk, attacks.pk, watched.pk])) == {attacks, watched}
    assert suspect(agents, "203.0.113.5", "warning", NINE + timedelta(days=31)).pk != gone.pk  # it comes back as a new one
