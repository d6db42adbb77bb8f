"""What must hold at the end of every round, whatever struck. Each names the invariant it would break (docs/reliability.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.ledger import Ledger

Rows = Callable[[str], list[tuple[Any, ...]]]

STORED = "SELECT summary FROM monitoring_result WHERE summary LIKE 'chaos-%'"
OWNERLESS = """
SELECT id FROM notifications_message WHERE (state = 'sending' AND lease_until IS NULL)
OR (state = 'unknown' AND NOT EXISTS (
    SELECT 1 FROM notifications_attempt a WHERE a.message_id = notifications_message.id AND a.check_at IS NOT NULL))
"""
WAITING = "SELECT due_at FROM notifications_message WHERE lane = 'page' AND state IN ('planned', 'queued')"
OPEN_RUNS = "SELECT incident_id FROM incidents_run WHERE state IN ('running', 'held', 'exhausted') GROUP BY incident_id HAVING count(*) > 1"
STEPS = """
SELECT s.run_id, s.loop, s.step, s.at, s.skipped, r.started_at
FROM incidents_steprecord s JOIN incidents_run r ON r.id = s.run_id WHERE s.step > 0 ORDER BY s.run_id, s.loop, s.step
"""
MISSED = "SELECT p.run_id FROM incidents_page p JOIN notifications_errand e ON e.key = p.errand_key WHERE e.state = 'unreachable'"
LATEST = timedelta(seconds=60)
STEP = timedelta(seconds=600)  # a step of the company's policy is due so long after the one before it was
AFTER_ACK_S, ASKED_AGAIN_S = 1.0, 3600.0  # after an hour the desk asks the owner again, as it should


def broken(ledger: Ledger, rows: Rows) -> list[str]:
    return [words for check in (results, owners, steps, after_acks, thrice) for words in check(ledger, rows)]


def results(ledger: Ledger, rows: Rows) -> Iterator[str]:
    """Answered 2xx: there once. Not answered: there at most once."""
    stored = Counter(summary for (summary,) in rows(STORED))
    yield from (f"I1: {event} was answered and is not stored" for event in sorted(ledger.answered - set(stored)))
    yield from (f"{'I1' if event in ledger.answered else 'I2'}: {event} is stored {n} times" for event, n in stored.items() if n > 1)


def owners(_ledger: Ledger, rows: Rows) -> Iterator[str]:
    """Whatever is not at its end has a time at which somebody looks at it, and none waits a minute past it."""
    yield from (f"I4: message {pk} belongs to nobody" for (pk,) in rows(OWNERLESS))
    yield from (f"I4: a page has been due since {due}" for (due,) in rows(WAITING) if moment(due) < datetime.now(UTC) - LATEST)


def steps(_ledger: Ledger, rows: Rows) -> Iterator[str]:
    """One open run an incident; no step twice; none before its time unless the step before reached nobody."""
    yield from (f"I7: INC-{pk} has two open runs" for (pk,) in rows(OPEN_RUNS))
    unreached, before = {run for (run,) in rows(MISSED)}, None
    for run, loop, step, at, skipped, began in rows(STEPS):
        if (run, loop, step) == before:
            yield f"I7: run {run} took step {loop}.{step} twice"
        waited = moment(at) - moment(began)
        if not skipped and run not in unreached and waited < STEP * (step - 1):
            yield f"I7: run {run} took step {loop}.{step} {waited} after it began"
        before = (run, loop, step)


def after_acks(ledger: Ledger, _rows: Rows) -> Iterator[str]:
    for way, number, at in ledger.attempts():
        since = at - ledger.acked.get(number, at)
        if AFTER_ACK_S < since < ASKED_AGAIN_S:
            yield f"I5: INC-{number} was paged by {way} {since:.1f} s after its acknowledgement"


def thrice(ledger: Ledger, _rows: Rows) -> Iterator[str]:
    yield from (f"I6: {to} was sent {body[:40]!r} {n} times" for (to, body), n in ledger.taken().items() if n > 2)


def moment(given: datetime | str) -> datetime:
    """SQLite keeps text in UTC."""
    return given if isinstance(given, datetime) else datetime.fromisoformat(given).replace(tzinfo=UTC)
