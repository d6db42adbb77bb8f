"""The database as one file, and back: SQLite by its own backup, PostgreSQL by pg_dump and psql. Either way all or nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction

from incidents import vault
from servicedesk.environment import env as given
from servicedesk.operations import fingerprints
from servicedesk.operations.fingerprints import LEFT_OUT, Table, Tables

HOLD = "UPDATE {}directory_organisation SET held_since = CURRENT_TIMESTAMP, held_until = NULL, held_for = 'restore'"
FUNCTIONS = ("search_words(text, text)", "search_word(text, boolean)", "search_fold(text)")
SSL = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}
PIECE = 2**20


class CannotDump(Exception):
    """The database could not be written out or taken in; the text says why."""


def dump(into: Path, tables: Tables) -> dict[str, Table]:
    """Write the database out as it is at one moment, while everybody works on; what is in it."""
    return _dump_postgresql(into, tables) if connection.vendor == "postgresql" else _dump_sqlite(into, tables)


def _dump_sqlite(into: Path, tables: Tables) -> dict[str, Table]:
    with closing(sqlite3.connect(_file())) as live, closing(sqlite3.connect(into)) as copy:
        live.backup(copy)
        for table in LEFT_OUT:
            copy.execute(f'DELETE FROM "{table}"')  # noqa: S608  # our own names
        copy.commit()
        copy.execute("PRAGMA journal_mode = DELETE")
        if (said := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise CannotDump(f"The database is damaged: {said}.")
        return fingerprints.take(copy.cursor(), "sqlite", tables)


def _dump_postgresql(into: Path, tables: Tables) -> dict[str, Table]:
    """Counted and written out in one snapshot."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
        out = [f"--exclude-table-data={table}" for table in sorted(LEFT_OUT)]
        _run(["pg_dump", "--format=custom", "--compress=1", f"--snapshot={snapshot}", *out, f"--file={into}"], _environ())
        return fingerprints.take(cursor, "postgresql", tables)


def is_empty() -> bool:
    """Nobody has worked here yet."""
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in ("directory_user", "directory_organisation"):
            if table in there:
                cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')  # noqa: S608  # our own names
                if cursor.fetchone():
                    return False
    return True


def restore(dumped: Path, tables: Tables, *, keep_as: str) -> dict[str, Table]:
    """Put this dump into the database's place, on hold; what is in it now. What was there is kept as a file where it was one."""
    if connection.vendor == "postgresql":
        _load_postgresql(dumped, _environ(), extra=f"{HOLD.format('public.')};\n")
        with transaction.atomic(), connection.cursor() as cursor:
            return fingerprints.take(cursor, "postgresql", tables)
    return _restore_sqlite(dumped, tables, keep_as)


def try_out(dumped: Path, tables: Tables) -> dict[str, Table]:
    """Restore into a scratch database, which is dropped again; what was in it."""
    if connection.vendor != "postgresql":
        with closing(sqlite3.connect(dumped)) as copy:
            return _looked_into(copy, tables)
    with _scratch() as environ:
        _load_postgresql(dumped, environ, extra="")
        with psycopg.connect(_conninfo(environ)) as line, line.cursor() as cursor:
            return fingerprints.take(cursor, "postgresql", tables)


