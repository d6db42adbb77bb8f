"""PostgreSQL: rows written per table, row length, sizes, WAL and its archive, connections, replication lag, locks, transaction ids.

A role with pg_monitor is enough. What the role may not see is missing with its remedy; a counter that was reset gives no rate once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _
from psycopg.rows import dict_row

from monitoring.probes import guard, rates
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

TABLES_SHOWN = 12
STATEMENT_MS = 5000
WRITES = ("inserted", "updated", "deleted")
Row = dict[str, Any]
Ask = Callable[..., list[Row]]

TABLES = """
    SELECT s.schemaname || '.' || s.relname AS name, s.n_tup_ins AS inserted, s.n_tup_upd AS updated, s.n_tup_del AS deleted,
           c.reltuples::float8 AS rows, pg_relation_size(c.oid) AS heap, pg_total_relation_size(c.oid) AS size
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid ORDER BY s.n_tup_ins + s.n_tup_upd + s.n_tup_del DESC LIMIT 500"""
DATABASE = """
    SELECT pg_database_size(datname) AS size, stats_reset::text AS reset, deadlocks, xact_commit AS commits, xact_rollback AS rollbacks,
           (SELECT max(age(datfrozenxid)) FROM pg_database) AS xid_age, current_setting('autovacuum_freeze_max_age')::int AS xid_most
    FROM pg_stat_database WHERE datname = current_database()"""
CONNECTIONS = """
    SELECT count(*) FILTER (WHERE backend_type = 'client backend') AS used, current_setting('max_connections')::int AS most,
           count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting, count(*) FILTER (WHERE state = 'idle in transaction') AS idle,
           coalesce(extract(epoch FROM max(now() - xact_start) FILTER (WHERE backend_type = 'client backend')), 0)::float8 AS longest_s,
           bool_or(query = '<insufficient privilege>') AS hidden
    FROM pg_stat_activity WHERE pid <> pg_backend_pid()"""
WAL = "SELECT count(*) AS files, coalesce(sum(size), 0)::float8 AS bytes FROM pg_ls_waldir()"
ARCHIVE = """
    SELECT current_setting('archive_mode') AS mode, failed_count AS failed, archived_count AS archived,
           extract(epoch FROM now() - last_archived_time)::float8 AS age_s FROM pg_stat_archiver"""
LAG = """
    SELECT pg_is_in_recovery() AS standby, extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 AS behind_s,
           pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AS caught_up"""
STANDBYS = """
    SELECT coalesce(nullif(application_name, ''), client_addr::text, pid::text) AS name,
           extract(epoch FROM replay_lag)::float8 AS lag_s, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 AS behind
    FROM pg_stat_replication"""


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        with _connected(given, context) as line:
            line.execute(f"SET statement_timeout = {STATEMENT_MS}")

            def ask(words: str) -> list[Row]:
                return line.execute(words).fetchall()

            for part in (_health, _tables, _wal, _replication):
                _tried(part, ask, context, found)
    except psycopg.OperationalError as error:
        found.fault("critical", f"no connection: {' '.join(str(error).split())[:300]}")
    return found


def _connected(given: Mapping[str, Any], context: Context) -> psycopg.Connection[Row]:
    """By the address that was looked at; the name stays for the certificate."""
    address, port = guard.addresses(given["host"], given["port"], context)[0]
    return psycopg.connect(
        host=given["host"], hostaddr=address, port=port, dbname=given["database"], user=given["user"], password=given["password"] or None,
        sslmode=given["tls"], connect_timeout=max(2, int(context.deadline.left())), application_name="servicedesk probe",
        options="-c default_transaction_read_only=on", autocommit=True, row_factory=dict_row,
    )  # fmt: skip


def _tried(part: Callable[[Ask, Context, Finding], None], ask: Ask, context: Context, found: Finding) -> None:
    """What one part may not read takes nothing from the others."""
    what = part.__name__.strip("_")
    try:
        part(ask, context, found)
    except psycopg.errors.InsufficientPrivilege as error:
        found.lack(what, str(error).splitlines()[0], "GRANT pg_monitor TO the probe's role.")
    except psycopg.errors.QueryCanceled:
        found.lack(what, f"it took longer than {STATEMENT_MS // 1000} s", "Look at what the server waits for.")


def _health(ask: Ask, context: Context, found: Finding) -> None:
    row, lines = ask(DATABASE)[0], ask(CONNECTIONS)[0]
    found.measure("database_size", row["size"])
    found.measure("connections_percent", 100 * (lines["used"] + 1) / lines["most"])
    found.measure("waiting_for_locks", lines["waiting"])
    found.measure("idle_in_transaction", lines["idle"])
    found.measure("longest_transaction_s", lines["longest_s"])
    found.measure("transaction_ids_percent", 100 * row["xid_age"] / 2**31)
    if lines["hidden"]:
        found.lack("what other sessions wait for", "it is hidden from this role", "GRANT pg_monitor TO the probe's role.")
    counters = {name: float(row[name]) for name in ("deadlocks", "commits", "rollbacks")}
    memory = context.memory.get("database", {})
    rate, seconds = rates.per_second(counters, memory if memory.get("reset") == row["reset"] else {}, context.now)
    if seconds and len(rate) == len(counters):
        found.measure("deadlocks_per_minute", 60 * rate["deadlocks"])
        done = rate["commits"] + rate["rollbacks"]
        found.measure("rollbacks_percent", 100 * rate["rollbacks"] / done if done else 0.0)
    found.memory = {**context.memory, **(found.memory or {}), "database": rates.note(counters, context.now, reset=row["reset"])}


def _tables(ask: Ask, context: Context, found: Finding) -> None:
    """Every table counts, the busiest are shown each; the sheet has them all."""
    rows, reset = ask(TABLES), ask(DATABASE)[0]["reset"]
    counters = {f"{row['name']} {kind}": float(row[kind]) for row in rows for kind in WRITES}
    memory = context.memory.get("tables", {})
    rate, _seconds = rates.per_second(counters, memory if memory.get("reset") == reset else {}, context.now)
    busiest = sorted(rows, key=lambda row: -sum(rate.get(f"{row['name']} {kind}", 0) for kind in WRITES))[:TABLES_SHOWN]
    for row in busiest:
        for kind in WRITES:
            if f"{row['name']} {kind}" in rate:
                found.measure(f"{kind}_per_s", rate[f"{row['name']} {kind}"], row["name"])
        if (length := _length(row)) is not None:
            found.measure("row_length", length, row["name"])
    found.measure("tables_size", sum(row["size"] for row in rows))
    if not rate and rows:
        found.notes.append("rows written a second follow with the next run")
    found.detail = _sheet(rows)
    found.memory = {**context.memory, **(found.memory or {}), "tables": rates.note(counters, context.now, reset=reset)}


def _length(row: Row) -> float | None:
    """Bytes a row, dead ones counted. A table that was never analysed (reltuples -1) tells none."""
    return row["heap"] / row["rows"] if row["rows"] > 0 else None


def _sheet(rows: list[Row]) -> str:
    head = f"{'table':40} {'inserted':>12} {'updated':>12} {'deleted':>12} {'bytes a row':>12} {'size':>14}"
    lines = [
        f"{row['name'][:40]:40} {row['inserted']:12} {row['updated']:12} {row['deleted']:12} "
        f"{'not analysed' if _length(row) is None else format(_length(row) or 0, '.1f'):>12} {row['size']:14}"
        for row in rows[:100]
    ]
    return "\n".join([head, *lines])


def _wal(ask: Ask, context: Context, found: Finding) -> None:
    archive, wal = ask(ARCHIVE)[0], ask(WAL)[0]
    found.measure("wal_files", wal["files"])
    found.measure("wal_size", wal["bytes"])
    if archive["mode"] == "off":
        found.notes.append("WAL is not archived")
        return
    failed = archive["failed"]
    found.measure("archive_failures", max(failed - int(context.memory.get("archive_failed", failed)), 0))
    if archive["age_s"] is not None:
        found.measure("archive_age_s", archive["age_s"])
    found.memory = {**(found.memory or {}), "archive_failed": failed}


def _replication(ask: Ask, context: Context, found: Finding) -> None:
    """A standby's lag is the age of what it replayed last, unless it has replayed all it got: a quiet primary is no lag."""
    row = ask(LAG)[0]
    if row["standby"]:
        if row["behind_s"] is None:
            found.lack("lag_s", "this standby has replayed nothing yet", "Look at its connection to the primary.")
        else:
            found.measure("lag_s", 0.0 if row["caught_up"] else row["behind_s"])
        return
    for standby in ask(STANDBYS):
        if standby["behind"] is None:
            found.lack(f"lag of {standby['name']}", "it is hidden from this role", "GRANT pg_monitor TO the probe's role.")
        else:
            found.measure("lag_s", standby["lag_s"] or 0.0, standby["name"])
            found.measure("lag_bytes", standby["behind"], standby["name"])


