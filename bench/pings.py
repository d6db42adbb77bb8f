"""P6: 10,000 heartbeats at once. None lost, none called missing, judged within 10 s. The reference is the bare view with one INSERT.

Each has beaten before. BENCH_PINGS names another number. The pings are offered as fast as they are taken, over 64 connections.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.desk import Measured, embedded
from bench.load import post, until_done
from bench.measure import Figure
from bench.references import view_with_insert
from bench.shelled import ask
from tests.chaos.under import database

PINGS = int(os.environ.get("BENCH_PINGS", "10000"))
CONNECTIONS, ROUNDS = 64, 3
MADE = f"""
import json
from datetime import timedelta
from monitoring.models import Check, CheckState, Source
from servicedesk import clock
source, now = Source.objects.get(slug="agents"), clock.now()
usual = dict(source=source, kind="heartbeat", period_s=600, grace_s=60, created_at=now)
made = Check.objects.bulk_create([Check(slug=f"h{{n}}", **usual) for n in range({PINGS})], batch_size=5000)
beaten = dict(status="ok", is_settled=True, since=now, last_result_at=now, overdue_at=now + timedelta(seconds=660))
CheckState.objects.bulk_create([CheckState(check_ref=check, **beaten) for check in made], batch_size=5000)
print(json.dumps([str(check.ping_id) for check in made]))
"""
HEARD = """
import json
from monitoring.models import Alert, CheckState, Result
heartbeats = CheckState.objects.filter(check_ref__kind="heartbeat", check_ref__slug__startswith="h")
print(json.dumps([heartbeats.filter(status="ok").count(), Result.objects.filter(summary="success").count(), Alert.objects.count()]))
"""


def bench() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        database() as first,
        database() as second,
        embedded(first) as desk,
        view_with_insert(Path(folder), second) as bare,
    ):
        pings = [get(f"/ping/{ping_id}") for ping_id in ask(desk, MADE)]
        took, reference, again = [], [], 0
        for _round in range(ROUNDS):
            reference.append(until_done(bare, [post("/", b"ping")] * PINGS, CONNECTIONS)[0])
            seconds, broken = until_done(desk.port, pings, CONNECTIONS)  # a ping is judged before it is answered
            took.append(seconds)
            again += broken
        yield figure(desk, "PostgreSQL" if first else "SQLite", took, reference, again)


def figure(desk: Measured, where: str, took: list[float], reference: list[float], again: int) -> Figure:
    well, results, alerts = ask(desk, HEARD)
    lost = max(PINGS - well, PINGS * ROUNDS - results)
    note = f"lost={lost} called missing={alerts} sent again={again}; {ROUNDS} rounds; the load comes from Python on the same cores"
    name = f"{PINGS:,} heartbeats at once, {where}, until all are judged"
    return Figure("P6", name, "s", took, reference, goal=10 if not (lost or alerts) else 0, of_ours=True, note=note)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
