"""P4: a critical result over HTTP to the mail server, against Alertmanager (group_wait 0), else a bare Celery hop that mails."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench.desk import embedded, mailbox
from bench.measure import ROUNDS, Figure, centile
from bench.references import alert_to_mail, alertmanager, bare_hop, has_alertmanager, hop_to_mail
from tests.chaos.under import database
from tests.fakes.smtp import FakeSmtp

EVENTS = 8  # a round
IDLE_S = 0.2


@contextmanager
def reference(folder: Path, smtp: FakeSmtp) -> Iterator[tuple[str, Callable[[str], float]]]:
    """Its name, and what brings one mail to an address and says how many seconds it took."""
    if has_alertmanager():
        line = requests.Session()
        with alertmanager(folder, smtp) as url:
            yield "Alertmanager", lambda to: alert_to_mail(line, url, smtp, to)
    else:
        with bare_hop(folder) as hop:
            yield "a bare Celery hop; Alertmanager is not installed", lambda to: hop_to_mail(hop, smtp, to)


def bench() -> Iterator[Figure]:
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        database() as url,
        embedded(url) as desk,
        FakeSmtp() as second,
        reference(Path(folder), mailbox(second)) as (name, bring),
    ):
        bring("warm@acme.example")
        desk.event_to_mail(ROUNDS * EVENTS)
        for n in range(ROUNDS):
            ours.append([idle(lambda n=n, i=i: desk.event_to_mail(n * EVENTS + i)) for i in range(EVENTS)])  # type: ignore[misc]
            theirs.append([idle(lambda n=n, i=i: bring(f"r{n}-{i}@acme.example")) for i in range(EVENTS)])  # type: ignore[misc]
    note = f"{'PostgreSQL' if url else 'SQLite'}; reference: {name}"
    middle = [[statistics.median(took) for took in each] for each in (ours, theirs)]
    yield Figure("P4", "result to mail p50", "ms", *middle, goal=2.0, note=note)
    tail = [[centile(took, 0.99) for took in each] for each in (ours, theirs)]
    yield Figure("P4", "result to mail p99", "ms", *tail, goal=2.0, note=f"{note}; p99 of {EVENTS} a round is their slowest")


def idle(measured: object) -> float:
    """Milliseconds of one, after the desk has come to rest."""
    time.sleep(IDLE_S)
    return measured() * 1000  # type: ignore[operator,no-any-return]
