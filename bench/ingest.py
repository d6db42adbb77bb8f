"""P1: single results, against a Django view with one INSERT."""

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

SECONDS = 2.0
NOTE = "8 connections, the load comes from Python on the same cores"


def bench() -> Iterator[Figure]:
    ours: list[list[float]] = []
    reference: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder, embedded() as desk, view_with_insert(Path(folder)) as bare:
        plain = post("/", json.dumps({"check": "c1", "status": "ok", "summary": "bench"}).encode())
        requests_for(0.5, bare, lambda _n: plain)
        for _round in range(ROUNDS):
            reference.append(requests_for(SECONDS, bare, lambda _n: plain))
            ours.append(one_round(desk))
    rate, tail = ([[len(took) / SECONDS for took in each] for each in (ours, reference)], [])
    yield Figure("P1", "single results", "/s", *rate, goal=1.4, at_least=True, note=NOTE)
    tail = [[centile(took, 0.99) for took in each] for each in (ours, reference)]
    yield Figure("P1", "single results p99", "ms", *tail, goal=1.0, note=NOTE)


def one_round(desk: Measured) -> list[float]:
    mark = secrets.token_hex(4)

    def made(n: int) -> bytes:
        item = {"check": f"c{n % SERVICES}", "status": "ok", "summary": "bench", "event_id": f"{mark}-{n}"}
        return post("/in/results/", json.dumps(item).encode(), desk.token)

    return requests_for(SECONDS, desk.port, made)
