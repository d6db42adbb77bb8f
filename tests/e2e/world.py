"""What the acceptance world holds beside its database: the hand on its clock, the checks that report, the provider.

Time stands still between requests, so that "in ten minutes" is ten minutes however slow the machine is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitoring import intake
from monitoring.models import Check, CheckState, Result, Source
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

    slug: str
    status: str
    next_at: datetime

    @property
    def is_calm(self) -> bool:
        """What it says changes nothing any more."""
        return CheckState.objects.filter(check_ref__slug=self.slug, status=self.status, is_settled=True).exists()

    def report(self, now: datetime) -> None:
        """Every reading up to now; of those that change nothing the last alone is judged."""
        if self.next_at + EVERY <= now and self.is_calm:
            missed = [self.next_at + EVERY * n for n in range((now - self.next_at) // EVERY)]
            keep_results(self.slug, self.status, missed)
            self.next_at = missed[-1] + EVERY
        while self.next_at <= now:
            send_result(self.slug, self.status, self.next_at)
            self.next_at += EVERY


def well(now: datetime) -> list[Beat]:
    return [Beat(slug, "ok", now + EVERY) for slug in ("smtp-01", "fs-02")]


@dataclass
class World:
    """What acts by itself: receipts that arrive, and checks that report every minute."""

    gate: threading.RLock = field(default_factory=threading.RLock)
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    beats: list[Beat] = field(default_factory=lambda: well(NINE))

    def begin(self, now: datetime) -> None:
        """As after a reset: the checks are well, the provider takes everything."""
        exchange.reset()
        clock.move_to(now)
        self.beats = well(now)

    def report(self, slug: str, status: str, now: datetime) -> None:
        """One result now, repeated from now on."""
        self.beats = [beat for beat in self.beats if beat.slug != slug] + [Beat(slug, status, now)]
        self.beats[-1].report(now)

    @property
    def reporting(self) -> list[str]:
        return [beat.slug for beat in self.beats]

    def next_at(self) -> datetime | None:
        """The next moment at which something may change."""
        moments = [beat.next_at for beat in self.beats if not beat.is_calm]
        receipt = exchange.next_at()
        return min([*moments, *([receipt] if receipt else [])], default=None)

    def act(self, now: datetime) -> None:
        exchange.deliver(now)
        for beat in self.beats:
            beat.report(now)

    def settle(self) -> None:
        with self.gate:
            stepping.settle(clock.now(), stepping.BRISK)

    def move_to(self, target: datetime) -> None:
        with self.gate:
            exchange.deliver(clock.now(), also_early=True)
            stepping.run_until(target, self)
            clock.move_to(target)  # what the move took of real time is no time of this world


def send_result(slug: str, status: str, now: datetime) -> None:
    """As the agents' source says it."""
    source = Source.objects.get(checks__slug=slug)
    intake.record(source, [Signal(check=slug, status=status, summary=said(slug, status))], raw_id=None, now=now)


def keep_results(slug: str, status: str, moments: Sequence[datetime]) -> None:
    """Readings of a check whose state they confirm."""
    check = Check.objects.get(slug=slug)
    told = {"check_id": check.pk, "status": status, "summary": said(slug, status)}
    Result.objects.bulk_create([Result(day=at.date(), received_at=at, **told) for at in moments])


def said(slug: str, status: str) -> str:
    return SAYS.get((slug, status), status)


world = World()
