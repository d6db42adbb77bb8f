"""The supervisor on small children: what dies comes back, what is silent is killed, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from servicedesk.operations import supervisor

SLEEPER = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]); " + SLEEPER.replace(
    "sys.argv[1]", "sys.argv[1] + '.parent'"
)
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
BEATING = SLEEPER.replace("time.sleep(60)", "[(pathlib.Path(sys.argv[2]).touch(), time.sleep(0.05)) for _ in range(20)]; time.sleep(60)")


def until(fact: Callable[[], Any], seconds: float) -> Any:
    end = time.monotonic() + seconds
    while not fact() and time.monotonic() < end:
        time.sleep(0.02)
    return fact()


def lives(pid: int) -> bool:
    """True when the process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class House:
    """A running supervisor, what it said, and the process ids its children wrote down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *children: dict[str, Any]) -> subprocess.Popen[bytes]:
        plan = json.dumps({"say": "up", "ask": None, "children": list(children)})
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen([sys.executable, "-I", supervisor.__file__, plan], stdout=said, stderr=said)
        return self.process

    def child(self, name: str, code: str, *extra: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "command": [sys.executable, "-c", code, str(self.folder / name), *extra], **more}

    def pid(self, name: str, *, other_than: int = 0, seconds: float = 30.0) -> int:
        file = self.folder / name
        assert until(lambda: file.exists() and file.read_text() not in {"", str(other_than)}, seconds), self.said()
        return int(file.read_text())

    def said(self) -> str:
        return (self.folder / "said").read_text()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    ours = House(tmp_path)
    yield ours
    if ours.process:
        ours.process.terminate()
        ours.process.wait(10)


def test_what_dies_is_back_within_two_seconds(house: House) -> None:
    house.start(house.child("a", SLEEPER))
    first = house.pid("a")
    os.kill(first, signal.SIGKILL)
    assert lives(house.pid("a", other_than=first))
    assert "a ended (killed by SIGKILL); it is started again in 1 s." in house.said()


def test_a_childs_own_children_die_with_it(house: House) -> None:
    house.start(house.child("a", PARENT, SLEEPER))
    orphan, parent = house.pid("a"), house.pid("a.parent")
    os.kill(parent, signal.SIGKILL)
    assert until(lambda: not lives(orphan), 30)


def test_what_dies_at_once_again_and_again_is_tried_later_and_later(house: House) -> None:
    house.start(house.child("a", "raise SystemExit(3)"))
    assert until(lambda: "a ended at once, 3 times in a row (exit 3); it is started again in 4 s." in house.said(), 30)
    assert "a ended at once, 2 times in a row (exit 3); it is started again in 2 s." in house.said()


def test_what_a_child_keeps_is_removed_when_it_cannot_start(house: House, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    house.start(house.child("a", "raise SystemExit(1)", spoils=[str(tmp_path / "log")]))
    assert until(lambda: not (tmp_path / "log").exists(), 30)
    assert f"a cannot start; {tmp_path / 'log'} is removed." in house.said()


def test_a_child_that_falls_silent_is_killed_and_started_again(house: House, tmp_path: Path) -> None:
    beat = str(tmp_path / "beat")
    house.start(house.child("a", BEATING, beat, heartbeat=beat, silent_s=1.5))
    first = house.pid("a")
    assert lives(house.pid("a", other_than=first))
    assert "a has been silent for 2 s; it is killed." in house.said()


def test_a_child_that_keeps_beating_is_left_alone(house: House, tmp_path: Path) -> None:
    beat = str(tmp_path / "beat")
    house.start(house.child("a", BEATING.replace("range(20)", "range(200)"), beat, heartbeat=beat, silent_s=2.5))
    first = house.pid("a")
    time.sleep(4)
    assert lives(first)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_all_within_five_seconds_even_the_stubborn(house: House, number: signal.Signals) -> None:
    process = house.start(house.child("first", SLEEPER), house.child("stubborn", STUBBORN))
    pids = [house.pid("first"), house.pid("stubborn")]
    process.send_signal(number)
    assert process.wait(15) == 0  # without the kill it would be a minute
    assert [pid for pid in pids if lives(pid)] == []


def test_a_stop_removes_what_children_leave(house: House, tmp_path: Path) -> None:
    socket = tmp_path / "left.sock"
    socket.touch()
    process = house.start(house.child("a", SLEEPER, leftovers=[str(socket)]))
    house.pid("a")
    process.terminate()
    process.wait(30)
    assert not socket.exists()


def test_the_children_end_when_the_supervisor_is_killed(house: House) -> None:
    process = house.start(house.child("a", SLEEPER), house.child("b", SLEEPER))
    pids = [house.pid("a"), house.pid("b")]
    process.kill()
    process.wait(30)
    assert until(lambda: not any(lives(pid) for pid in pids), 30)
