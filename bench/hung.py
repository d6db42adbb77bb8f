"""P9: the web while the broker is stopped in the middle of everything, against the same web with its broker alive."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import requests

from bench.desk import Measured, embedded
from bench.measure import ROUNDS, Figure, centile

ASKED = 15  # a round


def bench() -> Iterator[Figure]:
    took: dict[tuple[str, bool], list[float]] = {}
    with embedded() as desk:
        person = desk.sign_in("sam")
        for n in range(ROUNDS):
            for stopped in (False, True):
                with_broker(desk, person, n, stopped, took)
    for page in ("/queue/", "/healthz", "declare"):
        yield Figure("P9", f"{page} p95, broker hung", "ms", took[page, True], took[page, False], goal=1000, of_ours=True)


def with_broker(desk: Measured, person: requests.Session, n: int, stopped: bool, took: dict[tuple[str, bool], list[float]]) -> None:
    broker = desk.pids()["broker"]
    os.kill(broker, signal.SIGSTOP if stopped else signal.SIGCONT)
    try:
        for page in ("/queue/", "/healthz"):
            took.setdefault((page, stopped), []).append(centile([asked(desk, person, page) for _ in range(ASKED)], 0.95))
        took.setdefault(("declare", stopped), []).append(centile([declared(desk, person, f"{n}-{i}-{stopped}") for i in range(2)], 0.95))
    finally:
        os.kill(broker, signal.SIGCONT)


def asked(desk: Measured, person: requests.Session, path: str) -> float:
    began = time.perf_counter()
    person.get(f"http://127.0.0.1:{desk.port}{path}", timeout=30).raise_for_status()
    return (time.perf_counter() - began) * 1000


def declared(desk: Measured, person: requests.Session, title: str) -> float:
    """A page falls due in it, so that the bell is rung."""
    began = time.perf_counter()
    desk.submit(person, "/incidents/new/", title=title, service="email", severity="2").raise_for_status()
    return (time.perf_counter() - began) * 1000
