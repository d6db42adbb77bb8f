"""Asking one question of the database, so that what was asked, when, and what came back stay with the answer.

Evidence as kept: {"said", "finding", "failed", "n", "rows" (at most 10), "row_count", "rows_sha256", "links" [[words, path]],
"query" (the statements as the database got them), "parameters", "run_at", "took_ms"}. A query that fails is a finding:
nothing is known, which is not the same as nothing found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

log = structlog.get_logger(__name__)

SAMPLE, MOST_STATEMENTS, LONGEST_STATEMENT = 10, 12, 600
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """`since` is the last sign-off (or 90 days ago, where there is none); `limits` the thresholds of this question."""

    since: datetime
    now: datetime
    limits: Mapping[str, float] = field(default_factory=dict)

    def limit(self, name: str) -> float:
        return float(self.limits[name])

    def ago(self, name: str) -> datetime:
        """So many days before now as the threshold says."""
        return self.now - DAY * self.limit(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """`said` is one sentence; `n` how many things were looked at; `rows` what it rests on, as plain words and numbers.

    Confidential rows are counted in `said` and `n`, and are not among `rows`.
    """

    said: str
    is_finding: bool
    n: int
    rows: Sequence[Mapping[str, Any]] = ()
    links: Sequence[tuple[str, str]] = ()


Query = Callable[[Asked], Answer]


def ask(query: Query, asked: Asked) -> dict[str, Any]:
    """The evidence of one question. Raises nothing: what goes wrong is the answer."""
    seen: list[tuple[str, str]] = []
    began = monotonic()
    try:
        with ExitStack() as stack:
            stack.enter_context(transaction.atomic())  # a refused statement must not spoil what comes after
            stack.enter_context(connection.execute_wrapper(_noting(seen)))
            kept = _kept(query(asked))
    except Exception as error:
        log.exception("a question of the plan review failed")
        kept = _failed(error)
    return kept | {
        "query": [statement for statement, _parameters in seen],
        "parameters": [parameters for _statement, parameters in seen],
        "limits": dict(asked.limits),
        "since": asked.since.isoformat(),
        "run_at": asked.now.isoformat(),
        "took_ms": int((monotonic() - began) * 1000),
    }


def digest(thing: Any) -> str:
    """SHA-256 over canonical JSON: keys sorted, no spaces, UTF-8."""
    return hashlib.sha256(json.dumps(thing, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _kept(answer: Answer) -> dict[str, Any]:
    rows = [{str(name): _plain(value) for name, value in row.items()} for row in answer.rows]
    return {
        "said": answer.said, "finding": answer.is_finding, "failed": "", "n": answer.n, "rows": rows[:SAMPLE], "row_count": len(rows),
        "rows_sha256": digest(rows), "links": [[str(words), path] for words, path in answer.links],
    }  # fmt: skip


def _failed(error: Exception) -> dict[str, Any]:
    return {
        "said": _("The query failed, so nothing is known."), "finding": True, "failed": f"{type(error).__name__}: {error}"[:400], "n": None,
        "rows": [], "row_count": None, "rows_sha256": "", "links": [],
    }  # fmt: skip


def _noting(seen: list[tuple[str, str]]) -> Callable[..., Any]:
    """Remembers the statements that read, the first dozen of them that differ."""

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statement = sql[:LONGEST_STATEMENT]
        if sql.startswith(("SELECT", "WITH")) and len(seen) < MOST_STATEMENTS and statement not in [one for one, _given in seen]:
            seen.append((statement, str(params)[:LONGEST_STATEMENT]))
        return execute(sql, params, many, context)

    return note


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, int | float | bool | None) else str(value)
