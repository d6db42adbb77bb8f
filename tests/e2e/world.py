"""What the acceptance world holds beside its database: the hand on its clock, the checks that report, the provider.

Time stands still between requests, so that "in ten minutes" is ten minutes however slow the machine is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitoring import intake
from monitoring.models import Source
from monitoring.normal import Signal
from servicedesk import clock
from tests.e2e import stepping
from tests.e2e.provider import exchange

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # Monday 09:00 in Paris
EVERY = timedelta(seconds=60)
SAYS = {
    ("smtp-01", "critical"): "connection refused",
    ("smtp-01", "ok"): "220 ready in 41 ms",
    ("fs-02", "critical"): "/srv is 98 % full",
    ("fs-02", "ok"): "/srv is 61 % full",
}


class Stopwatch:
    """Runs while a request is served, and stands still in between."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.serving = 0
        self.stands_at = NINE

    @contextmanager
    def running(self) -> Iterator[None]:
        with self.lock:
            if not self.serving:
                clock.move_to(self.stands_at)
            self.serving += 1
        try:
            yield
        finally:
            with self.lock:
                self.serving -= 1
                if not self.serving:
                    self.stands_at = clock.now()


@dataclass
class Beat:
    """A check that reports every minute."""

    status: str
    next_at: datetime


def well(now: datetime) -> dict[str, Beat]:
    return {slug: Beat("ok", now + EVERY) for slug in ("smtp-01", "fs-02")}


@dataclass
class World:
    """What acts by itself: receipts that arrive, and checks that report every minute."""

    gate: threading.RLock = field(default_factory=threading.RLock)
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    beats: dict[str, Beat] = field(default_factory=lambda: well(NINE))

    def begin(self, now: datetime) -> None:
        """As after a reset: the checks are well, the provider takes everything."""
        exchange.reset()
        clock.move_to(now)
        self.beats = well(now)

    def report(self, slug: str, status: str, now: datetime) -> None:
        """One result now, repeated from now on."""
        self.beats[slug] = Beat(status, now + EVERY)
        send_result(slug, status, now)

    def next_at(self) -> datetime | None:
        moments = [beat.next_at for beat in self.beats.values()]
        receipt = exchange.next_at()
        return min([*moments, *([receipt] if receipt else [])], default=None)

    def act(self, now: datetime) -> None:
        exchange.deliver(now)
        for slug, beat in self.beats.items():
            if beat.next_at <= now:
                beat.next_at += EVERY
                send_result(slug, beat.status, now)

    def settle(self) -> None:
        with self.gate:
            stepping.settle(clock.now())

    def move_to(self, target: datetime) -> None:
        with self.gate:
            exchange.deliver(clock.now(), also_early=True)
            stepping.run_until(target, self)


def send_result(slug: str, status: str, now: datetime) -> None:
    """As the agents' source says it."""
    source = Source.objects.get(checks__slug=slug)
    intake.record(source, [Signal(check=slug, status=status, summary=SAYS.get((slug, status), status))], raw_id=None, now=now)


world = World()
