"""The engine runs what is due, once, whoever else runs; a pass that fails stops nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from servicedesk.operations import engine, examination
from servicedesk.operations.engine import Engine, Lane, Leases, enrol, run_once
from servicedesk.operations.models import EnginePass
from servicedesk.operations.passes import PASSES, Pass

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Diary:
    """A pass that writes down when it ran and hands back the numbers it is given, then 0."""

    def __init__(self, *handled: int, raises: Exception | None = None) -> None:
        self.handled, self.raises, self.ran = list(handled), raises, list[datetime]()

    def __call__(self, *, now: datetime) -> int:
        self.ran.append(now)
        if self.raises:
            raise self.raises
        return self.handled.pop(0) if self.handled else 0


def lane(*passes: Pass, holder: str = "one") -> Lane:
    enrol(passes)
    return Lane(passes, holder, threading.Event())


def until(fact: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not fact() and time.monotonic() < end:
        time.sleep(0.02)
    return fact()


def test_run_once_runs_every_pass_in_order_at_the_given_time() -> None:
    first, second = Diary(2), Diary(0)
    assert run_once(NOON, [Pass("first", 1, first), Pass("second", 1, second)]) == {"first": 2, "second": 0}
    assert first.ran == second.ran == [NOON]


def test_run_once_runs_the_rest_when_one_fails_and_then_says_so() -> None:
    after = Diary()
    with pytest.raises(ExceptionGroup, match="engine passes failed"):
        run_once(NOON, [Pass("bad", 1, Diary(raises=ValueError("row 7"))), Pass("after", 1, after)])
    assert after.ran == [NOON]


@pytest.mark.django_db
def test_a_failing_pass_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    after = Diary()
    bad = Pass("bad", 1, Diary(raises=ValueError("row 7")))
    lane(bad, Pass("after", 1, after)).tick()
    assert len(after.ran) == 1
    assert "row 7" in caplog.text


@pytest.mark.django_db
def test_a_failing_pass_is_tried_later_and_later() -> None:
    one = Pass("bad", 1, Diary(raises=ValueError()))
    failing = lane(one)
    pauses = []
    for _ in range(5):
        failing.attempt(one)
        pauses.append(failing.pause_s(one))
    assert pauses == [2, 4, 8, 10, 10]


@pytest.mark.django_db
def test_a_pass_that_handled_rows_runs_again_until_nothing_is_left() -> None:
    catching_up = Diary(200, 200, 3)
    lane(Pass("p", 60, catching_up)).tick()
    assert len(catching_up.ran) == 4


@pytest.mark.django_db
def test_a_pass_keeps_its_pace() -> None:
    slow = Diary()
    ours = lane(Pass("slow", 60, slow))
    ours.tick()
    ours.tick()
    assert len(slow.ran) == 1


@pytest.mark.django_db
def test_of_two_engines_one_runs_a_pass() -> None:
    one, two = Diary(), Diary()
    lane(Pass("p", 1, one), holder="one").tick()
    lane(Pass("p", 1, two), holder="two").tick()
    assert (len(one.ran), len(two.ran)) == (1, 0)


@pytest.mark.django_db
def test_a_lease_that_ran_out_is_taken_by_the_other() -> None:
    two = Diary()
    lane(Pass("p", 1, Diary()), holder="one").tick()
    EnginePass.objects.update(lease_until=Now() - timedelta(seconds=1))
    lane(Pass("p", 1, two), holder="two").tick()
    assert len(two.ran) == 1
    assert EnginePass.objects.get(name="p").holder == "two"


@pytest.mark.django_db
def test_a_rare_pass_of_a_killed_engine_does_not_wait_for_its_next_hour() -> None:
    diary = Diary()
    hourly = Pass("hourly", 3600, diary)
    lane(hourly, holder="killed").leases.renew()
    heir = lane(hourly, holder="heir")
    heir.tick()
    assert (diary.ran, heir.next_at["hourly"] <= time.monotonic() + engine.LEASE_S) == ([], True)


@pytest.mark.django_db
@pytest.mark.parametrize(("rested_s", "told"), [(10, 0), (600, 1)])
def test_a_pass_nobody_ran_for_a_while_is_told_so_before_it_runs(rested_s: int, told: int) -> None:
    woken: list[float] = []

    def wake(*, since: datetime, now: datetime) -> int:
        woken.append((now - since).total_seconds())
        return 0

    ours = lane(Pass("p", 1, Diary(), after_rest=wake))
    EnginePass.objects.update(ran_at=Now() - timedelta(seconds=rested_s))
    ours.tick()
    ours.next_at = dict.fromkeys(ours.next_at, 0.0)
    ours.tick()
    assert [round(seconds / 10) * 10 for seconds in woken] == [rested_s] * told


@pytest.mark.django_db
def test_a_lease_given_back_is_free_at_once() -> None:
    first, two = lane(Pass("p", 1, Diary()), holder="one"), Diary()
    first.tick()
    first.leases.release()
    lane(Pass("p", 1, two), holder="two").tick()
    assert len(two.ran) == 1


@pytest.mark.django_db
def test_an_older_engine_leaves_a_pass_of_a_newer_one_alone() -> None:
    ours, newer = Diary(), engine.VERSION + 1
    EnginePass.objects.create(name="p", every_s=1, version=newer)
    lane(Pass("p", 1, ours)).tick()
    assert ours.ran == []
    assert EnginePass.objects.get(name="p").version == newer


@pytest.mark.django_db
def test_an_older_engine_says_so_and_doctor_says_it_too(caplog: pytest.LogCaptureFixture) -> None:
    EnginePass.objects.create(name="p", every_s=1, version=engine.VERSION + 1)
    enrol([Pass("p", 1, Diary())])
    assert "a newer engine works on this database" in caplog.text
    told = [finding.words for finding in examination.open_faults(now=NOON) if finding.part == "engine"]
    assert f"is version {engine.VERSION}, and version {engine.VERSION + 1} works on this database" in told[0]


@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_that_is_set_is_noticed_once(caplog: pytest.LogCaptureFixture, hours: int) -> None:
    ours = Engine(passes=[])
    assert ours.look_at_clock() == 0
    ours.clocks_apart -= hours * 3600
    assert round(ours.look_at_clock() / 3600) == hours
    assert "the machine's clock was set" in caplog.text
    assert ours.look_at_clock() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [2, -2])
def test_a_step_of_the_desks_clock_frees_no_lease(hours: int, time_machine: Any) -> None:
    lane(Pass("p", 1, Diary()), holder="one").tick()
    two = Diary()
    time_machine.move_to(datetime.now(UTC) + timedelta(hours=hours))
    lane(Pass("p", 1, two), holder="two").tick()
    assert two.ran == []


@pytest.mark.django_db
def test_a_renewal_notes_when_a_pass_ran_by_the_databases_clock() -> None:
    ours = lane(Pass("p", 1, Diary()), Pass("failing", 1, Diary(raises=ValueError())))
    ours.tick()
    ours.leases.renew()
    rows = {row.name: row for row in EnginePass.objects.annotate(moment=Now())}
    assert timedelta() <= rows["p"].moment - rows["p"].ran_at < timedelta(seconds=5)
    assert rows["failing"].ran_at is None


@pytest.mark.django_db
def test_an_idle_engine_writes_at_most_every_two_seconds(django_assert_num_queries: Callable[..., object]) -> None:
    ours = lane(Pass("p", 1, Diary()), Pass("q", 1, Diary()))
    ours.tick()
    ours.next_at = dict.fromkeys(ours.next_at, 0.0)
    with django_assert_num_queries(0):
        ours.tick()


@pytest.mark.django_db
def test_a_lane_with_little_to_do_tells_soon_that_it_ran() -> None:
    slow = lane(Pass("minute", 60, Diary()))
    slow.tick()
    assert EnginePass.objects.get(name="minute").ran_at is None
    slow.leases.renewed_at -= engine.RENEW_S
    slow.tick()
    assert EnginePass.objects.get(name="minute").ran_at is not None


@pytest.mark.django_db
def test_leases_are_renewed_when_they_are_old() -> None:
    leases = Leases(["p"], "one")
    enrol([Pass("p", 1, Diary())])
    assert leases.hold("p")
    EnginePass.objects.update(holder="two", lease_until=Now() + timedelta(seconds=60))
    leases.renewed_at -= engine.RENEW_S
    assert not leases.hold("p")


@pytest.mark.django_db(transaction=True)
def test_an_engine_works_until_it_is_told_to_stop_and_leaves_no_lease(tmp_path: Path) -> None:
    desk, post = Diary(), Diary()
    ours = Engine([Pass("desk", 1, desk), Pass("post", 1, post, lane="post")], heartbeat=tmp_path / "beat")
    thread = threading.Thread(target=lambda: (ours.run(), connection.close()))
    thread.start()
    assert until(lambda: bool(desk.ran and post.ran) and (tmp_path / "beat").exists())
    ours.stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert set(EnginePass.objects.values_list("lease_until", flat=True)) == {None}


def test_the_heartbeat_goes_stale_when_a_lane_stands_still(tmp_path: Path) -> None:
    ours = Engine([Pass("p", 1, Diary())], heartbeat=tmp_path / "beat")
    ours.lanes["desk"].moved_at -= engine.PATIENCE_S["desk"] + 1
    ours.beat()
    assert not (tmp_path / "beat").exists()


def test_passes_have_names_of_their_own_and_known_lanes() -> None:
    assert len({one.name for one in PASSES}) == len(PASSES)
    assert {one.lane for one in PASSES} <= set(engine.PATIENCE_S)
