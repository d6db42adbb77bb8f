"""/healthz says that a process answers; /readyz that the house does its work, and what is wrong when it does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client

from notifications.models import Message
from servicedesk.operations import engine, health
from servicedesk.operations.models import EnginePass
from servicedesk.operations.passes import PASSES

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def awake(db: None) -> None:
    """Every pass ran this moment."""
    engine.enrol(PASSES)
    EnginePass.objects.update(ran_at=Now())


@pytest.fixture(autouse=True)
def no_broker(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def page(due_at: datetime, state: str = Message.State.QUEUED) -> Message:
    return Message.objects.create(
        thread="INC-214", key=str(due_at), lane="page", channel="sms", to="+33600000001", text="t", reference="r", state=state,
        due_at=due_at, created_at=due_at,
    )  # fmt: skip


@pytest.mark.django_db
def test_healthz_asks_the_database_nothing(client: Client, django_assert_num_queries: Callable[[int], AbstractContextManager[Any]]) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_the_house_is_ready_when_the_engine_is_awake_even_without_a_broker(awake: None, client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() | {"engine_age_s": 0} == {
        "ready": True, "database": True, "engine_age_s": 0, "overdue_page_s": None, "broker": "degraded", "on_hold": False,
    }  # fmt: skip


def test_it_is_not_ready_when_one_pass_stands_still(awake: None, client: Client) -> None:
    EnginePass.objects.filter(name="advance escalations").update(ran_at=Now() - timedelta(seconds=40))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert 38 < answer.json()["engine_age_s"] < 42


def test_a_pass_that_runs_hourly_may_rest_for_an_hour(awake: None) -> None:
    EnginePass.objects.filter(name="forget seen events").update(ran_at=Now() - timedelta(seconds=3500))
    assert health.look(now=NOON).ready


def test_it_is_not_ready_before_the_engine_ever_ran(db: None) -> None:
    assert not health.look(now=NOON).ready


@pytest.mark.parametrize(("late_s", "ready"), [(59, True), (61, False)])
def test_a_page_that_lies_about_for_a_minute_is_told(awake: None, late_s: int, ready: bool) -> None:
    page(NOON - timedelta(seconds=late_s))
    found = health.look(now=NOON)
    assert (found.ready, found.overdue_page_s) == (ready, late_s)


def test_a_page_that_is_sent_or_due_later_is_not_overdue(awake: None) -> None:
    page(NOON - timedelta(hours=1), state=Message.State.SENT)
    page(NOON + timedelta(hours=1), state=Message.State.PLANNED)
    assert health.look(now=NOON).overdue_page_s is None


def test_it_is_not_ready_when_the_database_refuses_a_write(awake: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(health, "write", full)
    assert health.look(now=NOON).as_json()["database"] is False
    assert not health.look(now=NOON).ready


def test_readyz_needs_no_sign_in_and_takes_no_post(awake: None, client: Client) -> None:
    assert client.post("/readyz").status_code == 405
