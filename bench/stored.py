"""P8: single results into a desk with 10 million results stored, against one with none; what a million costs on disk; a day dropped.

BENCH_STORED names another number of results.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from bench.desk import Measured, embedded
from bench.ingest import one_round
from bench.measure import ROUNDS, Figure
from bench.shelled import ask
from tests.chaos.under import database

STORED = int(os.environ.get("BENCH_STORED", "10000000"))
DAYS, SECONDS, CONNECTIONS, MILLION = 14, 2.0, 8, 1_000_000
COLUMNS = "day, check_id, status, summary, flag, metrics, labels, received_at, change, why"
FILLED = f"""
import json
from datetime import timedelta
from django.db import connection
from monitoring.models import Check
from monitoring.storage import partitions
from servicedesk import clock
now, each, checks = clock.now(), {STORED} // {DAYS}, list(Check.objects.values_list("pk", flat=True))
first, many, is_pg = min(checks), len(checks), connection.vendor == "postgresql"
numbers = "generate_series(1, %(n)s) AS g(n)" if is_pg else (
    "(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %(n)s) SELECT n FROM g)")
metrics = '[{{"name": "used", "value": 71.5, "unit": "%%", "warn": "85", "crit": "95"}}]'
cast = "::jsonb" if is_pg else ""
for back in range(1, {DAYS} + 1):
    day = now - timedelta(days=back)
    partitions.make_ahead(now=day)
    at = "%(at)s::timestamptz" if is_pg else "%(at)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO monitoring_result ({COLUMNS}) SELECT %(day)s, {{first}} + n %% {{many}}, 'ok', 'bench', '', "
            f"'{{metrics}}'{{cast}}, '{{{{}}}}'{{cast}}, {{at}}, '', '[]'{{cast}} FROM {{numbers}}",
            {{"n": each, "day": day.date(), "at": day if is_pg else day.strftime("%Y-%m-%d %H:%M:%S.%f")}})
with connection.cursor() as cursor:
    if is_pg:
        cursor.execute("ANALYZE monitoring_result")
        cursor.execute("SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'monitoring_result'::regclass")
    else:
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    size = cursor.fetchone()[0]
print(json.dumps(int(size)))
"""
DROPPED = f"""
import json, time
from datetime import timedelta
from monitoring.storage import partitions
from servicedesk import clock
began = time.monotonic()
partitions.forget((clock.now() - timedelta(days={DAYS} - 1)).date())
print(json.dumps((time.monotonic() - began) * 1000))
"""


def bench() -> Iterator[Figure]:
    with database() as first, database() as second, embedded(first) as full, embedded(second) as empty:
        began = time.monotonic()
        size = ask(full, FILLED)
        note = f"{size / STORED * MILLION / 2**20:.0f} MiB on disk per million, filled in {time.monotonic() - began:.0f} s"
        yield rates(full, empty, "PostgreSQL" if first else "SQLite", note)
        took = ask(full, DROPPED)
        name = f"{STORED // DAYS:,} results of a day dropped"
        yield Figure("P8", name, "ms", [took], [1000.0], goal=1000, of_ours=True, note="one round; the reference is the goal")


def rates(full: Measured, empty: Measured, where: str, note: str) -> Figure:
    ours, reference = [], []
    for desk in (full, empty):
        one_round(desk, CONNECTIONS, 0.5)
    for _round in range(ROUNDS):
        reference.append(len(one_round(empty, CONNECTIONS, SECONDS)) / SECONDS)
        ours.append(len(one_round(full, CONNECTIONS, SECONDS)) / SECONDS)
    return Figure("P8", f"single results with {STORED:,} stored, {where}", "/s", ours, reference, goal=0.9, at_least=True, note=note)
