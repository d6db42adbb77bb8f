"""A world that thousands of tests begin with: made once a process; for every later test its rows are written again as they were."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from itertools import chain
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import connection
from django.db.models import Model

World = TypeVar("World")
INTO = re.compile(r'INSERT (?:OR IGNORE )?INTO "?(\w+)')
MODELS: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


class Rewritten(Generic[World]):
    """What `make` writes into tables that are empty, and what it answers. Its keys are those of the first time in this process.

    Where nothing is taken back after the test, it is made anew: what it leaves to be done after the commit is then done.
    """

    def __init__(self, make: Callable[[], World]) -> None:
        self._make = make
        self._rows: list[tuple[str, list[Any]]] = []
        self._answer = b""

    def __call__(self) -> World:
        if not connection.in_atomic_block:
            return self._make()
        return self._again() if self._rows else self._first()

    def _first(self) -> World:
        empty: dict[str, bool] = {}

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            for table in {*INTO.findall(sql)} - {*empty}:
                empty[table] = not MODELS[table]._base_manager.exists()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            world = self._make()
        if all(empty.values()):
            self._rows, self._answer = [insertion(table) for table in empty], pickle.dumps(world)
        return world

    def _again(self) -> World:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # all in one go: each on its own would wait for its answer
                statements, values = zip(*self._rows, strict=True)
                cursor.execute(";".join(statements), list(chain.from_iterable(values)))
            else:
                for statement, written in self._rows:
                    cursor.execute(statement, written)
        world: World = pickle.loads(self._answer)
        return world


def insertion(table: str) -> tuple[str, list[Any]]:
    """The statement that writes all rows this table has now, and its values."""
    columns = [connection.ops.quote_name(one.column) for one in MODELS[table]._meta.local_concrete_fields if not one.generated]
    stored = columns if connection.vendor == "postgresql" else [f"+{column}" for column in columns]  # SQLite: as it lies there
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {", ".join(stored)} FROM "{table}"')
        rows = cursor.fetchall()
    places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(rows))
    return f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES {places}', list(chain.from_iterable(rows))
