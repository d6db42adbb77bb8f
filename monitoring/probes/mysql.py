"""MySQL and MariaDB. PyMySQL is an extra: without it the check is unknown and says how to install it.

performance_schema is off in MariaDB by default, and its tables are then empty without a word: empty is never read as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes import guard, rates
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

TABLES_SHOWN = 12
Row = dict[str, Any]
Ask = Callable[[str], list[Row]]

PER_TABLE = """
    SELECT CONCAT(object_schema, '.', object_name) AS name, count_insert AS inserted, count_update AS updated, count_delete AS deleted
    FROM performance_schema.table_io_waits_summary_by_table
    WHERE object_type = 'TABLE' AND object_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
    ORDER BY count_write DESC LIMIT 500"""
SIZES = """
    SELECT CONCAT(table_schema, '.', table_name) AS name, avg_row_length AS row_length, table_rows AS row_count,
           data_length + index_length + data_free AS size
    FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
    ORDER BY size DESC LIMIT 500"""
ALL_TABLES = {"inserted": "Handler_write", "updated": "Handler_update", "deleted": "Handler_delete"}


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        client = import_module("pymysql")
    except ModuleNotFoundError:
        found.lack("MySQL", "the library PyMySQL is not installed here", "pip install PyMySQL, where the probe runs.")
        return found
    try:
        _look(client, given, context, found)
    except client.MySQLError as error:
        found.fault("critical", f"no connection: {_words(error)}")
    return found


def _look(client: ModuleType, given: Mapping[str, Any], context: Context, found: Finding) -> None:
    line = client.Connection(
        host=given["host"], user=given["user"], password=given["password"], cursorclass=client.cursors.DictCursor, defer_connect=True,
        read_timeout=context.deadline.left(), write_timeout=context.deadline.left(),
        ssl_verify_cert=given["tls"] == "verify", ssl_verify_identity=given["tls"] == "verify",
        ssl={"check_hostname": given["tls"] == "verify"} if given["tls"] != "disable" else None,
    )  # fmt: skip
    line.connect(sock=guard.dial(given["host"], given["port"], context))

    def ask(words: str) -> list[Row]:
        with line.cursor() as cursor:
            cursor.execute(words)
            return list(cursor.fetchall())

    with line:
        status = {row["Variable_name"]: row["Value"] for row in ask("SHOW GLOBAL STATUS")}
        settings = {row["Variable_name"]: row["Value"] for row in ask("SHOW GLOBAL VARIABLES")}
        for part in (_health, _writes, _sizes, _logs, _lag):
            try:
                part(ask, status, settings, context, found)
            except client.MySQLError as error:
                found.lack(part.__name__.strip("_"), _words(error), "Grant the probe's user PROCESS, REPLICATION CLIENT and SELECT.")


def _health(ask: Ask, status: Row, settings: Row, context: Context, found: Finding) -> None:
    found.measure("connections_percent", 100 * int(status["Threads_connected"]) / int(settings["max_connections"]))
    found.measure("running_threads", int(status["Threads_running"]))
    found.measure("waiting_for_locks", int(status.get("Innodb_row_lock_current_waits", 0)))
    counters: dict[str, float] = {name: float(status[name]) for name in ("Slow_queries", "Aborted_clients", "Questions") if name in status}
    before = context.memory.get("status", {})
    restarted = int(status["Uptime"]) < float(before.get("uptime", 0))
    rate, _seconds = rates.per_second(counters, {} if restarted else before, context.now)
    if "Slow_queries" in rate:
        found.measure("slow_per_10s", 10 * rate["Slow_queries"])
        found.measure("queries_per_s", rate["Questions"])
    found.memory = {**(found.memory or {}), "status": rates.note(counters, context.now, uptime=float(status["Uptime"]))}


def _writes(ask: Ask, status: Row, settings: Row, context: Context, found: Finding) -> None:
    """Per table where performance_schema counts, else of the whole server, and said so."""
    is_counted = str(settings.get("performance_schema", "OFF")).upper() == "ON"
    rows = ask(PER_TABLE) if is_counted else []
    if not is_counted:
        why, remedy = "performance_schema is OFF", "Set performance_schema=ON in the server's configuration and restart it."
        found.lack("rows written per table", why, remedy)
    counters = {f"{row['name']} {kind}": float(row[kind]) for row in rows for kind in ALL_TABLES}
    counters |= {f" {kind}": float(status[name]) for kind, name in ALL_TABLES.items()}
    rate, _seconds = rates.per_second(counters, context.memory.get("writes", {}), context.now)
    busiest = sorted(rows, key=lambda row: -sum(rate.get(f"{row['name']} {kind}", 0) for kind in ALL_TABLES))[:TABLES_SHOWN]
    for name in ["", *(row["name"] for row in busiest)]:
        for kind in ALL_TABLES:
            if f"{name} {kind}" in rate:
                found.measure(f"{kind}_per_s", rate[f"{name} {kind}"], name or "all")
    found.memory = {**(found.memory or {}), "writes": rates.note(counters, context.now)}


def _sizes(ask: Ask, status: Row, settings: Row, context: Context, found: Finding) -> None:
    rows = [{name.lower(): value for name, value in row.items()} for row in ask(SIZES)]
    found.measure("tables_size", sum(float(row["size"] or 0) for row in rows))
    for row in rows[:TABLES_SHOWN]:
        if row["row_length"]:
            found.measure("row_length", float(row["row_length"]), row["name"])
    found.detail = "\n".join(f"{row['name']:50} {row['row_count'] or 0:12} rows (estimate) {row['size'] or 0:14} B" for row in rows[:100])


def _logs(ask: Ask, status: Row, settings: Row, context: Context, found: Finding) -> None:
    if str(settings.get("log_bin", "OFF")).upper() != "ON":
        found.notes.append("no binary log is written")
        return
    logs = ask("SHOW BINARY LOGS")
    found.measure("log_files", len(logs))
    found.measure("log_size", sum(float(row["File_size"]) for row in logs))


def _lag(ask: Ask, status: Row, settings: Row, context: Context, found: Finding) -> None:
    for row in ask("SHOW SLAVE STATUS" if "mariadb" in str(settings.get("version", "")).lower() else "SHOW REPLICA STATUS"):
        behind = row.get("Seconds_Behind_Master", row.get("Seconds_Behind_Source"))
        if behind is None:
            found.fault("critical", "replication does not run")
        else:
            found.measure("lag_s", float(behind))


def _words(error: Exception) -> str:
    return " ".join(str(part) for part in error.args)[:300]


PROBE = Probe(
    name="mysql",
    title=_("MySQL or MariaDB"),
    kind="database",
    run=run,
    silence="critical",
    deadline_s=20.0,
    privilege=_("PyMySQL installed; a user with PROCESS, REPLICATION CLIENT and SELECT. Private addresses need PROBE_ALLOW."),
    options=(
        Option("host", _("host"), "host", is_required=True),
        Option("port", _("port"), "whole", 3306, low=1, high=65535),
        Option("user", _("user"), is_required=True),
        Option("password", _("password"), "secret"),
        Option("tls", _("TLS"), "choice", "disable", choices=("disable", "require", "verify")),
    ),
    figures=(
        Figure("inserted_per_s", "/s", _("rows inserted, per table")),
        Figure("updated_per_s", "/s", _("rows updated, per table")),
        Figure("deleted_per_s", "/s", _("rows deleted, per table")),
        Figure("row_length", "B", _("average row length, per table (the server's estimate)")),
        Figure("tables_size", "B", _("tables with indexes and free room")),
        Figure("log_files", "", _("binary logs")),
        Figure("log_size", "B", _("size of the binary logs")),
        Figure("connections_percent", "%", _("connections used"), "70", "90", "Netdata"),
        Figure("running_threads", "", _("threads that work")),
        Figure("waiting_for_locks", "", _("row locks waited for"), "5", "20", "our judgement"),
        Figure("slow_per_10s", "/10s", _("slow queries"), "10", "20", "Netdata"),
        Figure("queries_per_s", "/s", _("queries")),
        Figure("lag_s", "s", _("replication lag"), "10", "30", "Netdata"),
    ),
)
