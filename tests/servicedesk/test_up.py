"""`manage.py up` as a stranger starts it: one command, and the house stands until it is told to stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from servicedesk.operations import start
from tests.patience import soon
from tests.servicedesk.test_supervisor import lives, until

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Stack:
    """One `up` on a folder and a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        folder.mkdir(parents=True, exist_ok=True)
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "said").open("wb") as said:
            return subprocess.Popen(self.command(), env=self.environ(), cwd=ROOT, stdout=said, stderr=said)

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "up", "--broker", start.bundled_broker()]

    def environ(self, **more: str) -> dict[str, str]:
        given = {"DATA_DIR": str(self.folder), "PORT": str(self.port), "ENV_FILE": os.devnull, "SQLITE_SYNC": "NORMAL"}
        return {"PATH": os.environ["PATH"], **given, **more}

    def again(self, **more: str) -> subprocess.CompletedProcess[str]:
        """A second `up` with the same settings but for `more`."""
        return subprocess.run(self.command(), env=self.environ(**more), cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    def answers(self, path: str = "/healthz") -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def pids(self) -> dict[str, int]:
        """Direct children of the supervisor by what they are."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() for pid in children}
        marks = {"broker": "valkey-server", "web": "granian", "engine": "manage.py engine", "worker": "celery"}
        return {name: pid for name, mark in marks.items() for pid, line in lines.items() if mark in line}

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def answers_whole(self) -> Stack:
        """Once all four of it run and it answers."""
        assert until(lambda: self.answers() and len(self.pids()) == 4, 60), self.said()
        return self

    def leave(self) -> None:
        """Nothing of it stays, whatever the test came to."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its path is long on purpose: a socket below it could not be bound."""
    ours = Stack(tmp_path_factory.mktemp("up") / ("deep" * 25), free_port())
    try:
        yield ours.answers_whole()
    finally:
        ours.leave()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Stack]:
    """One that a test may end."""
    ours = Stack(tmp_path / "data", free_port())
    try:
        yield ours.answers_whole()
    finally:
        ours.leave()


def test_it_prints_where_it_answers(stack: Stack) -> None:
    assert until(lambda: f"Servicedesk answers at http://127.0.0.1:{stack.port}\n" in stack.said(), 30)
    assert f"Nobody is here yet. Begin at http://127.0.0.1:{stack.port}/setup/\n" in stack.said()


def test_it_runs_broker_web_engine_and_worker(stack: Stack) -> None:
    assert set(stack.pids()) == {"broker", "web", "engine", "worker"}


def test_the_supervisor_itself_is_light(stack: Stack) -> None:
    kilobytes = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{stack.process.pid}/status").read_text())
    assert kilobytes
    assert int(kilobytes[1]) < 25_000


def test_it_becomes_ready(stack: Stack) -> None:
    assert until(lambda: stack.answers("/readyz"), 15)


@pytest.mark.parametrize("name", ["web", "engine", "worker", "broker"])
def test_what_is_killed_comes_back(stack: Stack, name: str) -> None:
    first = stack.pids()[name]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: stack.pids().get(name, first) != first, 30), stack.said()
    assert until(stack.answers, 10)


def test_a_second_one_on_the_same_folder_is_refused(stack: Stack) -> None:
    second = stack.again(PORT=str(free_port()))
    assert second.returncode == 1
    assert f"already runs on {stack.folder} (process {stack.process.pid})" in second.stderr


def test_a_port_in_use_is_refused(stack: Stack, tmp_path: Path) -> None:
    second = stack.again(DATA_DIR=str(tmp_path))
    assert second.returncode == 1
    assert f"Port {stack.port} on 127.0.0.1 is in use. Set PORT to another one" in second.stderr


def test_a_folder_that_cannot_be_written_is_refused(stack: Stack) -> None:
    second = stack.again(DATA_DIR="/proc/nowhere")
    assert second.returncode == 1
    assert "DATA_DIR: cannot write /proc/nowhere" in second.stderr


def test_a_stop_leaves_no_process_and_no_socket(alone: Stack) -> None:
    ours = alone
    assert (ours.folder / "broker.sock").exists()
    family = everyone(ours.process.pid)
    with soon(20):
        ours.process.terminate()
        assert ours.process.wait(30) == 0
    assert [pid for pid in family if lives(pid)] == []
    assert not (ours.folder / "broker.sock").exists()
    assert list((ours.folder / "run").iterdir()) == []


def test_a_supervisor_killed_takes_everyone_with_it(alone: Stack) -> None:
    ours = alone
    family = everyone(ours.process.pid)
    ours.process.kill()
    ours.process.wait(30)
    assert until(lambda: not [pid for pid in family if lives(pid)], 30)
    ours.process = ours.start()
    assert until(ours.answers, 30), ours.said()


def everyone(pid: int) -> list[int]:
    """All descendants of a process."""
    children = [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]
    return children + [later for child in children for later in everyone(child)]
