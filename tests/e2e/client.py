"""The acceptance world in a process of its own, and its doors as verbs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 240.0  # on a busy machine its migrations alone may take a minute and a half
CODE = "000000"  # whoever is asked for a second factor
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


class Refused(AssertionError):
    """A door said no; `status` and the sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail = status, detail


class Desk:
    """A running acceptance world."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, asked: Any = None, *, method: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Any request; `asked` is sent as JSON."""
        body = None if asked is None else json.dumps(asked).encode()
        head = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(f"{self.url}{path}", body, head, method=method or ("POST" if body else "GET"))
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def door(self, path: str, asked: Any = None) -> Any:
        status, body = self.ask(f"/_e2e/{path}", asked)
        if status >= 400:
            raise Refused(status, body[:400])
        return json.loads(body) if body else None

    def reset(self) -> None:
        self.door("reset", {})

    def forward(self, span: str) -> str:
        return str(self.door("clock", {"advance": span})["now"])

    def set_clock(self, moment: str) -> str:
        return str(self.door("clock", {"to": moment})["now"])

    def outbox(self, to: str = "", *, since: int = 0, **wanted: str) -> list[dict[str, Any]]:
        """Messages, oldest first; `channel="sms"` and the like narrow them."""
        query = urllib.parse.urlencode({"to": to, "since": since})
        rows = self.door(f"outbox/?{query}")["results"]
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def behave(self, **verbs: str) -> None:
        self.door("provider", verbs)

    def check(self, name: str, state: str) -> None:
        self.door("check", {"id": name, "state": state})

    def reply(self, sender: str, text: str) -> str | None:
        answer: str | None = self.door("reply", {"from": sender, "text": text})["answer"]
        return answer

    def call(self, to: str, keys: str) -> str:
        """Take the ringing call; everything it said."""
        return str(self.door("call", {"to": to, "keys": keys})["said"])


@contextmanager
def serving(folder: Path) -> Iterator[Desk]:
    """A fresh world under `folder`, served on a free port until the block ends."""
    port = free_port()
    environ = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environ |= {"DATA_DIR": str(folder / "data"), "PORT": str(port)}
    log = folder / "log"
    with log.open("wb") as written:
        command = [sys.executable, "-m", "tests.e2e"]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=written, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", process, log)
            yield Desk(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the acceptance world did not start: {log.read_text()[-2000:]}")
