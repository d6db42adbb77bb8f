"""The desk's side of the account: its rows against the ledger of the fakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from tests.chaos.faults import BROKER
from tests.chaos.ledger import Ledger, centile

LONGEST_S = 45.0
WEB_S, WEB_ENOUGH = 1.0, 40  # I10: p95 of declarations without a broker, judged where there are enough of them


class Round(Protocol):
    """`web`: seconds until each declaration was answered. `broken`: invariants that did not hold."""

    fault: str
    waits: list[float | None]
    web: list[float]
    broken: list[str]


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
    broken: int
    web_p95: float

    ROWS: ClassVar[str] = """
import json
from datetime import timedelta
from monitoring.models import Result
from notifications import gsm7
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
        web = [took for one in rounds if one.fault in BROKER for took in one.web]
        slow = centile(web, 0.95) if len(web) >= WEB_ENOUGH else 0.0
        wrong = sum(len(one.broken) for one in rounds)
        lost = waits.count(None) + rows["untried"]
        return cls(len(rounds), lost, extra, marked, *late, gone, twice, len(ledger.answered), wrong, slow)

    @property
    def holds(self) -> bool:
        """Nothing lost, no repeat that is not marked as one, no page late, each answered result there once, no invariant broken."""
        pages = self.lost or self.duplicates > self.marked or self.most > LONGEST_S
        return not (pages or self.results_lost or self.results_twice or self.broken or self.web_p95 > WEB_S)

    def results(self) -> str:
        return f"results answered={self.answered} lost={self.results_lost} stored_twice={self.results_twice}"

    def __str__(self) -> str:
        waits = f"attempted_p50_s={self.p50:.2f} p99_s={self.p99:.2f} max_s={self.most:.2f}"
        counts = f"rounds={self.rounds} lost={self.lost} duplicates={self.duplicates} marked={self.marked}"
        return f"{counts} {waits} broken={self.broken} web_p95_without_broker_s={self.web_p95:.2f}"


def repeats(ledger: Ledger, rows: dict[str, Any]) -> tuple[int, int]:
    """Creations beyond one a message, and how many of them the desk says may be repeats; a third creation is never marked."""
    rightful = Counter((to, body) for to, body, _marked in rows["texts"])
    allowed = Counter((to, body) for to, body, marked in rows["texts"] if marked)
    taken = ledger.taken()
    extra = {key: count - max(rightful[key], 1) for key, count in taken.items() if count > max(rightful[key], 1)}
    mails = sum(many for (to, _), many in extra.items() if "@" in to)
    texts = sum(min(many, allowed[key]) for key, many in extra.items() if "@" not in key[0])
    return sum(extra.values()), texts + min(mails, rows["mails_marked"])
