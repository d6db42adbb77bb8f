"""P2: batches of 1,000 results over 100,000 checks, against views that COPY (on SQLite: executemany) and bulk_create the same rows.

BENCH_CHECKS names another number of checks.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.desk import Measured, embedded
from bench.load import post, requests_for
from bench.measure import ROUNDS, Figure
from bench.references import view_with_insert
from bench.shelled import ask
from tests.chaos.under import database

CHECKS = int(os.environ.get("BENCH_CHECKS", "100000"))
BATCH, SECONDS, CONNECTIONS = 1000, 4.0, 2
NOTE = "the load comes from Python on the same cores"
MADE = f"""
from monitoring.models import Check, CheckState, Source
from servicedesk import clock
source, now = Source.objects.get(slug="agents"), clock.now()
for first in range(0, {CHECKS}, 5000):
    made = Check.objects.bulk_create(
        Check(source=source, slug=f"b{{n}}", created_at=now) for n in range(first, min(first + 5000, {CHECKS})))
    CheckState.objects.bulk_create(CheckState(check_ref=check) for check in made)
print(Check.objects.filter(source=source).count())
"""


def bench() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        database() as first,
        database() as second,
        embedded(first) as desk,
        view_with_insert(Path(folder), second) as bare,
    ):
        ask(desk, MADE)
        seen(desk)
        where = f"{'PostgreSQL' if first else 'SQLite'}, {CHECKS:,} checks"
        yield from at(desk, bare, where, "COPY" if first else "executemany")


def at(desk: Measured, bare: int, where: str, plainest: str) -> Iterator[Figure]:
    ours, copied, bulk = [], [], []
    for _round in range(ROUNDS):
        copied.append(rate(bare, lambda n: post("/copy", batch(n, "ok", "r"))))
        bulk.append(rate(bare, lambda n: post("/bulk", batch(n, "ok", "r"))))
        mark = secrets.token_hex(4)
        ours.append(rate(desk.port, lambda n, mark=mark: post("/in/results/", batch(n, "ok", mark), desk.token)))  # type: ignore[misc]
    name = f"batches of {BATCH}, {where}"
    yield Figure("P2", f"{name}, {plainest}", " rows/s", ours, copied, goal=0.5, at_least=True, note=NOTE)
    yield Figure("P2", f"{name}, bulk_create", " rows/s", ours, bulk, goal=3, at_least=True, note=NOTE)


def seen(desk: Measured) -> None:
    """Each check once, so that a result of it changes nothing any more."""
    for n in range(-(-CHECKS // BATCH)):
        desk.line.post(
            f"http://127.0.0.1:{desk.port}/in/results/",
            data=batch(n, "ok", "first"),
            headers={"Content-Type": "application/json"},
            timeout=120,
        ).raise_for_status()


def rate(port: int, made: object) -> float:
    return len(requests_for(SECONDS, port, made, CONNECTIONS)) * BATCH / SECONDS  # type: ignore[arg-type]


def batch(n: int, status: str, mark: str) -> bytes:
    numbers = ((n * BATCH + place) % CHECKS for place in range(BATCH))
    items = [{"check": f"b{k}", "status": status, "summary": "bench", "event_id": f"{mark}-{n}-{k}"} for k in numbers]
    return json.dumps(items).encode()
