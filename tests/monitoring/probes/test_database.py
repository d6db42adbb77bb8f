"""PostgreSQL for real where TEST_DATABASE_URL names one; MySQL's reading of what a server says; backups as files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from monitoring.probes import mysql, postgres
from monitoring.probes.shape import Context, Finding
from servicedesk.deadline import Deadline
from tests.actors import NINE
from tests.monitoring.probes.looking import LOOPBACK, free_port, look, told, values

MINUTE = timedelta(minutes=1)
SERVER = urlsplit(os.environ.get("TEST_DATABASE_URL", ""))
needs_postgresql = pytest.mark.skipif(not SERVER.hostname, reason="needs TEST_DATABASE_URL")


@pytest.fixture
def goods() -> Iterator[dict[str, Any]]:
    """A database with a table of 5,000 rows, and a role that may monitor and read nothing else."""
    name = f"probe_{os.getpid()}"
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as root:
        root.execute(f"CREATE DATABASE {name}")
        root.execute(f"CREATE ROLE {name}_reader LOGIN PASSWORD 'reader' IN ROLE pg_monitor")
        root.execute(f"CREATE ROLE {name}_nobody LOGIN PASSWORD 'reader'")
        yield {"host": SERVER.hostname, "port": SERVER.port or 5432, "database": name, "user": f"{name}_reader", "password": "reader"}
        root.execute(f"DROP DATABASE {name} WITH (FORCE)")
        root.execute(f"DROP ROLE {name}_reader, {name}_nobody")


def filled(given: dict[str, Any], *statements: str) -> None:
    address = SERVER._replace(path=f"/{given['database']}").geturl()
    with psycopg.connect(address, autocommit=True) as line:
        for statement in statements:
            line.execute(statement)
        line.execute("SELECT pg_stat_force_next_flush()")
        line.execute("SELECT 1")
    time.sleep(0.3)


@needs_postgresql
def test_rows_written_row_length_sizes_and_wal_are_exact(goods: dict[str, Any]) -> None:
    filled(goods, "CREATE TABLE goods (id int, words text)", "INSERT INTO goods SELECT n, repeat('x', 60) FROM generate_series(1, 100) n")
    first = look("postgresql", **goods)
    filled(
        goods, "INSERT INTO goods SELECT n, repeat('x', 60) FROM generate_series(1, 5000) n",
        "UPDATE goods SET id = id + 1 WHERE id <= 600", "DELETE FROM goods WHERE id > 4000", "ANALYZE goods",
    )  # fmt: skip
    second = look("postgresql", memory=first.memory, now=NINE + MINUTE, **goods)
    found = values(second)
    assert [round(60 * found[f"{kind}_per_s public.goods"]) for kind in ("inserted", "updated", "deleted")] == [5000, 700, 1000]
    assert 60 < found["row_length public.goods"] < 150
    assert found["database_size"] > found["tables_size"] > 0
    assert min(found["wal_files"], found["wal_size"], found["connections_percent"]) > 0
    assert second.missing == []
    assert "public.goods" in second.detail


@needs_postgresql
def test_counters_that_were_reset_give_no_rate_once(goods: dict[str, Any]) -> None:
    filled(goods, "CREATE TABLE goods (id int)", "INSERT INTO goods SELECT generate_series(1, 500)")
    first = look("postgresql", **goods)
    filled(goods, "SELECT pg_stat_reset()", "INSERT INTO goods SELECT generate_series(1, 900)")
    assert not any("per_s" in name for name in values(look("postgresql", memory=first.memory, now=NINE + MINUTE, **goods)))


@needs_postgresql
def test_a_role_without_rights_is_unknown_and_told_what_to_grant(goods: dict[str, Any]) -> None:
    filled(goods, "CREATE TABLE goods (id int)")
    result = told("postgresql", **{**goods, "user": goods["user"].replace("reader", "nobody")})
    assert result["status"] == "unknown"
    assert "GRANT pg_monitor" in result["summary"]
    assert "database_size" in {metric["name"] for metric in result["metrics"]}


@needs_postgresql
def test_sessions_that_wait_for_a_lock_are_counted(goods: dict[str, Any]) -> None:
    filled(goods, "CREATE TABLE goods (id int)")
    address = SERVER._replace(path=f"/{goods['database']}").geturl()
    with psycopg.connect(address) as holder, psycopg.connect(address) as waiter:
        holder.execute("LOCK TABLE goods")
        waiter.pgconn.send_query(b"SET lock_timeout = '20s'; SELECT * FROM goods")
        for _try in range(20):
            time.sleep(0.4)
            found = values(look("postgresql", **goods))
            if found["waiting_for_locks"]:
                break
        holder.rollback()
        while waiter.pgconn.get_result():
            pass
    assert found["waiting_for_locks"] >= 1  # of the whole server, on which others may work
    assert found["idle_in_transaction"] >= 1
    assert found["longest_transaction_s"] > 0.3


def test_a_server_that_is_away_is_critical() -> None:
    result = told("postgresql", host="127.0.0.1", port=free_port(), user="x")
    assert (result["status"], "no connection" in result["summary"]) == ("critical", True)
    assert "PROBE_ALLOW" in told("postgresql", host="127.0.0.1", user="x", allow=())["summary"]


def test_without_pymysql_the_check_is_unknown_and_says_what_to_install() -> None:
    result = told("mysql", host="127.0.0.1", user="x")
    assert result["status"] in ("unknown", "critical")
    if result["status"] == "unknown":
        assert "pip install PyMySQL" in result["summary"]


class Server:
    """What MySQL answers, by the beginning of the question."""

    def __init__(self, **tables: Any) -> None:
        self.tables = tables

    def __call__(self, words: str) -> list[dict[str, Any]]:
        if "performance_schema" in words and "count_insert" in words:
            return self.tables.get("per_table", [])
        if "information_schema.tables" in words:
            return [{"NAME": "shop.goods", "ROW_LENGTH": 95, "ROW_COUNT": 4112, "SIZE": 409600}]
        return self.tables.get("replica", []) if words.startswith("SHOW SLAVE") else []


def of_mysql(*, schema: str, memory: Any = None, now: Any = NINE, counted: int = 1000, replica: Any = ()) -> Any:
    """One look at a server that says these things."""
    ask = Server(per_table=[{"name": "shop.goods", "inserted": counted, "updated": 100, "deleted": 99}], replica=list(replica))
    status = {"Threads_connected": "5", "Threads_running": "2", "Uptime": "100", "Slow_queries": "1", "Questions": "10"}
    status |= {"Handler_write": str(counted), "Handler_update": "100", "Handler_delete": "99"}
    settings = {"max_connections": "100", "performance_schema": schema, "version": "10.11-MariaDB"}
    found, context = Finding(), Context(Deadline(5), now, LOOPBACK, memory or {})
    for part in (mysql._health, mysql._writes, mysql._sizes, mysql._logs, mysql._lag):
        part(ask, status, settings, context, found)
    return found


def test_mysql_counts_rows_per_table_where_performance_schema_does() -> None:
    first = of_mysql(schema="ON")
    found = values(of_mysql(schema="ON", memory=first.memory, now=NINE + MINUTE, counted=1600))
    assert (found["inserted_per_s shop.goods"], found["deleted_per_s shop.goods"]) == (10, 0)
    assert (found["row_length shop.goods"], found["connections_percent"]) == (95, 5)


def test_an_empty_performance_schema_is_never_read_as_zero() -> None:
    first = of_mysql(schema="OFF")
    second = of_mysql(schema="OFF", memory=first.memory, now=NINE + MINUTE, counted=1600)
    assert second.missing[0].why == "performance_schema is OFF"
    assert values(second)["inserted_per_s all"] == 10
    assert not any(name.endswith("shop.goods") and "per_s" in name for name in values(second))


def test_a_replica_that_lags_or_stands_still_is_told() -> None:
    assert values(of_mysql(schema="ON", replica=[{"Seconds_Behind_Master": 42}]))["lag_s"] == 42
    assert of_mysql(schema="ON", replica=[{"Seconds_Behind_Master": None}]).faults == [("critical", "replication does not run")]


def backups(folder: Path, *sizes_and_hours: tuple[int, float]) -> None:
    for number, (size, hours) in enumerate(sizes_and_hours):
        file = folder / f"desk-{number}.dump"
        file.write_bytes(b"x" * size)
        os.utime(file, (NINE.timestamp() - hours * 3600,) * 2)


def test_backups_are_judged_by_age_size_and_rhythm(tmp_path: Path) -> None:
    backups(tmp_path, (50_000, 2), (50_000, 26), (51_000, 50))
    (tmp_path / "other.txt").write_text("x")
    result = told("backup", folder=str(tmp_path), pattern="desk-*.dump")
    figures = {metric["name"]: metric["value"] for metric in result["metrics"]}
    assert (result["status"], figures["age_h"], figures["every_h"], figures["kept"]) == ("ok", 2, 24, 3)


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ([], "critical", "no file in"),
        ([(50_000, 30), (50_000, 54)], "warning", "age_h 30"),
        ([(50_000, 60), (50_000, 84)], "critical", "age_h 60"),
        ([(15_000, 2), (50_000, 26)], "critical", "size_percent_of_usual 30"),
        ([(0, 2), (50_000, 26)], "critical", "the newest has 0 bytes"),
    ],
)
def test_old_missing_and_shrunken_backups_are_told(tmp_path: Path, files: list[tuple[int, float]], status: str, words: str) -> None:
    backups(tmp_path, *files)
    result = told("backup", folder=str(tmp_path))
    assert result["status"] == status
    assert words in result["summary"]


def test_a_folder_that_may_not_be_read_is_unknown() -> None:
    assert told("backup", folder="/no/such/folder")["status"] == "unknown"


def replicating(*, standby: bool, behind_s: float | None = None, caught_up: bool = False, standbys: Any = ()) -> Finding:
    """What the probe makes of a server that says this of its replication."""
    told = {postgres.LAG: [{"standby": standby, "behind_s": behind_s, "caught_up": caught_up}], postgres.STANDBYS: list(standbys)}
    found = Finding()
    postgres._replication(lambda words: told[words], Context(Deadline(5), NINE), found)
    return found


def test_a_standbys_lag_is_told_and_a_quiet_primary_is_none() -> None:
    assert values(replicating(standby=True, behind_s=42.0)) == {"lag_s": 42}
    assert values(replicating(standby=True, behind_s=9000.0, caught_up=True)) == {"lag_s": 0}
    assert replicating(standby=True).missing[0].why == "this standby has replayed nothing yet"
    of_primary = replicating(
        standby=False, standbys=[{"name": "b", "lag_s": 1.5, "behind": 4096.0}, {"name": "c", "lag_s": None, "behind": None}]
    )
    assert values(of_primary) == {"lag_s b": 1.5, "lag_bytes b": 4096}
    assert of_primary.missing[0].remedy == "GRANT pg_monitor TO the probe's role."
