"""Results by day: on PostgreSQL a partition each, made before its day comes and dropped when it is old. Elsewhere a plain table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from monitoring.models import Result

TABLE = Result._meta.db_table
AHEAD = 3  # days; an engine that stands still for so long costs the rows of later days a move, nothing else
WAIT = "SET LOCAL lock_timeout = '2s'"  # whoever waits for the table's lock makes every result wait behind it
MOVE = f'WITH taken AS (DELETE FROM "{TABLE}_default" WHERE day = %s RETURNING *) INSERT INTO "{{name}}" SELECT * FROM taken'  # noqa: S608
AT_ONCE = 5_000
DAY = timedelta(days=1)


def is_partitioned() -> bool:
    return connection.vendor == "postgresql"


def make_ahead(*, now: datetime) -> int:
    """The partitions of today and the next days, as far as they are missing; how many were made."""
    if not is_partitioned():
        return 0
    there = set(days())
    missing = [day for ahead in range(AHEAD + 1) if (day := now.date() + ahead * DAY) not in there]
    for day in missing:
        _make(day)
    return len(missing)


def forget(before: date) -> int:
    """Drop the days before this one whole, and delete what lies in no partition of its own; how many days or rows."""
    old = [day for day in days() if day < before] if is_partitioned() else []
    for day in old:
        _drop(day)
    return len(old) + _delete(before)


def days() -> Iterator[date]:
    """The days that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass", [TABLE]
        )
        names = [name.removeprefix(f"{TABLE}_") for (name,) in cursor.fetchall()]
    return (datetime.strptime(name, "%Y%m%d").date() for name in names if name.isdecimal())  # noqa: DTZ007  (a date has no zone)


@transaction.atomic
def _make(day: date) -> None:
    """Beside the table, filled with what came of that day before, then attached: results are taken all the while."""
    name = f"{TABLE}_{day:%Y%m%d}"
    with connection.cursor() as cursor:
        cursor.execute(WAIT)
        cursor.execute(f'CREATE TABLE "{name}" (LIKE "{TABLE}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')
        cursor.execute(f'LOCK TABLE "{TABLE}_default" IN SHARE ROW EXCLUSIVE MODE')
        cursor.execute(MOVE.format(name=name), [day])
        cursor.execute(f'ALTER TABLE "{TABLE}" ATTACH PARTITION "{name}" FOR VALUES FROM (%s) TO (%s)', [day, day + DAY])


@transaction.atomic
def _drop(day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WAIT)
        cursor.execute(f'DROP TABLE "{TABLE}_{day:%Y%m%d}"')


def _delete(before: date) -> int:
    """By portions, each its own transaction: SQLite has one writer, and it is wanted."""
    gone = 0
    while found := list(Result.objects.filter(day__lt=before).order_by("day", "id").values_list("pk", flat=True)[:AT_ONCE]):
        gone += Result.objects.filter(day__lt=before, pk__in=found).delete()[0]
    return gone
