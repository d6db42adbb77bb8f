"""A worker's heartbeat stops when a task hangs or its loop stands still, and goes on while its broker is away."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from celery.worker import state

from servicedesk import pulse
from servicedesk.pulse import Pulse

CONNECTED = SimpleNamespace(consumer=SimpleNamespace(connection=object()))
AWAY = SimpleNamespace(consumer=SimpleNamespace(connection=None))


def task(running_s: float) -> SimpleNamespace:
    return SimpleNamespace(time_start=time.time() - running_s)


@pytest.mark.parametrize(("running_s", "well"), [((), True), ((5, 29), True), ((5, 31), False)])
def test_a_task_may_run_for_thirty_seconds(monkeypatch: pytest.MonkeyPatch, running_s: tuple[float, ...], well: bool) -> None:
    monkeypatch.setattr(state, "active_requests", [task(seconds) for seconds in running_s])
    assert Pulse(CONNECTED).well() is well


def test_a_loop_that_stands_still_is_not_well() -> None:
    ours = Pulse(CONNECTED)
    ours.looped_at -= pulse.LOOP_MOST_S + 1
    assert not ours.well()
    ours.looped()
    assert ours.well()


def test_a_worker_that_looks_for_its_broker_is_well() -> None:
    ours = Pulse(AWAY)
    ours.looped_at -= 600
    assert ours.well()
