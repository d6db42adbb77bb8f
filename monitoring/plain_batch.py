"""The plain case by the body: what `plain` is for one result, for all results of a body in one statement. Nothing is decided here.

All check states of the body are locked in check-id order. Results of checks that are well and stay well are stored at once;
whatever else there is, is given back for the ordinary way, which finds its states locked. PostgreSQL alone.
"""

# ruff: noqa: S608  (the statement is put together from constants; what is given stands in parameters)

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection

from monitoring import plain
from monitoring.models import Source
from monitoring.normal import Signal

FEWEST = 5  # below that the ordinary way is as quick

STORED = f"""
    WITH item AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(items)s::json)
            AS i(n integer, is_ok boolean, slug text, key text, summary text, value text, severity smallint, flag text,
                 metrics jsonb, labels jsonb)),
    held AS MATERIALIZED (
        SELECT item.*, k.id AS check_id, k.service_id, k.period_s, k.grace_s, {plain.STAYS_WELL} AS stays_well
        FROM item
        JOIN monitoring_check k ON k.source_id = %(source)s AND k.slug = item.slug
        JOIN monitoring_checkstate t ON t.check_ref_id = k.id
        ORDER BY k.id FOR UPDATE OF t),
    taken AS MATERIALIZED (SELECT * FROM held WHERE is_ok AND stays_well),
    fresh AS MATERIALIZED (
        SELECT * FROM taken
        WHERE NOT EXISTS (SELECT 1 FROM monitoring_seenevent e WHERE e.source_id = %(source)s AND e.key = taken.key)),
    seen AS (
        INSERT INTO monitoring_seenevent (source_id, key, seen_at)
        SELECT %(source)s, key, %(now)s FROM fresh WHERE key IS NOT NULL ORDER BY key),
    stored AS (
        {plain.RESULT}
        SELECT %(day)s, check_id, 'ok', coalesce(summary, ''), severity, coalesce(flag, ''),
            coalesce(metrics, '[]'), coalesce(labels, '{{}}'), NULL, %(now)s, %(raw)s, '', '[]'
        FROM fresh ORDER BY n),
    newest AS (SELECT DISTINCT ON (check_id) * FROM fresh ORDER BY check_id, n DESC),
    state AS (
        UPDATE monitoring_checkstate t
        SET last_result_at = %(now)s, summary = coalesce(f.summary, ''), value = coalesce(f.value, ''), overdue_at = {plain.LATE_AT}
        FROM newest f
        WHERE t.check_ref_id = f.check_id AND (
            f.period_s IS NOT NULL OR t.last_result_at IS NULL OR t.last_result_at < %(heard)s
            OR t.summary <> coalesce(f.summary, '') OR t.value <> coalesce(f.value, ''))),
    service AS (
        UPDATE directory_service SET checked_at = %(now)s WHERE id IN (
            SELECT w.id FROM directory_service w
            WHERE w.id IN (SELECT service_id FROM fresh) AND (w.checked_at IS NULL OR w.checked_at < %(heard)s)
            ORDER BY w.id FOR NO KEY UPDATE SKIP LOCKED))
    SELECT (SELECT count(*) FROM fresh), (SELECT json_agg(n)::text FROM item WHERE n NOT IN (SELECT n FROM taken))"""


def take(source: Source, signals: Sequence[Signal], *, raw_id: int, now: datetime) -> tuple[int, Sequence[Signal]]:
    """Store those that are plain, inside the caller's transaction: how many were new, and what is left for the ordinary way.

    Raises IntegrityError where another sender brought the same event at this moment.
    """
    if connection.vendor != "postgresql" or sum(map(_may_be, signals)) < FEWEST:
        return 0, signals
    once = _without_repeats(signals)
    mixed = {signal.check for signal in once if not _may_be(signal)}  # their results count in the order they came
    items = [_item(n, signal, is_ok=signal.check not in mixed) for n, signal in enumerate(once)]
    given = {"items": json.dumps(items), "source": source.pk, "raw": raw_id, **plain.moments(now)}
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        found = cursor.execute(STORED, given).fetchone()
    new, left = found or (0, None)
    return new, [once[n] for n in json.loads(left or "[]")]


def _may_be(signal: Signal) -> bool:
    return plain.may_be(signal) and not signal.occurrence


def _without_repeats(signals: Sequence[Signal]) -> list[Signal]:
    """The first of each event."""
    known: set[str] = set()
    once = []
    for signal in signals:
        key = signal.identity[:255]
        if not key or key not in known:
            once.append(signal)
            known.add(key)
    return once


def _item(n: int, signal: Signal, *, is_ok: bool) -> dict[str, Any]:
    """What the statement reads; what is empty is left out."""
    item: dict[str, Any] = {"n": n, "slug": signal.check}
    if is_ok:
        told = {
            "is_ok": True, "key": signal.identity[:255], "summary": signal.summary[:1024], "value": signal.value[:60],
            "severity": signal.severity, "flag": signal.flag[:80], "metrics": signal.metrics, "labels": dict(signal.labels),
        }  # fmt: skip
        item |= {name: value for name, value in told.items() if value}
    return item
