"""P11: the embedded desk on a small machine: from event to mail, memory at rest, a warm start. References are the goals."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.desk import Measured, embedded, pss_mb
from bench.measure import ROUNDS, Figure, centile
from bench.paging import idle
from tests.servicedesk.test_supervisor import until
from tests.servicedesk.test_up import everyone

EVENTS = 4
NOTE = "the reference is the goal"


def bench() -> Iterator[Figure]:
    with embedded() as desk:
        desk.event_to_mail(ROUNDS * EVENTS)
        mails = [
            [idle(lambda n=n, i=i: desk.event_to_mail(n * EVENTS + i)) for i in range(EVENTS)]  # type: ignore[misc]
            for n in range(ROUNDS)
        ]
        yield Figure(
            "P11", "event to mail p99", "ms", [centile(took, 0.99) for took in mails], [150] * ROUNDS, 150, of_ours=True, note=NOTE
        )
        memory, starts = [], []
        for _ in range(ROUNDS):
            starts.append(warm_start(desk))
            time.sleep(1)
            memory.append(sum(pss_mb(pid) for pid in [desk.process.pid, *everyone(desk.process.pid)]))
    yield Figure("P11", "memory at rest", "MB", memory, [300] * ROUNDS, 300, of_ours=True, note=f"{NOTE}; PSS of the whole tree")
    yield Figure("P11", "warm start", "s", starts, [5] * ROUNDS, 5, of_ours=True, note=f"{NOTE}; until /healthz answers")


def warm_start(desk: Measured) -> float:
    desk.process.terminate()
    desk.process.wait(15)
    began = time.monotonic()
    desk.process = desk.start()
    while not desk.answers():
        time.sleep(0.02)
        assert time.monotonic() - began < 60, desk.said()
    took = time.monotonic() - began
    assert until(lambda: len(desk.pids()) == 4, 20)
    return took
