"""Starts the house's processes, restarts what dies or falls silent, and stops them all together.

Standard library only: `manage.py up` replaces itself by this file, so that nothing of Django stays in memory. It is run
as `python -I supervisor.py PLAN` where PLAN is JSON:

    {"say": "the line printed when the web server answers",
     "ask": ["127.0.0.1", 8000, "host header"] or null,
     "children": [{"name", "command": [...], "environ": {...}, "cwd": folder,
                   "socket": path (waited for before the next child starts), "log": path (named when it ends),
                   "heartbeat": path (touched by the child), "silent_s": how old it may grow (30),
                   "asked": true for the one whose heartbeat is its answer to `ask`,
                   "leftovers": [paths removed when it has ended], "spoils": [folders removed when it cannot start]}]}

Each child leads a session of its own, so that killing its process group leaves no orphan behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

PAUSE_S = 1.0  # between a death and the next start
PAUSE_MOST_S = 30.0
QUICK_S = 3.0  # what lives shorter than this died at once
SILENT_S = 30.0
SOCKET_WAIT_S = 10.0
STOP_S = 3.8  # for all but the first child; then they are killed
STOP_FIRST_S = 0.7  # for the first child, the broker, which goes last
PR_SET_PDEATHSIG = 1


_prctl = getattr(ctypes.CDLL(None), "prctl", None)  # found before any fork


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # a closed terminal is no reason to fall
        print(text, flush=True)  # noqa: T201


def die_with_parent() -> None:
    """Ask the kernel to end this child when the supervisor is killed (Linux; elsewhere nothing happens)."""
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process of the plan: running, or waiting for `due_at` (monotonic seconds)."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.name: str = plan["name"]
        self.heartbeat = Path(plan["heartbeat"]) if plan.get("heartbeat") else None
        self.silent_s: float = plan.get("silent_s", SILENT_S)
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = self.due_at = self.heard_at = 0.0
        self.beat = 0.0
        self.quick_deaths = 0

    def start(self) -> None:
        self.started_at = self.heard_at = time.monotonic()
        environ = {**os.environ, **self.plan.get("environ", {})}
        self.process = subprocess.Popen(
            self.plan["command"],
            env=environ,
            cwd=self.plan.get("cwd"),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # one system call, resolved before the fork
        )

    def listens(self) -> bool:
        """True when its socket, if it has one, takes connections."""
        if "socket" not in self.plan:
            return True
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(self.plan["socket"])
            return True
        return False

    def signal(self, number: int) -> None:
        """Send to the child alone, or with SIGKILL to its whole group."""
        if self.process is None:
            return
        send = os.killpg if number == signal.SIGKILL else os.kill
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(self.process.pid, number)

    def silent(self) -> bool:
        """True when a heartbeat is expected and did not change for too long by our own clock (the wall clock may jump)."""
        if self.process is None or self.heartbeat is None:
            return False
        with contextlib.suppress(OSError):
            beat = self.heartbeat.stat().st_mtime
            if beat != self.beat:
                self.beat, self.heard_at = beat, time.monotonic()
        return time.monotonic() - self.heard_at > self.silent_s

    def bury(self) -> bool:
        """True once the process has ended; its group is killed and its leftovers are removed."""
        if self.process is None:
            return True
        if self.process.poll() is None:
            return False
        self.signal(signal.SIGKILL)
        for path in self.plan.get("leftovers", []):
            Path(path).unlink(missing_ok=True)
        return True

    def mourn(self) -> None:
        """Say how it ended and when it is started again: at once, later and later when it dies at once every time."""
        assert self.process is not None
        quick = time.monotonic() - self.started_at < QUICK_S
        self.quick_deaths = self.quick_deaths + 1 if quick else 0
        pause = min(PAUSE_S * 2 ** max(self.quick_deaths - 1, 0), PAUSE_MOST_S)
        self.due_at = time.monotonic() + pause
        again = f" at once, {self.quick_deaths} times in a row" if self.quick_deaths > 1 else ""
        log = f" Its log is {self.plan['log']}." if "log" in self.plan else ""
        say(f"{self.name} ended{again} ({ending(self.process.returncode)}); it is started again in {pause:.0f} s.{log}")
        self.process = None
        if self.quick_deaths == 3:
            self.clear_spoils()

    def clear_spoils(self) -> None:
        """What it keeps on disk may be what keeps it from starting (the broker's log: it holds nothing that matters)."""
        for folder in self.plan.get("spoils", []):
            say(f"{self.name} cannot start; {folder} is removed.")
            shutil.rmtree(folder, ignore_errors=True)


def ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"


class Supervisor:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.children = [Child(child) for child in plan["children"]]
        self.stopping = False
        self.answers = False
        self.looked_at = time.monotonic()

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup keeps its meaning
                signal.signal(number, self.stop)
        for child in self.children:
            self.begin(child)
        if self.plan.get("ask"):
            threading.Thread(target=self.ask, name="ask", daemon=True).start()
        while not self.stopping:
            self.look()
            time.sleep(0.2)
        self.end()
        return 0

    def stop(self, *_: object) -> None:
        if not self.stopping:
            say("Stopping.")
        self.stopping = True

    def begin(self, child: Child) -> None:
        """Start a child and give it the time to listen, when others connect to it."""
        if self.stopping:
            return
        child.start()
        until = time.monotonic() + SOCKET_WAIT_S
        while not (child.listens() or self.stopping or time.monotonic() > until):
            time.sleep(0.02)

    def look(self) -> None:
        """One round: bury and restart what died, kill what fell silent."""
        self.forgive()
        for child in self.children:
            if child.process and child.bury():
                child.mourn()
            elif child.process is None and time.monotonic() >= child.due_at:
                child.start()
            elif child.silent():
                say(f"{child.name} has been silent for {child.silent_s:.0f} s; it is killed.")
                child.signal(signal.SIGKILL)

    def forgive(self) -> None:
        """When we ourselves stood still (a suspended machine), nobody's silence counts."""
        now, before = time.monotonic(), self.looked_at
        self.looked_at = now
        if now - before > SILENT_S / 3:
            for child in self.children:
                child.heard_at = now

    def end(self) -> None:
        """Stop all but the first together, then the first: the broker serves the others to the end."""
        self.part(self.children[1:], STOP_S)
        self.part(self.children[:1], STOP_FIRST_S)

    def part(self, children: list[Child], patience_s: float) -> None:
        for child in children:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + patience_s
        while time.monotonic() < until and not all(child.bury() for child in children):
            time.sleep(0.02)
        for child in children:
            child.signal(signal.SIGKILL)
            if child.process:
                child.process.wait()
            child.bury()

    def ask(self) -> None:
        """Thread: ask the web server every second or so, say when it first answers, and touch its heartbeat."""
        web = next(child for child in self.children if child.plan.get("asked"))
        while not self.stopping:
            if healthy(*self.plan["ask"]):
                Path(web.plan["heartbeat"]).touch()
                self.greet()
            time.sleep(3.0 if self.answers else 0.1)

    def greet(self) -> None:
        if not self.answers:
            self.answers = True
            say(self.plan["say"])


def healthy(address: str, port: int, host: str) -> bool:
    """True when /healthz answers 200 within five seconds."""
    request = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=5) as connection:
        connection.sendall(request)
        return connection.recv(64).split(b" ")[1:2] == [b"200"]
    return False


if __name__ == "__main__":
    sys.exit(Supervisor(json.loads(sys.argv[1])).run())
