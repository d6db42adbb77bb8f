"""What psutil tells of this very machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import namedtuple
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from monitoring.probes import disk, memory, processes, rates, traffic
from tests.actors import NINE
from tests.monitoring.probes.looking import look, told, values

MINUTE = timedelta(minutes=1)


def test_a_disk_tells_room_and_inodes_as_the_kernel_does(tmp_path: Path) -> None:
    found = values(look("disk", mounts=str(tmp_path)))
    kernel = os.statvfs(tmp_path)
    assert found[f"used_percent {tmp_path}"] == pytest.approx(100 * (1 - kernel.f_bavail / kernel.f_blocks), abs=15)
    assert found[f"free {tmp_path}"] == pytest.approx(kernel.f_bavail * kernel.f_frsize, rel=0.05)
    assert 0 <= found[f"inodes_free_percent {tmp_path}"] <= 100


@pytest.mark.parametrize(("free_gib", "status"), [(100, "ok"), (8, "warning"), (3, "critical")])
def test_a_full_disk_is_a_problem_where_little_is_left_as_well(free_gib: int, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free percent")
    free = free_gib * 2**30
    monkeypatch.setattr(disk.psutil, "disk_usage", lambda _mount: usage(free * 20, free * 19, free, 95.0))
    monkeypatch.setattr(disk, "_inodes", lambda _mount: SimpleNamespace(f_files=100, f_favail=90))
    assert told("disk", mounts="/")["status"] == status


def test_inodes_that_run_out_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_inodes", lambda _mount: SimpleNamespace(f_files=1000, f_favail=50))
    result = told("disk", mounts="/")
    assert result["status"] == "critical"
    assert "inodes_free_percent / 5 %" in result["summary"]


def test_a_mount_that_is_not_there_is_unknown_and_takes_nothing_from_the_others() -> None:
    result = told("disk", mounts="/, /no/such/mount")
    assert result["status"] in ("unknown", "warning", "critical")
    assert "/no/such/mount cannot be read: No such file or directory" in result["summary"]
    assert any(metric["name"] == "free /" for metric in result["metrics"])


def test_memory_adds_up_and_no_swap_is_left_out() -> None:
    found = look("memory")
    assert 0 < values(found)["used_percent"] < 100
    assert ("swap_used_percent" in values(found)) == bool(psutil.swap_memory().total)


def test_a_kill_for_want_of_memory_is_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_kills", lambda: 7)
    assert "oom_kills" not in values(look("memory"))  # how many there were before is not known
    result = told("memory", memory={"kills": 5})
    assert (result["status"], "oom_kills 2, critical" in result["summary"]) == ("critical", True)


def test_a_kernel_that_tells_no_kills_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "VMSTAT", Path("/no/such/file"))
    assert told("memory")["status"] == "unknown"


def test_cpu_and_load_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "getloadavg", lambda: (40.0, 20.0, 10.0))
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    found = values(look("cpu", over_s=0.1))
    assert (found["load1_per_cpu"], found["load5_per_cpu"], found["load15_per_cpu"]) == (10, 5, 2.5)
    assert {"used_percent", "iowait_percent", "steal_percent"} <= set(found)


def test_a_busy_processor_is_seen() -> None:
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(psutil.cpu_count() or 1)]
    try:
        assert values(look("cpu", over_s=1))["used_percent"] > 30
    finally:
        for one in burning:
            one.kill()
            one.wait()


def test_descriptors_and_processes_are_counted() -> None:
    found = values(look("processes", must_run="no-such-program"))
    assert 0 < found["descriptors_percent"] <= 100
    assert found["processes"] >= 1
    assert found["program_descriptors_percent"] > 0
    assert ("critical", "no-such-program does not run") in look("processes", must_run="no-such-program").faults


def test_our_own_descriptors_move_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.psutil, "process_iter", lambda names: [me])
    me = psutil.Process()
    me.info = {"name": "me", "pid": me.pid}  # type: ignore[attr-defined]
    before = values(look("processes"))["program_descriptors_percent"]
    held = [Path(os.devnull).open() for _ in range(100)]  # noqa: SIM115
    after = values(look("processes"))["program_descriptors_percent"]
    for one in held:
        one.close()
    assert after - before == pytest.approx(100 * 100 / me.rlimit(psutil.RLIMIT_NOFILE)[0], rel=0.2)


def counted(received: int, sent: int = 0, dropped: int = 0) -> dict[str, Any]:
    quiet = {"packets_sent": 0, "dropout": 0, "errin": 0, "errout": 0}
    return {"eth0": SimpleNamespace(bytes_recv=received, bytes_sent=sent, packets_recv=1000 + received // 100, dropin=dropped, **quiet)}


def traffic_twice(monkeypatch: pytest.MonkeyPatch, before: int, after: int, *, speed: int = 0, **given: Any) -> Any:
    monkeypatch.setattr(traffic.psutil, "net_if_stats", lambda: {"eth0": SimpleNamespace(speed=speed, isup=True)})
    monkeypatch.setattr(traffic.psutil, "net_io_counters", lambda pernic: counted(before))
    first = look("traffic", interfaces="eth0", **given)
    monkeypatch.setattr(traffic.psutil, "net_io_counters", lambda pernic: counted(after, dropped=after // 10_000))
    return look("traffic", interfaces="eth0", memory=first.memory, now=NINE + MINUTE, **given)


def test_traffic_is_bits_a_second_and_a_share_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    found = values(traffic_twice(monkeypatch, 0, 60 * 11_250_000, speed=100))
    assert found["received_bits eth0"] == 90_000_000
    assert found["line_percent eth0"] == 90


def test_a_line_that_tells_no_speed_has_no_share_until_one_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "line_percent eth0" not in values(traffic_twice(monkeypatch, 0, 6_000_000))
    assert values(traffic_twice(monkeypatch, 0, 60 * 1_250_000, speed_mbit=20))["line_percent eth0"] == 50


def test_a_counter_that_was_reset_is_neither_a_drop_nor_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    assert values(traffic_twice(monkeypatch, 5_000_000, 10)) == {}


def test_rates_need_two_readings_not_too_far_apart() -> None:
    kept = rates.note({"a": 10}, NINE)
    assert rates.per_second({"a": 70, "b": 1}, kept, NINE + MINUTE) == ({"a": 1.0}, 60.0)
    assert rates.per_second({"a": 70}, kept, NINE + timedelta(days=2)) == ({}, 0.0)
    assert rates.per_second({"a": 70}, {"at": "nonsense", "counters": {}}, NINE) == ({}, 0.0)


def test_an_interface_that_is_not_there_is_unknown() -> None:
    assert "there is no such interface" in told("traffic", interfaces="nonsense0")["summary"]
