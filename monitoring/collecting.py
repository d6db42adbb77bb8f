"""The agent: probes of the host it runs on, pushed to the desk. What the desk does not take now is kept and sent later, once.

It asks no database. Its folder holds a file a batch (NDJSON), oldest first, and what each probe remembers.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx2
import structlog

from monitoring import evidence
from monitoring.probes import conclusion, options, running
from monitoring.probes.catalogue import PROBES
from servicedesk.deadline import within

log = structlog.get_logger(__name__)

USUAL = ("disk", "memory", "cpu", "processes", "traffic", "listening", "accounts", "authlog")
MOST_BYTES = 64 * 2**20
PUSH_S = 20.0
AT_ONCE = 4
MOST_ITEMS = 1000


class BadConfig(ValueError):
    """The list of checks cannot be used; the sentence says which and why."""


@dataclass
class Check:
    """One probe of this host. `due_s`: on the agent's monotonic clock."""

    name: str
    probe: str
    given: dict[str, Any] = field(default_factory=dict)
    service: str = ""
    every_s: int = 60
    due_s: float = 0.0


def usual(host: str) -> list[Check]:
    """What every host is worth looking at by, without a list."""
    return [Check(f"{host} {name}", name, options.sure(PROBES[name], {}), every_s=PROBES[name].every_s) for name in USUAL]


