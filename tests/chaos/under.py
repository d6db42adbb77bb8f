"""A desk under fire: on its own database, with a broker that can be killed, and with lines at which it can be told to die."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from servicedesk.operations import start
from tests.chaos.test_story import Desk
from tests.fakes.proxy import FaultyWire
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.servicedesk.test_supervisor import until
from tests.servicedesk.test_up import free_port

CRASHING = Path(__file__).parent / "crashing"


Wires = Mapping[str, FaultyWire]


@contextmanager
def wires(twilio: FakeTwilio, smtp: FakeSmtp, url: str, server: Server | None) -> Iterator[Wires]:
    """One before each server outside."""
    ends = {"twilio": ("127.0.0.1", twilio.port), "smtp": (smtp.host, smtp.port)}
    ends |= {"postgresql": (urlsplit(url).hostname or "", urlsplit(url).port or 5432)} if url else {}
    ends |= {"redis": ("127.0.0.1", server.port)} if server else {}
    with ExitStack() as stack:
        yield {name: stack.enter_context(FaultyWire(end)) for name, end in ends.items()}


class Server:
    """A redis-server of its own over TCP, started again a second after it dies, as a service manager does."""

    def __init__(self, folder: Path) -> None:
        self.port, self.over = free_port(), threading.Event()
        binary = shutil.which("valkey-server") or shutil.which("redis-server")
        assert binary, "no redis-server on PATH"
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--logfile", str(folder / "redis.log")]
        self.command = [binary, *where, *start.BROKER]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = self.started()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command, stdout=subprocess.DEVNULL, start_new_session=True)

    def watch(self) -> None:
        while not self.over.wait(0.1):
            if self.process.poll() is not None and not self.over.wait(1):
                self.process = self.started()

    def stop(self) -> None:
        self.over.set()
        self.thread.join()
        self.process.kill()
        self.process.wait(5)


class Under(Desk):
    """On PostgreSQL where `url` names a database, on a Redis over TCP where there is a `server`."""

    def __init__(self, folder: Path, port: int, twilio: FakeTwilio, smtp: FakeSmtp, url: str, server: Server | None, wires: Wires) -> None:
        self.url, self.server, self.wires = url, server, wires
        super().__init__(folder, port, twilio, smtp)

    def environ(self, **more: str) -> dict[str, str]:
        """Every server outside is reached through its wire."""
        made = super().environ(PYTHONPATH=str(CRASHING), **more)
        made |= {"TWILIO_API_BASE": self.wires["twilio"].url, "EMAIL_URL": f"smtp://127.0.0.1:{self.wires['smtp'].port}"}
        if self.url:
            parts = urlsplit(self.url)
            made["DATABASE_URL"] = parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.wires['postgresql'].port}").geturl()
        if self.server:
            made["REDIS_URL"] = f"redis://127.0.0.1:{self.wires['redis'].port}/0"
        return made

    def pids(self) -> dict[str, int]:
        return super().pids() | ({"broker": self.server.process.pid} if self.server else {})

    def broker(self) -> redis.Redis:
        if self.server:
            return redis.Redis(port=self.server.port, socket_timeout=2)
        return redis.Redis(unix_socket_path=str(self.folder / "broker.sock"), socket_timeout=2)

    def dies_at(self, place: str, seconds: float) -> bool:
        """The next process that comes to `place` dies there; False where none came in so many seconds."""
        asked = self.folder / "crash" / place
        asked.parent.mkdir(exist_ok=True)
        asked.touch()
        died = bool(until(lambda: not asked.exists(), seconds))
        asked.unlink(missing_ok=True)
        return died

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Read beside the desk, not through it."""
        if self.url:
            with psycopg.connect(self.url, autocommit=True) as line:
                return line.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]
        with closing(sqlite3.connect(f"file:{self.folder}/desk.sqlite3?mode=ro", uri=True, timeout=20)) as file:
            return file.execute(statement).fetchall()


@contextmanager
def database() -> Iterator[str]:
    """An empty database beside TEST_DATABASE_URL for this run, or nothing: SQLite."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if not given:
        yield ""
        return
    name = f"chaos_{secrets.token_hex(4)}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        try:
            yield urlunsplit(urlsplit(given)._replace(path=f"/{name}"))
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


@contextmanager
def broker(folder: Path) -> Iterator[Server | None]:
    """A Redis of its own where TEST_REDIS_URL is set (that one is not ours to kill), else none: the bundled Valkey."""
    if not os.environ.get("TEST_REDIS_URL"):
        yield None
        return
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop()
