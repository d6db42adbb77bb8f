"""A worker's heartbeat for its supervisor: a file touched while the worker gets its work done.

Celery's thread pool knows no time limits and a consumer can stop consuming while its process lives, so the file goes
stale when one task runs too long or the consumer's loop stands still. A broker that is away is no reason to be killed.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.worker import state

EVERY_S = 2.0
TASK_MOST_S = 30.0
LOOP_MOST_S = 15.0
ORPHAN_GRACE_S = 5.0


class Pulse(bootsteps.StartStopStep):
    """Touches HEARTBEAT_FILE, and ends a worker whose supervisor is gone."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: Any, **_options: Any) -> None:
        self.file = Path(os.environ.get("HEARTBEAT_FILE", ""))
        self.parent = os.getppid()
        self.looped_at = time.monotonic()
        self.worker = worker

    def include_if(self, worker: Any) -> bool:
        return bool(os.environ.get("HEARTBEAT_FILE"))

    def start(self, worker: Any) -> None:
        worker.timer.call_repeatedly(EVERY_S, self.looped)
        threading.Thread(target=self.beat, name="pulse", daemon=True).start()

    def looped(self) -> None:
        self.looped_at = time.monotonic()

    def beat(self) -> None:
        while os.getppid() == self.parent:
            if self.well():
                self.file.touch()
            time.sleep(EVERY_S)
        time.sleep(ORPHAN_GRACE_S)
        os._exit(1)

    def well(self) -> bool:
        return self.oldest_task_s() < TASK_MOST_S and (self.away() or time.monotonic() - self.looped_at < LOOP_MOST_S)

    def away(self) -> bool:
        """True while the consumer is looking for its broker."""
        consumer = getattr(self.worker, "consumer", None)
        return consumer is None or consumer.connection is None

    def oldest_task_s(self) -> float:
        started = [request.time_start for request in list(state.active_requests) if request.time_start]
        return time.time() - min(started) if started else 0.0  # Celery stamps requests with this clock
