"""What a database holds, in figures that two databases can be compared by: of each table how many rows, and a digest of them.

The digest is the sum of the rows' own hashes, so it asks for no order. It finds damage; whoever could forge it could as well
replace the archive, whose members have SHA-256 hashes of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection

# who is signed in is not carried over, and whether a desk is held is no content
LEFT_OUT = {"django_session", "usersessions_usersession"}
HELD = {"directory_organisation": {"held_since", "held_until", "held_for"}}
AT_ONCE = 5_000
# PostgreSQL writes rows as text by these
PLAIN = ("SET LOCAL timezone = 'UTC'", "SET LOCAL datestyle = 'ISO'", "SET LOCAL extra_float_digits = 1", "SET LOCAL statement_timeout = 0")


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: int
    digest: str

    def as_json(self) -> dict[str, Any]:
        return {"columns": list(self.columns), "rows": self.rows, "digest": self.digest}


Tables = Mapping[str, tuple[str, ...]]


def ours() -> Tables:
    """Every table of the desk by its model, with its columns; what a database computes by itself is not among them."""
    found = {
        model._meta.db_table: tuple(str(one.column) for one in model._meta.concrete_fields if _counts(model._meta.db_table, one.column))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.db_table not in LEFT_OUT
    }
    return {**found, "django_migrations": ("app", "name")}


def there() -> Tables:
    """Those of them that this database has: a backup is often made after new code was installed and before it migrates."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        known = {table: {one.name for one in connection.introspection.get_table_description(cursor, table)} for table in tables & {*ours()}}
    return {table: tuple(one for one in columns if one in known[table]) for table, columns in ours().items() if table in known}


def take(cursor: Any, vendor: str, tables: Tables) -> dict[str, Table]:
    """By a cursor of the database; on PostgreSQL one within a transaction."""
    if vendor == "postgresql":
        for statement in PLAIN:
            cursor.execute(statement)
    one = _postgresql if vendor == "postgresql" else _sqlite
    return {name: Table(columns, *one(cursor, name, columns)) for name, columns in sorted(tables.items())}


def differences(expected: Mapping[str, Table], found: Mapping[str, Table]) -> list[str]:
    """In words; empty where they are equal."""
    said = []
    for name, table in expected.items():
        other = found.get(name)
        if other is None or other.rows != table.rows:
            said.append(f"{name}: {table.rows} rows in the backup, {other.rows if other else 'no table'} restored")
        elif other.digest != table.digest:
            said.append(f"{name}: the rows differ")
    return said


def _counts(table: str, column: str | None) -> bool:
    return column not in HELD.get(table, ())


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _postgresql(cursor: Any, table: str, columns: tuple[str, ...]) -> tuple[int, str]:
    halves = (f"coalesce(sum(('x' || substr(h, {start}, 16))::bit(64)::bigint::numeric), 0)" for start in (1, 17))
    cursor.execute(f'SELECT count(*), {", ".join(halves)} FROM (SELECT md5(ROW({_quoted(columns)})::text) AS h FROM "{table}") AS hashed')  # noqa: S608  # names of models
    rows, first, second = cursor.fetchone()
    return rows, f"{int(first) % 2**64:016x}{int(second) % 2**64:016x}"


def _sqlite(cursor: Any, table: str, columns: tuple[str, ...]) -> tuple[int, str]:
    rows = total = 0
    cursor.execute(f'SELECT {_quoted(columns)} FROM "{table}"')  # noqa: S608  # names of models
    while some := cursor.fetchmany(AT_ONCE):
        rows += len(some)
        total += sum(int.from_bytes(hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).digest()) for row in some)
    return rows, f"{total % 2**128:032x}"
