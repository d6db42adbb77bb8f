"""The plain case of a result: a check that is well and stays well, with no time set for it. Nothing is decided here.

SQL may decide only that nothing changes (architecture, engine 8): the check is settled, and the result says what it says
already. Then body, event, result and "last heard" are stored in one commit, on PostgreSQL in one statement. Whatever
else a result may be, `take` stores nothing and the ordinary way takes it.
"""

# ruff: noqa: S608  (the statements are put together from constants of this file; what is given stands in parameters)

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, transaction

from monitoring.normal import Signal
from servicedesk.tokens import minting

# Telling a source or a service that it was heard at most so often keeps all its checks from waiting for one row.
HEARD_EVERY = timedelta(seconds=5)

# A check k with its state t, for which an OK changes nothing but when it was heard and when it is late.
STAYS_WELL = """(
        t.is_settled AND t.status = 'ok' AND NOT k.is_paused AND k.cron = ''
        AND t.recheck_at IS NULL AND t.closes_at IS NULL AND t.detail = ''
        AND (k.period_s IS NULL AND t.overdue_at IS NULL OR k.period_s IS NOT NULL AND t.overdue_at > %(now)s)
        AND NOT EXISTS (SELECT 1 FROM monitoring_threshold h WHERE h.check_ref_id = k.id))"""
LATE_AT = "%(now)s + make_interval(secs => period_s + grace_s)"  # lateness.overdue, of a period
FOUND = """
    SELECT k.id, k.source_id, k.service_id
    FROM monitoring_source s
    JOIN monitoring_check k ON k.source_id = s.id AND k.slug = %(check)s
    JOIN monitoring_checkstate t ON t.check_ref_id = k.id
    WHERE s.token_prefix = %(prefix)s AND s.token_hash = %(digest)s AND s.kind = 'results'
      AND s.is_active AND s.silent_since IS NULL AND (s.expires_at IS NULL OR s.expires_at > %(now)s)
      AND NOT k.is_paused AND k.period_s IS NULL AND k.cron = ''
      AND t.is_settled AND t.status = %(status)s AND t.recheck_at IS NULL AND t.overdue_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM monitoring_threshold h WHERE h.check_ref_id = k.id)"""
SEEN = "INSERT INTO monitoring_seenevent (source_id, key, seen_at)"
RAW = "INSERT INTO monitoring_rawbody (source_id, received_at, content_type, body, items, problem)"
RESULT = (
    "INSERT INTO monitoring_result (day, check_id, status, summary, severity, flag, metrics, labels, started_at, received_at, raw_id,"
    " change, why)"
)
VALUES = "%(day)s, {check}, %(status)s, %(summary)s, %(severity)s, %(flag)s, %(metrics)s, %(labels)s, NULL, %(now)s, {raw}, '', %(why)s"
STATE = "UPDATE monitoring_checkstate SET last_result_at = %(now)s, summary = %(summary)s, value = %(value)s"
HEARD = (
    ("monitoring_source", "last_heard_at", "source_id"),
    ("directory_service", "checked_at", "service_id"),
)


def _noted(table: str, column: str, key: str, of: str) -> str:
    """When one was heard, noted where that is not fresh and nobody else is noting it."""
    return f"""{column} AS (UPDATE {table} SET {column} = %(now)s WHERE id IN (
            SELECT w.id FROM {table} w JOIN {of} ON w.id = {of}.{key} WHERE w.{column} IS NULL OR w.{column} < %(heard)s
            FOR NO KEY UPDATE OF w SKIP LOCKED))"""


def _one_statement(*, named: bool) -> str:
    """All of it for PostgreSQL. `named`: the result has an identity, and was not seen before."""
    seen = f"seen AS ({SEEN} SELECT source_id, %(key)s, %(now)s FROM found ON CONFLICT DO NOTHING RETURNING source_id),"
    told = [_noted(table, column, key, "fresh") for table, column, key in HEARD]
    typed = (
        VALUES.replace("%(metrics)s", "%(metrics)s::jsonb").replace("%(labels)s", "%(labels)s::jsonb").replace("%(why)s", "%(why)s::jsonb")
    )
    return f"""
        WITH found AS MATERIALIZED ({FOUND} FOR UPDATE OF t), {seen if named else ""}
        fresh AS MATERIALIZED (SELECT found.* FROM found {"JOIN seen USING (source_id)" if named else ""}),
        raw AS ({RAW} SELECT source_id, %(now)s, %(content_type)s, %(body)s, 1, '' FROM fresh RETURNING id),
        stored AS ({RESULT} SELECT {typed.format(check="fresh.id", raw="raw.id")} FROM fresh, raw),
        state AS ({STATE} FROM fresh WHERE check_ref_id = fresh.id),
        {", ".join(told)}
        SELECT id FROM raw"""


