"""The doorbell: after commit, tell a worker that rows are due. Losing a ring costs delay, never a row.

`ring()` only sets a flag; one daemon thread per process publishes at most every 20 ms per task, with a circuit that
stays open 5 s after a failure. A request therefore never touches the broker, be it dead, flushed or hung.
This is the only module that publishes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError

from servicedesk.celery import app

log = structlog.get_logger(__name__)

GATHER_S = 0.02
QUIET_S = 5.0
MOST_IDS = 50


class _Bell:
    """Collected ids per task name, and the one thread that publishes them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: dict[str, dict[int, None]] = {}
        self.knocked = threading.Event()
        self.thread: threading.Thread | None = None
        self.quiet_until = 0.0
        self.is_held = False

    def add(self, task: str, ids: Iterable[int]) -> None:
        if self.is_held:
            return
        with self.lock:
            self.waiting.setdefault(task, {}).update(dict.fromkeys(ids))
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.serve, name="doorbell", daemon=True)
                self.thread.start()
        self.knocked.set()

    def serve(self) -> None:
        """The first ring after a rest goes out at once; those that follow within GATHER_S go out together."""
        rung_at = float("-inf")
        while True:
            self.knocked.wait()
            time.sleep(max(rung_at + GATHER_S - time.monotonic(), 0))
            self.knocked.clear()
            rung_at = time.monotonic()
            with self.lock:
                batch, self.waiting = self.waiting, {}
            for task, ids in batch.items():
                self.publish(task, list(ids))

    def publish(self, task: str, ids: list[int]) -> None:
        """Send the ids in lots; while the circuit is open they are dropped, because the engine finds their rows."""
        if self.silent():
            return
        try:
            for start in range(0, max(len(ids), 1), MOST_IDS):
                app.send_task(task, kwargs={"ids": ids[start : start + MOST_IDS]}, retry=False)
        except (OperationalError, OSError) as error:
            self.hush(task, str(error))
        except Exception:  # the thread serves every later ring and must outlive a bad one
            log.exception("a ring could not be published", task=task)

    def silent(self) -> bool:
        return time.monotonic() < self.quiet_until

    def hush(self, task: str, error: str) -> None:
        self.quiet_until = time.monotonic() + QUIET_S
        log.warning("doorbell silent, the engine takes over", task=task, for_s=QUIET_S, error=error)


_bell = _Bell()
os.register_at_fork(after_in_child=_bell.__init__)  # type: ignore[misc]  # a forked child has the object but not the thread


def ring(task: str, ids: Iterable[int]) -> None:
    """Once this transaction commits, ask a worker to run `task` (its dotted name) for `ids`."""
    wanted = list(ids)

    def knock() -> None:
        _bell.add(task, wanted)

    transaction.on_commit(knock, robust=True)


@contextmanager
def held() -> Iterator[None]:
    """No worker listens yet, as at a first start: what is rung inside is dropped, and the engine finds its rows."""
    _bell.is_held = True
    try:
        yield
    finally:
        _bell.is_held = False


def circuit() -> dict[str, Any]:
    """What health pages show: whether the circuit is open, and how many ids wait."""
    return {"open": _bell.silent(), "waiting": sum(len(ids) for ids in _bell.waiting.values())}
