"""P1: single results that change nothing, against a Django view with one INSERT. On PostgreSQL where TEST_DATABASE_URL is set."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.desk import SERVICES, Measured, embedded
from bench.load import post, requests_for
from bench.measure import ROUNDS, Figure, centile
from bench.references import view_with_insert
from tests.chaos.under import database

SECONDS = 2.0
MANY = 64
NOTE = "the load comes from Python on the same cores"


def bench() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        database() as first,
        database() as second,
        embedded(first) as desk,
        view_with_insert(Path(folder), second) as bare,
    ):
        where = "PostgreSQL" if first else "SQLite"
        yield from at(8, desk, bare, where, goal=1.4)
        yield from at(MANY, desk, bare, where, goal=4.0)


def at(connections: int, desk: Measured, bare: int, where: str, goal: float) -> Iterator[Figure]:
    ours: list[list[float]] = []
    reference: list[list[float]] = []
    plain = post("/", json.dumps({"check": "c1", "status": "ok", "summary": "bench"}).encode())
    requests_for(0.5, bare, lambda _n: plain, connections)
    one_round(desk, connections, 0.5)
    for _round in range(ROUNDS):
        reference.append(requests_for(SECONDS, bare, lambda _n: plain, connections))
        ours.append(one_round(desk, connections, SECONDS))
    rate = [[len(took) / SECONDS for took in each] for each in (ours, reference)]
    name = f"single results, {where}, {connections} connections"
    yield Figure("P1", name, "/s", *rate, goal=goal, at_least=True, note=NOTE)
    tail = [[centile(took, 0.99) for took in each] for each in (ours, reference)]
    if connections == 8:
        yield Figure("P1", f"{name}, p99", "ms", *tail, goal=1.0, note=NOTE)


def one_round(desk: Measured, connections: int, seconds: float) -> list[float]:
    mark = secrets.token_hex(4)

    def made(n: int) -> bytes:
        item = {"check": f"c{n % SERVICES}", "status": "ok", "summary": "bench", "event_id": f"{mark}-{n}"}
        return post("/in/results/", json.dumps(item).encode(), desk.token)

    return requests_for(seconds, desk.port, made, connections)
