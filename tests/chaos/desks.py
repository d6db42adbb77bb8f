"""The desk's side of the account: its rows against the ledger of the fakes, and the database a run lives in."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.chaos.ledger import Ledger, centile

LONGEST_S = 45.0


class Round(Protocol):
    waits: list[float | None]


@dataclass(frozen=True)
class Judged:
    """What a run came to. Seconds are from the desk's answer to the first request to a provider."""

    rounds: int
    lost: int
    duplicates: int
    marked: int
    p50: float
    p99: float
    most: float
    results_lost: int
    results_twice: int
    answered: int

    ROWS: ClassVar[str] = """
import json
from datetime import timedelta
from monitoring.models import Result
from notifications.channels import gsm7
from notifications.models import Message
from servicedesk import clock
pages = Message.objects.filter(lane="page")
texts = [[m.to, gsm7.fold(m.text)[:1600], m.is_possible_duplicate] for m in pages.filter(channel="sms")]
tried = pages.filter(due_at__lte=clock.now() - timedelta(seconds=45), tries=None)
rows = {
    "texts": texts,
    "stored": list(Result.objects.values_list("summary", flat=True)),
    "on_the_way": pages.filter(state__in=["queued", "sending", "unknown"]).count(),
    "untried": tried.filter(state__in=["planned", "queued"]).count(),
    "mails_marked": Message.objects.filter(channel="email", is_possible_duplicate=True).count(),
}
print("ROWS=" + json.dumps(rows))
"""

    @classmethod
    def of(cls, rounds: Sequence[Round], ledger: Ledger, rows: dict[str, Any]) -> Self:
        waits = [wait for one in rounds for wait in one.waits]
        seen = [wait for wait in waits if wait is not None]
        stored = Counter(rows["stored"])
        extra, marked = repeats(ledger, rows)
        late = centile(seen, 0.5), centile(seen, 0.99), max(seen, default=0.0)
        gone = len(ledger.answered - set(stored))
        twice = sum(stored[event] > 1 for event in ledger.posted)
        return cls(len(rounds), waits.count(None) + rows["untried"], extra, marked, *late, gone, twice, len(ledger.answered))

    @property
    def holds(self) -> bool:
        """Nothing lost, no repeat that is not marked as one, no page late, each answered result there once."""
        return not (self.lost or self.duplicates > self.marked or self.most > LONGEST_S or self.results_lost or self.results_twice)

    def results(self) -> str:
        return f"results answered={self.answered} lost={self.results_lost} stored_twice={self.results_twice}"

    def __str__(self) -> str:
        waits = f"attempted_p50_s={self.p50:.2f} p99_s={self.p99:.2f} max_s={self.most:.2f}"
        return f"rounds={self.rounds} lost={self.lost} duplicates={self.duplicates} marked={self.marked} {waits}"


def repeats(ledger: Ledger, rows: dict[str, Any]) -> tuple[int, int]:
    """Creations beyond one a message, and how many of them the desk says may be repeats; a third creation is never marked."""
    rightful = Counter((to, body) for to, body, _marked in rows["texts"])
    allowed = Counter((to, body) for to, body, marked in rows["texts"] if marked)
    taken = ledger.taken()
    extra = {key: count - max(rightful[key], 1) for key, count in taken.items() if count > max(rightful[key], 1)}
    mails = sum(many for (to, _), many in extra.items() if "@" in to)
    texts = sum(min(many, allowed[key]) for key, many in extra.items() if "@" not in key[0])
    return sum(extra.values()), texts + min(mails, rows["mails_marked"])


@contextmanager
def database() -> Iterator[str]:
    """An empty database beside TEST_DATABASE_URL for this run, or nothing: SQLite."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if not given:
        yield ""
        return
    name = f"chaos_{secrets.token_hex(4)}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        try:
            yield urlunsplit(urlsplit(given)._replace(path=f"/{name}"))
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]
