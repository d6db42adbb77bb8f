"""Migration operations that differ by database: partitions, first numbers. One model state for both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models import Max


class CreatePartitioned(migrations.CreateModel):
    """CreateModel; on PostgreSQL partitioned by range of the date column `by`, with the key (by, id) and a default partition."""

    def __init__(self, name: str, fields: Any, by: str, options: Any = None, bases: Any = None, managers: Any = None) -> None:
        super().__init__(name, fields, options, bases, managers)
        self.by = by

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        name, args, kwargs = super().deconstruct()
        return name, list(args), {**kwargs, "by": self.by}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.name)
        table, key = model._meta.db_table, model._meta.pk
        assert key is not None  # every model has one
        schema_editor.sql_create_table = f'CREATE TABLE %(table)s (%(definition)s) PARTITION BY RANGE ("{self.by}")'
        key.primary_key = False  # Django would write PRIMARY KEY (id), which a partitioned table cannot have
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            key.primary_key = True
            del schema_editor.sql_create_table
        schema_editor.execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY ("{self.by}", "{key.column}")')
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')


class CreateTogether(migrations.operations.base.Operation):
    """Many CreateModel at once, the models rendered once: one after the other each renders all that are related again."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, operations: Sequence[migrations.CreateModel]) -> None:
        self.operations = operations

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"operations": self.operations}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # rendered again when it is next asked for
        for each in self.operations:
            each.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for each in self.operations:
            each.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for each in reversed(self.operations):
            each.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {len(self.operations)} models"


class TimeIndex(models.Index):
    """For a column that only grows with the table: a block range index on PostgreSQL, which costs an insert next to nothing."""

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Any:
        is_postgresql = schema_editor.connection.vendor == "postgresql"
        return super().create_sql(model, schema_editor, using=" USING brin" if is_postgresql else using, **kwargs)


class NumbersFrom(migrations.operations.base.Operation):
    """The first automatic key of a model is `first`, or follows the greatest there is.

    SQLite forgets it when a later migration rebuilds the table while it is empty: run it again behind such a one.
    """

    reversible = True

    def __init__(self, model: str, first: int) -> None:
        self.model, self.first = model, first

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"model": self.model, "first": self.first}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The model's state does not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        table, alias = model._meta.db_table, schema_editor.connection.alias
        greatest = model._default_manager.using(alias).aggregate(last=Max("pk"))["last"] or 0
        first = max(self.first, greatest + 1)
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'ALTER TABLE "{table}" ALTER COLUMN id RESTART WITH {first}')
        else:
            schema_editor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            schema_editor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first - 1])

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Numbers already given stay given."""

    def describe(self) -> str:
        return f"Number {self.model} from {self.first}"


class AddIndexAside(AddIndexConcurrently):
    """AddIndex on a table that may be big: PostgreSQL builds it while the table is written to. The migration says `atomic = False`."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class SQLOn(migrations.RunSQL):
    """RunSQL on one kind of database only; a list of statements, so that triggers stay whole."""

    def __init__(self, vendor: str, sql: list[str], reverse_sql: list[str]) -> None:
        super().__init__(tuple(sql), tuple(reverse_sql))
        self.vendor = vendor

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"vendor": self.vendor, "sql": self.sql, "reverse_sql": self.reverse_sql}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == self.vendor:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == self.vendor:
            super().database_backwards(app_label, schema_editor, from_state, to_state)