def read(path: Path, host: str) -> list[Check]:
    """Checks of a JSON list [{"probe", "name"?, "options"?, "service"?, "every_s"?}]. Raises BadConfig."""
    try:
        rows = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadConfig(f"{path}: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadConfig(f"{path}: a list of objects is needed.")
    return [_check(number, row, host) for number, row in enumerate(rows)]


def _check(number: int, row: Mapping[str, Any], host: str) -> Check:
    probe = PROBES.get(str(row.get("probe", "")))
    if probe is None or probe.is_inside:
        known = ", ".join(name for name, one in PROBES.items() if not one.is_inside)
        raise BadConfig(f"[{number}].probe: one of {known}.")
    if extra := set(row) - {"probe", "name", "options", "service", "every_s"}:
        raise BadConfig(f"[{number}]: unknown {', '.join(sorted(extra))}.")
    every_s = row.get("every_s", probe.every_s)
    if not isinstance(every_s, int) or not 5 <= every_s <= 86_400:
        raise BadConfig(f"[{number}].every_s: whole seconds, 5 to 86400.")
    try:
        given = options.sure(probe, row.get("options", {}))
    except options.WrongOptions as error:
        raise BadConfig(f"[{number}].options.{error}") from error
    return Check(str(row.get("name") or f"{host} {probe.name}")[:120], probe.name, given, str(row.get("service", "")), every_s)


# What waits to be sent


class Spool:
    """Batches as files, oldest first; the oldest are dropped, and counted, when there are too many bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.dropped = folder, 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add(self, items: Sequence[Mapping[str, Any]], now: datetime) -> None:
        for start in range(0, len(items), MOST_ITEMS):
            lines = "\n".join(json.dumps(item) for item in items[start : start + MOST_ITEMS])
            self._write(self.folder / f"{now:%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}.ndjson", lines)
        self._bound()

    def waiting(self) -> list[Path]:
        return sorted(self.folder.glob("*.ndjson"))

    def memory(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.folder / "memory.json").read_text()))
        except (OSError, ValueError):
            return {}

    def remember(self, memory: Mapping[str, Any]) -> None:
        self._write(self.folder / "memory.json", json.dumps(memory))

    def _write(self, path: Path, text: str) -> None:
        """Whole or not at all, also when the power goes."""
        aside = path.with_suffix(".part")
        with aside.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)

    def _bound(self) -> None:
        files = self.waiting()
        sizes = [path.stat().st_size for path in files]
        while files and sum(sizes) > MOST_BYTES:
            files.pop(0).unlink()
            sizes.pop(0)
            self.dropped += 1


@dataclass
class Desk:
    """Where results go. `quiet_until_s`: the desk asked to wait (Retry-After)."""

    url: str
    token: str
    quiet_until_s: float = 0.0

    def push(self, spool: Spool) -> str:
        """Send what waits, oldest first; empty, or why it stopped. What the desk refuses for good is laid aside."""
        if monotonic() < self.quiet_until_s:
            return "the desk asked to wait"
        for path in spool.waiting():
            try:
                answer = within(PUSH_S, lambda path=path: self._post(path))  # type: ignore[misc]
            except (httpx2.HTTPError, TimeoutError, OSError) as error:
                return f"{self.url}: {error or type(error).__name__}"
            if answer.status_code in (400, 413, 422):
                path.rename(path.with_suffix(".refused"))
                log.error("the desk refused a batch; it is laid aside", file=path.name, answer=answer.text[:500])
            elif answer.is_success:
                path.unlink()
            else:
                self.quiet_until_s = monotonic() + min(_seconds(answer.headers.get("Retry-After")), 3600)
                return f"the desk answered {answer.status_code}: {answer.text[:200]}"
        return ""

    def _post(self, path: Path) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        return httpx2.post(self.url, content=gzip.compress(path.read_bytes()), headers=headers, timeout=PUSH_S)


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else 0.0


# Looking


class Agent:
    def __init__(self, checks: Sequence[Check], desk: Desk, spool: Spool) -> None:
        self.checks, self.desk, self.spool = list(checks), desk, spool
        self.memory = spool.memory()

    def round(self, *, now: datetime) -> str:
        """Run what is due, keep it, send what waits; empty, or why sending stopped."""
        due = [check for check in self.checks if check.due_s <= monotonic()]
        if due:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                items = [item for told in pool.map(lambda check: self.look(check, now=now), due) for item in told]
            self.spool.add([*items, *self._lost(now)], now)
            self.spool.remember(self.memory)
        for check in due:
            check.due_s = monotonic() + check.every_s
        return self.desk.push(self.spool)

    def look(self, check: Check, *, now: datetime) -> list[dict[str, Any]]:
        probe, memory = PROBES[check.probe], self.memory.get(check.name, {})
        found = running.run(probe, check.given, memory=memory, check=check.name, now=now)
        told = conclusion.item(probe, check.given, found, check=check.name)
        evidence.attach(probe, check.given, found, told, memory=memory, now=now, here=True)
        self.memory[check.name] = memory if found.memory is None else found.memory
        return [self._stamped(item, check, now) for item in [told, *found.more]]

    def _stamped(self, item: dict[str, Any], check: Check, now: datetime) -> dict[str, Any]:
        """With its own time and name, so that a batch sent twice counts once and one sent late is not news."""
        stamp = now.isoformat()
        labels = {**item.get("labels", {}), "host": socket.gethostname()}
        service = {"service": check.service} if check.service else {}
        return {**item, **service, "labels": labels, "started_at": stamp, "event_id": f"{item['check'][:120]}:{item['status']}:{stamp}"}

    def _lost(self, now: datetime) -> Iterator[dict[str, Any]]:
        if self.spool.dropped:
            words = f"{self.spool.dropped} batches were dropped: the desk was away for longer than {MOST_BYTES // 2**20} MiB of results"
            yield {
                "check": f"{socket.gethostname()} agent",
                "status": "warning",
                "summary": words,
                "event_id": f"dropped:{now.isoformat()}",
            }
            self.spool.dropped = 0


def wait_s(checks: Sequence[Check]) -> float:
    """Seconds until something is due, one at least."""
    return max(1.0, min((check.due_s for check in checks), default=0.0) - monotonic())


def address(url: str) -> str:
    """The door's URL: of a bare host, its results door."""
    return url if url.rstrip("/").count("/") > 2 else f"{url.rstrip('/')}/in/results/"
