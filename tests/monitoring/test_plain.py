"""The short way of a result that changes nothing: it takes those alone, and leaves what the long way would leave."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.models import Alert, Check, CheckState, RawBody, Result, SeenEvent, Source
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from servicedesk.tokens import minting
from tests.monitoring.shortway import ShortWay

needs_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="the statement is PostgreSQL's")
WELL = {"check": "ready-01", "status": "ok", "summary": "220 ready", "metrics": [{"name": "time", "value": 0.2, "unit": "s"}]}


@pytest.fixture
def token(acme: Company) -> str:
    minted = minting.mint()
    Source.objects.filter(slug="agents").update(token_prefix=minted.prefix, token_hash=minted.digest)
    return minted.token


@pytest.fixture
def sender(token: str) -> ShortWay:
    """The check is known and well."""
    client = ShortWay(headers={"Authorization": f"Bearer {token}"})
    assert post(client, {**WELL, "service": "email"}).status_code == 200
    assert client.handler.took == 0  # it was not known
    return client


def post(client: Client, item: Any, **more: Any) -> Any:
    return client.post("/in/results/", json.dumps(item), content_type="application/json", **more)


def test_a_check_that_stays_well_takes_the_short_way(sender: ShortWay) -> None:
    item = {**WELL, "event_id": "e-1", "labels": {"host": "a"}, "severity": 2}
    answer = post(sender, item)
    assert sender.handler.took == 1
    assert answer.json() == {"accepted": 1, "duplicates": 0, "raw_id": str(RawBody.objects.latest("id").pk)}
    stored = Result.objects.latest("id")
    assert (stored.summary, stored.labels, stored.metrics, stored.severity) == ("220 ready", {"host": "a"}, WELL["metrics"], 2)
    assert stored.raw_id == RawBody.objects.latest("id").pk
    assert bytes(RawBody.objects.latest("id").body) == json.dumps(item).encode()


def test_what_a_page_shows_moves_with_it(sender: ShortWay) -> None:
    CheckState.objects.update(last_result_at=None)
    Source.objects.update(last_heard_at=None)
    Service.objects.update(checked_at=None)
    post(sender, {**WELL, "summary": "221 bye"})
    state, received = CheckState.objects.get(check_ref__slug="ready-01"), Result.objects.latest("id").received_at
    assert sender.handler.took == 1
    assert (state.summary, state.value, state.last_result_at) == ("221 bye", "0.2 s", received)
    assert Source.objects.get(slug="agents").last_heard_at == received
    assert Service.objects.get(slug="email").checked_at == received


@pytest.mark.django_db
def test_it_costs_one_statement_on_postgresql_and_few_on_sqlite(sender: ShortWay) -> None:
    ran: list[str] = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        ran.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        post(sender, {**WELL, "event_id": "e-2"})
    assert sender.handler.took == 1
    assert len([sql for sql in ran if "SAVEPOINT" not in sql]) == (0 if connection.vendor == "postgresql" else 7)


@pytest.mark.parametrize(
    "item",
    [
        {**WELL, "status": "critical"},
        {**WELL, "check": "unheard"},
        {**WELL, "started_at": "2026-11-24T08:00:00Z"},
        {**WELL, "severity": "disaster"},
        {**WELL, "status": "fine"},
        [WELL, WELL],
        [],
    ],
    ids=["bad", "new", "own time", "a word", "wrong", "two", "none"],
)
def test_everything_else_takes_the_long_way(sender: ShortWay, item: Any) -> None:
    post(sender, item)
    assert sender.handler.took == 0


@pytest.mark.parametrize("columns", [{"period_s": 60}, {"cron": "* * * * *"}, {"is_paused": True}])
def test_a_check_with_a_time_of_its_own_takes_the_long_way(sender: ShortWay, columns: dict[str, Any]) -> None:
    Check.objects.update(**columns)
    assert post(sender, WELL).status_code == 200
    assert sender.handler.took == 0


@pytest.mark.parametrize("columns", [{"token_hash": ""}, {"is_active": False}, {"kind": "alertmanager"}])
def test_a_source_that_may_not_speak_is_refused_at_once(sender: ShortWay, columns: dict[str, Any]) -> None:
    Source.objects.update(**columns)
    assert post(sender, WELL).status_code in (401, 403)


def test_a_token_that_ran_out_is_refused(sender: ShortWay) -> None:
    Source.objects.update(expires_at=Result.objects.latest("id").received_at - timedelta(seconds=1))
    assert post(sender, WELL).status_code == 401


@pytest.mark.parametrize("more", [{"HTTP_HOST": "elsewhere.example"}, {"HTTP_CONTENT_ENCODING": "gzip"}])
def test_what_the_middleware_would_look_at_is_left_to_it(sender: ShortWay, more: dict[str, str]) -> None:
    post(sender, WELL, **more)
    assert sender.handler.took == 0


@pytest.mark.parametrize(("proto", "took"), [("http", 0), ("https", 1)])
def test_where_https_is_asked_for_plain_http_is_left_to_the_redirect(sender: ShortWay, settings: Any, proto: str, took: int) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    post(sender, WELL, HTTP_X_FORWARDED_PROTO=proto)
    assert sender.handler.took == took


def test_the_same_event_is_once_whichever_way_it_comes(sender: ShortWay) -> None:
    event = {**WELL, "event_id": "e-17"}
    answers = [post(sender, event).json(), post(sender, event).json()]
    assert [answer["duplicates"] for answer in answers] == [0, 1]
    assert Result.objects.count() == 2
    assert SeenEvent.objects.count() == 1


STATUS = st.sampled_from(["ok", "ok", "ok", "warning", "critical", "unknown"])


@given(statuses=st.lists(STATUS, min_size=1, max_size=12), confirm=st.integers(1, 3))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_end_alike(token: str, statuses: list[str], confirm: int) -> None:
    """Two checks hear the same, one by each way: state, alerts and results are equal after every step."""
    ways = [(Client, "long"), (ShortWay, "short")]
    for _client, name in ways:
        forget(name, confirm)
    for status in statuses:
        for client, name in ways:
            sent = post(client(headers={"Authorization": f"Bearer {token}"}), {"check": name, "status": status, "summary": status})
            assert sent.status_code == 200
        assert left("long") == left("short")


def forget(name: str, confirm: int) -> None:
    source = Source.objects.get(slug="agents")
    check, _made = Check.objects.get_or_create(source=source, slug=name, defaults={"created_at": source.checks.earliest("id").created_at})
    Check.objects.filter(pk=check.pk).update(confirm=confirm, service=None)
    CheckState.objects.filter(check_ref=check).delete()
    Result.objects.filter(check_id=check.pk).delete()
    Alert.objects.filter(check_ref=check).delete()


def left(name: str) -> Any:
    check = Check.objects.get(slug=name)
    state = CheckState.objects.get(check_ref=check)
    alerts = list(Alert.objects.filter(check_ref=check).order_by("id").values_list("status", "worst", "is_flapping", "summary"))
    results = list(Result.objects.filter(check_id=check.pk).order_by("id").values_list("status", "summary"))
    return state.status, state.is_settled, state.summary, state.value, alerts, results


SIGNALS = st.lists(st.sampled_from(["", "", "", "/fail", "/start", "/log", "/0", "/7"]), min_size=1, max_size=8)


@needs_postgresql
@given(signals=SIGNALS, more=st.sampled_from([{}, {"confirm": 2}, {"is_paused": True}, {"cron": "* * * * *"}, {"period_s": None}]))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pings_end_alike_both_ways(token: str, signals: list[str], more: dict[str, Any]) -> None:
    ways = [(Client, "long"), (ShortWay, "short")]
    for _client, name in ways:
        forget(name, 1)
        Check.objects.filter(slug=name).update(kind="heartbeat", period_s=60, cron="", is_paused=False)
        Client().get(f"/ping/{Check.objects.get(slug=name).ping_id}")
        Check.objects.filter(slug=name).update(**more)
    for signal in signals:
        for client, name in ways:
            assert client().get(f"/ping/{Check.objects.get(slug=name).ping_id}{signal}").content == b"OK"
        assert left("long") == left("short")
        assert late("long") == late("short")


def late(name: str) -> tuple[bool, float | None]:
    """Whether its last result was heard, and in how many seconds from then it is late."""
    state = CheckState.objects.get(check_ref__slug=name)
    is_heard = state.last_result_at == Result.objects.filter(check_id=state.pk).latest("id").received_at
    if state.overdue_at is None or state.last_result_at is None or state.check_ref.cron:
        return is_heard, None
    return is_heard, round((state.overdue_at - state.last_result_at).total_seconds())


@needs_postgresql
def test_a_heartbeat_that_beats_takes_the_short_way(sender: ShortWay) -> None:
    Check.objects.filter(slug="ready-01").update(kind="heartbeat", period_s=60)
    ping_id = Check.objects.get(slug="ready-01").ping_id
    sender.get(f"/ping/{ping_id}")  # it had not been expected before
    assert sender.handler.took == 0
    answers = [sender.get(f"/ping/{ping_id}"), sender.head(f"/ping/{ping_id}")]
    assert [(answer.status_code, answer.content, answer["Content-Type"]) for answer in answers] == [
        (200, b"OK", "text/plain"),
        (200, b"", "text/plain"),
    ]
    assert sender.handler.took == 2
    CheckState.objects.update(overdue_at=Result.objects.latest("id").received_at)
    sender.get(f"/ping/{ping_id}")
    sender.post(f"/ping/{ping_id}", b"words", content_type="text/plain")
    assert sender.handler.took == 2