NAMED, NAMELESS = _one_statement(named=True), _one_statement(named=False)
BEAT = f"""
    WITH found AS MATERIALIZED (
        SELECT k.id, k.service_id, k.period_s, k.grace_s
        FROM monitoring_check k JOIN monitoring_checkstate t ON t.check_ref_id = k.id
        WHERE k.ping_id = %(ping)s AND {STAYS_WELL} FOR UPDATE OF t),
    stored AS ({RESULT}
        SELECT %(day)s, id, 'ok', 'success', NULL, '', '[]', '{{}}', NULL, %(now)s, NULL, '', '[]' FROM found),
    state AS (
        UPDATE monitoring_checkstate SET last_result_at = %(now)s, summary = %(words)s, value = '', overdue_at = {LATE_AT}
        FROM found WHERE check_ref_id = found.id),
    {_noted("directory_service", "checked_at", "service_id", "found")}
    SELECT id FROM found"""
_writer = threading.Lock()  # SQLite lets one write; waiting here is shorter than its own polling


def may_be(signal: Signal) -> bool:
    """Whether this result could be plain. One with a time of its own moves what counts as older."""
    return signal.status == "ok" and signal.started_at is None


def take(token: str, signal: Signal, body: bytes, *, content_type: str, now: datetime) -> int | None:
    """Store it and return the body's id; None, and nothing is stored, where it is not plain or the token is not good."""
    prefix = minting.prefix_of(token)
    if prefix is None or not may_be(signal):
        return None
    row = _row(signal, body, content_type, now) | {"prefix": prefix, "digest": minting.digest(token)}
    return _on_postgresql(row) if connection.vendor == "postgresql" else _on_sqlite(row)


def beat(ping_id: UUID, *, words: str, now: datetime) -> bool:
    """A heartbeat that is well and beats again: whether it was stored. `words`: what its state says. PostgreSQL alone."""
    if connection.vendor != "postgresql":
        return False
    return _run(BEAT, {"ping": ping_id, "words": words, **moments(now)}) is not None


def _row(signal: Signal, body: bytes, content_type: str, now: datetime) -> dict[str, Any]:
    return {
        "check": signal.check,
        "status": signal.status,
        "summary": signal.summary[:1024],
        "value": signal.value[:60],
        "severity": signal.severity,
        "flag": signal.flag[:80],
        "metrics": json.dumps(list(signal.metrics)),
        "labels": json.dumps(dict(signal.labels)),
        "why": "[]",
        "key": signal.identity[:255],
        "body": body,
        "content_type": content_type[:120],
        **moments(now),
    }


def moments(now: datetime) -> dict[str, Any]:
    """Now, its day, and since when a word is fresh enough not to be noted again."""
    at, day = connection.ops.adapt_datetimefield_value, connection.ops.adapt_datefield_value
    return {"now": at(now), "day": day(now.date()), "heard": at(now - HEARD_EVERY)}


def _on_postgresql(row: Mapping[str, Any]) -> int | None:
    return _run(NAMED if row["key"] else NAMELESS, row)


def _run(statement: str, given: Mapping[str, Any]) -> int | None:
    """A prepared statement: planning it each time would cost more than running it. What it finds first."""
    connection.ensure_connection()
    line = connection.connection
    line.prepare_threshold = 1
    try:
        with connection.wrap_database_errors, psycopg.Cursor(line) as cursor:
            found = cursor.execute(statement, given, prepare=True).fetchone()
    finally:
        line.prepare_threshold = None
    return found[0] if found else None


def _on_sqlite(row: Mapping[str, Any]) -> int | None:
    turn = nullcontext() if connection.in_atomic_block else _writer
    with turn, transaction.atomic(), connection.cursor() as cursor:
        found = cursor.execute(FOUND, row).fetchone()
        if found is None:
            return None
        check_id, source_id, service_id = found
        given = {**row, "source_id": source_id, "service_id": service_id, "id": check_id}
        if row["key"] and not cursor.execute(f"{SEEN} VALUES (%(source_id)s, %(key)s, %(now)s) ON CONFLICT DO NOTHING", given).rowcount:
            return None
        kept = f"{RAW} VALUES (%(source_id)s, %(now)s, %(content_type)s, %(body)s, 1, '') RETURNING id"
        raw_id: int = cursor.execute(kept, given).fetchone()[0]
        given["raw"] = raw_id
        cursor.execute(f"{RESULT} VALUES ({VALUES.format(check='%(id)s', raw='%(raw)s')})", given)
        cursor.execute(f"{STATE} WHERE check_ref_id = %(id)s", given)
        for table, column, key in HEARD:
            old = f"({column} IS NULL OR {column} < %(heard)s)"
            cursor.execute(f"UPDATE {table} SET {column} = %(now)s WHERE id = %({key})s AND {old}", given)
        return raw_id