def _restore_sqlite(dumped: Path, tables: Tables, keep_as: str) -> dict[str, Table]:
    """Looked into and held before it takes the place of the old one."""
    live = _file()
    with closing(sqlite3.connect(dumped)) as copy:
        found = _looked_into(copy, tables)
        copy.execute(HOLD.format(""))
        copy.commit()
    with closing(sqlite3.connect(live)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    if keep_as and live.stat().st_size:
        os.link(live, live.with_name(f"{live.name}.{keep_as}"))
    for name in (f"{live.name}-wal", f"{live.name}-shm"):
        live.with_name(name).unlink(missing_ok=True)
    vault.sync(dumped)
    dumped.replace(live)
    vault.sync(live.parent)
    return found


def _looked_into(copy: sqlite3.Connection, tables: Tables) -> dict[str, Table]:
    if (said := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        raise CannotDump(f"The database in it is damaged: {said}.")
    return fingerprints.take(copy.cursor(), "sqlite", tables)


def _load_postgresql(dumped: Path, environ: dict[str, str], *, extra: str) -> None:
    """Everything in one transaction. Its COMMIT is written last and by us alone: whatever is cut off changes nothing."""
    command = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--file=-"]
    reading = ["pg_restore", "--no-owner", "--no-privileges", "--file=-", str(dumped)]
    with _piped(command, environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as psql:
        with _piped(reading, environ, stdout=subprocess.PIPE) as source:
            assert psql.stdin
            assert source.stdout
            try:
                psql.stdin.write(f"BEGIN;\nSET client_min_messages = warning;\nSET lock_timeout = '30s';\n{_clearing(environ)}".encode())
                shutil.copyfileobj(source.stdout, psql.stdin, PIECE)
            except BrokenPipeError:
                source.kill()
            broke = source.wait()
        if broke:
            psql.kill()
        else:
            psql.stdin.write(f"{extra}COMMIT;\n".encode())
        _, said = psql.communicate()
    if broke or psql.returncode:
        raise CannotDump(f"The database was not restored and is as it was: {said.decode(errors='replace').strip()[-600:]}")


def _clearing(environ: dict[str, str]) -> str:
    """Drop what an earlier desk left, tables of its own alone. Raises CannotDump where others live there too."""
    with psycopg.connect(_conninfo(environ)) as line:
        found = line.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    tables = {str(name) for (name,) in found}
    parts = {name for name in tables if name.startswith("monitoring_result_")}
    strangers = tables - parts - {*fingerprints.ours(), *LEFT_OUT}
    if strangers:
        raise CannotDump(f"The database has tables that are not the desk's: {', '.join(sorted(strangers)[:5])}. Take one of its own.")
    dropped = [f'DROP TABLE IF EXISTS public."{name}" CASCADE;' for name in sorted(tables - parts)]
    return "\n".join([*dropped, *(f"DROP FUNCTION IF EXISTS public.{one} CASCADE;" for one in FUNCTIONS), ""])


@contextmanager
def _scratch() -> Iterator[dict[str, str]]:
    name = f"desk_scratch_{os.getpid()}"
    with psycopg.connect(_conninfo(_environ()), autocommit=True) as line:
        try:
            line.execute(f'CREATE DATABASE "{name}"')
        except psycopg.errors.InsufficientPrivilege as error:
            raise CannotDump("A scratch database needs a role with CREATEDB. Grant it, or try on another server.") from error
        try:
            yield {**_environ(), "PGDATABASE": name}
        finally:
            line.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def beside() -> Path:
    """A folder from which the database's place can be taken by a rename."""
    return Path(settings.DATA_DIR) if connection.vendor == "postgresql" else _file().parent


def _file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _environ() -> dict[str, str]:
    """What libpq's programs read, by the settings; the password in no command line."""
    said: dict[str, Any] = connection.settings_dict
    names = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGHOST": "HOST", "PGPORT": "PORT"}
    found = {theirs: str(said[ours]) for theirs, ours in names.items() if said.get(ours)}
    found |= {theirs: str(said["OPTIONS"][ours]) for ours, theirs in SSL.items() if ours in said["OPTIONS"]}
    return {**given.environ, "PGCONNECT_TIMEOUT": "5", **found}


def _conninfo(environ: dict[str, str]) -> str:
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST", "port": "PGPORT"} | SSL
    return psycopg.conninfo.make_conninfo(**{ours: environ[theirs] for ours, theirs in names.items() if theirs in environ})


def _run(command: list[str], environ: dict[str, str]) -> None:
    with _piped(command, environ, stdout=subprocess.DEVNULL) as process:
        _, said = process.communicate()
    if process.returncode:
        raise CannotDump(f"{command[0]} failed: {said.decode(errors='replace').strip()[-600:]}")


def _piped(command: list[str], environ: dict[str, str], **pipes: Any) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, **pipes)
    except FileNotFoundError as error:
        raise CannotDump(f"{command[0]} is needed and not installed. It comes with PostgreSQL's client programs.") from error
