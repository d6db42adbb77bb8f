"""P4: a critical result over HTTP to the mail server, against a bare Celery hop that sends one mail."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.desk import embedded, mailbox
from bench.measure import ROUNDS, Figure, centile
from bench.references import bare_hop, hop_to_mail
from tests.fakes.smtp import FakeSmtp

EVENTS = 8  # a round
IDLE_S = 0.2


def bench() -> Iterator[Figure]:
    ours: list[list[float]] = []
    reference: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder, embedded() as desk, bare_hop(Path(folder)) as hop, FakeSmtp() as second:
        mailbox(second)
        hop_to_mail(hop, second, "warm@acme.example")
        desk.event_to_mail(ROUNDS * EVENTS)
        for n in range(ROUNDS):
            ours.append([idle(lambda n=n, i=i: desk.event_to_mail(n * EVENTS + i)) for i in range(EVENTS)])  # type: ignore[misc]
            reference.append([idle(lambda n=n, i=i: hop_to_mail(hop, second, f"r{n}-{i}@acme.example")) for i in range(EVENTS)])  # type: ignore[misc]
    note = "reference: a bare Celery hop" + ("" if shutil.which("prometheus-alertmanager") else "; Alertmanager is not installed")
    middle = [[statistics.median(took) for took in each] for each in (ours, reference)]
    yield Figure("P4", "result to mail p50", "ms", *middle, goal=2.0, note=note)
    tail = [[centile(took, 0.99) for took in each] for each in (ours, reference)]
    yield Figure("P4", "result to mail p99", "ms", *tail, goal=2.0, note=f"{note}; p99 of {EVENTS} a round is their slowest")


def idle(measured: object) -> float:
    """Milliseconds of one, after the desk has come to rest."""
    time.sleep(IDLE_S)
    return measured() * 1000  # type: ignore[operator,no-any-return]