PROBE = Probe(
    name="postgresql",
    title=_("PostgreSQL"),
    kind="database",
    run=run,
    silence="critical",
    deadline_s=20.0,
    every_s=60,
    privilege=_("A role with pg_monitor. Private addresses need PROBE_ALLOW."),
    options=(
        Option("host", _("host"), "host", is_required=True),
        Option("port", _("port"), "whole", 5432, low=1, high=65535),
        Option("database", _("database"), "text", "postgres"),
        Option("user", _("user"), is_required=True),
        Option("password", _("password"), "secret"),
        Option("tls", _("TLS"), "choice", "prefer", choices=("disable", "prefer", "require", "verify-ca", "verify-full"), source="libpq"),
    ),
    figures=(
        Figure("inserted_per_s", "/s", _("rows inserted, per table")),
        Figure("updated_per_s", "/s", _("rows updated, per table")),
        Figure("deleted_per_s", "/s", _("rows deleted, per table")),
        Figure("row_length", "B", _("average row length, per table")),
        Figure("tables_size", "B", _("tables with indexes")),
        Figure("database_size", "B", _("size of the database")),
        Figure("wal_files", "", _("WAL files")),
        Figure("wal_size", "B", _("size of the WAL")),
        Figure("archive_failures", "", _("WAL files that could not be archived since the last run"), "0", "", "our judgement"),
        Figure("archive_age_s", "s", _("since a WAL file was archived")),
        Figure("connections_percent", "%", _("connections used"), "80", "90", "Netdata"),
        Figure("waiting_for_locks", "", _("sessions that wait for a lock"), "5", "20", "our judgement"),
        Figure("idle_in_transaction", "", _("sessions idle in a transaction"), "10", "", "our judgement"),
        Figure("longest_transaction_s", "s", _("the longest transaction"), "3600", "", "our judgement"),
        Figure("transaction_ids_percent", "%", _("transaction ids used before wraparound"), "50", "90", "Netdata (90)"),
        Figure("deadlocks_per_minute", "/min", _("deadlocks"), "10", "", "Netdata"),
        Figure("rollbacks_percent", "%", _("transactions rolled back"), "2", "", "Netdata"),
        Figure("lag_s", "s", _("replication lag"), "10", "30", "Netdata (MySQL's)"),
        Figure("lag_bytes", "B", _("replication lag in WAL")),
    ),
)
