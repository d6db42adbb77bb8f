"""Migrations let the release before go on working: what is new can be left out, and nothing it uses goes away in the same step.

Expand, deploy, contract: a column is added with a value of the database's own (or empty), filled, used, and removed a release
later; big tables are not locked while it happens. Counted from the first release on: before it, every desk is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED

from servicedesk.schema import AddIndexAside
from tests.house.reading import ROOT

OURS = {"directory", "oncall", "audit", "jobs", "search", "tokens", "api", "operations", "notifications", "incidents", "monitoring"}
RELEASED = re.search(r"^## \d", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
# the number of each app's last migration in the first release; filled when that is made
FIRST: dict[str, str] = {}
# "app.0042_name": what takes a thing away, and the release whose code does not use it any more
CONTRACTS: dict[str, str] = {}
TAKES_AWAY = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)
REFUSES_MORE = (migrations.AddConstraint, migrations.AlterUniqueTogether)
# tables that grow with the work: an index on them is built beside what is written
BIG = {
    "ticket", "entry", "evaluation", "attachment", "timelineentry", "page", "message", "attempt", "providercallback", "errand",
    "result", "rawbody", "seenevent", "rollup", "checkstate", "statechange", "alert", "auditentry", "searchdoc",
}  # fmt: skip
BREAKING_SQL = re.compile(
    r"\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\b|\bSET\s+NOT\s+NULL\b|\bCREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)|\bLOCK\s+TABLE\b",
    re.IGNORECASE,
)


def later() -> Iterator[tuple[str, migrations.Migration, ProjectState]]:
    """Migrations after the first release, each with the models as they were before it."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app in OURS and name[:4] > FIRST[app] and (app, name) in loader.graph.nodes:  # one that was squashed is not
            yield f"{app}.{name}", migration, loader.project_state((app, name), at_end=False)


def faults(operation: Any, before: Any = None, app: str = "incidents", *, is_atomic: bool = True) -> Iterator[str]:
    """What of it the release before cannot live with; `before` is the state of the models until then."""
    for inner in getattr(operation, "database_operations", ()):
        yield from faults(inner, before, app, is_atomic=is_atomic)
    yield from _taken(operation)
    yield from _refused(operation, before, app)
    yield from _locked(operation, is_atomic=is_atomic)
    if isinstance(operation, migrations.RunPython) and operation.reverse_code is None:
        yield "RunPython without a way back"


def _taken(operation: Any) -> Iterator[str]:
    if isinstance(operation, TAKES_AWAY):
        yield f"{type(operation).__name__} takes away what the release before uses"
    if isinstance(operation, migrations.RunSQL):
        yield from (f"its SQL takes away, refuses or locks: {found[0]}" for found in BREAKING_SQL.finditer(_statements(operation.sql)))


def _refused(operation: Any, before: Any, app: str) -> Iterator[str]:
    if isinstance(operation, migrations.AddField) and not _can_be_left_out(operation.field):
        yield f"{operation.model_name}.{operation.name} is required: the release before cannot insert. Give it null or db_default"
    if isinstance(operation, migrations.AddField) and operation.field.unique and not operation.field.null:
        yield f"{operation.model_name}.{operation.name} is unique with one value for all: the second insert of the release before fails"
    if isinstance(operation, REFUSES_MORE):
        yield f"{type(operation).__name__} may refuse what the release before writes"
    if isinstance(operation, migrations.AlterField):
        yield from _narrowed(operation, _field_before(operation, before, app))


def _narrowed(operation: migrations.AlterField, old: Any) -> Iterator[str]:
    """A column that takes less than it took; without the old one nothing can be said."""
    new, name = operation.field, f"{operation.model_name}.{operation.name}"
    if old is None:
        return
    if old.null and not new.null and new.db_default is NOT_PROVIDED:
        yield f"{name} becomes required: the release before writes nothing there"
    if new.unique and not old.unique:
        yield f"{name} becomes unique"
    if old.get_internal_type() != new.get_internal_type():
        yield f"{name} changes its type: the table is written anew under a lock"
    elif (new.max_length or 0) < (old.max_length or 0):
        yield f"{name} becomes shorter"
    if old.db_default is not NOT_PROVIDED and new.db_default is NOT_PROVIDED and not new.null:
        yield f"{name} loses its db_default: the release before cannot insert"


def _locked(operation: Any, *, is_atomic: bool) -> Iterator[str]:
    is_aside = isinstance(operation, AddIndexConcurrently)
    if isinstance(operation, migrations.AddIndex) and operation.model_name.lower() in BIG and not is_aside:
        yield f"an index on {operation.model_name} stops its writers: AddIndexAside, in a migration with atomic = False"
    if is_aside and is_atomic:
        yield "AddIndexAside needs atomic = False"


def _field_before(operation: Any, before: Any, app: str) -> Any:
    state = before.models.get((app, operation.model_name.lower())) if before is not None else None
    return state.fields.get(operation.name) if state is not None else None


def _statements(sql: Any) -> str:
    return sql if isinstance(sql, str) else ";".join(one if isinstance(one, str) else str(one[0]) for one in sql)


def _can_be_left_out(field: Any) -> bool:
    return bool(field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


def test_every_app_of_ours_is_looked_at() -> None:
    ours = ("servicedesk.", "incidents", "monitoring", "notifications")
    assert {one.label for one in apps.get_app_configs() if one.name.startswith(ours)} == OURS


def test_the_big_tables_are_tables() -> None:
    named = {model.__name__.lower() for config in apps.get_app_configs() if config.label in OURS for model in config.get_models()}
    assert BIG - named == set()


@pytest.mark.skipif(RELEASED is None, reason="there is no release yet")
def test_the_release_before_works_on_the_new_schema() -> None:
    found: dict[str, list[str]] = {}
    for name, migration, before in later():
        if name not in CONTRACTS:
            app, is_atomic = name.partition(".")[0], migration.atomic
            found[name] = [why for one in migration.operations for why in faults(one, before, app, is_atomic=is_atomic)]
    assert {name: whys for name, whys in found.items() if whys} == {}


MOOD = models.Index(fields=["mood"], name="mood")
CHECK = models.CheckConstraint(condition=models.Q(mood="x"), name="mood")


@pytest.mark.parametrize(
    ("operation", "is_fine"),
    [
        (migrations.AddField("ticket", "mood", models.CharField(max_length=9)), False),
        (migrations.AddField("ticket", "mood", models.CharField(max_length=9, default="")), False),
        (migrations.AddField("ticket", "mood", models.CharField(max_length=9, default="", db_default="")), True),
        (migrations.AddField("ticket", "mood", models.CharField(max_length=9, db_default="", unique=True)), False),
        (migrations.AddField("ticket", "seen_at", models.DateTimeField(null=True)), True),
        (migrations.RemoveField("ticket", "mood"), False),
        (migrations.RenameField("ticket", "mood", "temper"), False),
        (migrations.RenameModel("Ticket", "Case"), False),
        (migrations.DeleteModel("Ticket"), False),
        (migrations.RunPython(lambda apps, editor: None), False),
        (migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop), True),
        (migrations.AddIndex("site", MOOD), True),
        (migrations.AddIndex("ticket", MOOD), False),
        (AddIndexAside("ticket", MOOD), False),  # in a transaction PostgreSQL refuses it
        (migrations.AddConstraint("ticket", CHECK), False),
        (migrations.RunSQL("ALTER TABLE incidents_ticket DROP COLUMN mood", ""), False),
        (migrations.RunSQL(["ALTER TABLE incidents_ticket ALTER mood SET NOT NULL"], [""]), False),
        (migrations.RunSQL("CREATE INDEX mood ON incidents_ticket (mood)", ""), False),
        (migrations.RunSQL("CREATE INDEX CONCURRENTLY mood ON incidents_ticket (mood)", ""), True),
        (migrations.SeparateDatabaseAndState([migrations.RemoveField("ticket", "mood")], []), False),
    ],
)
def test_the_lint_sees_what_breaks_the_release_before(operation: object, is_fine: bool) -> None:
    assert (not list(faults(operation))) is is_fine


def test_an_index_built_aside_is_fine_outside_a_transaction() -> None:
    assert not list(faults(AddIndexAside("ticket", MOOD), is_atomic=False))


@pytest.mark.parametrize(
    ("old", "new", "is_fine"),
    [
        (models.CharField(max_length=9, null=True), models.CharField(max_length=9), False),
        (models.CharField(max_length=9, null=True), models.CharField(max_length=9, db_default=""), True),
        (models.CharField(max_length=9), models.CharField(max_length=20), True),
        (models.CharField(max_length=9), models.CharField(max_length=5), False),
        (models.CharField(max_length=9), models.IntegerField(), False),
        (models.CharField(max_length=9), models.CharField(max_length=9, unique=True), False),
        (models.CharField(max_length=9), models.CharField(max_length=9, null=True), True),
        (models.CharField(max_length=9, db_default=""), models.CharField(max_length=9), False),
    ],
)
def test_the_lint_sees_what_a_column_takes_no_more(old: Any, new: Any, is_fine: bool) -> None:
    before = ProjectState()
    before.add_model(ModelState("incidents", "Ticket", [("id", models.BigAutoField(primary_key=True)), ("mood", old)]))
    assert (not list(faults(migrations.AlterField("ticket", "mood", new), before))) is is_fine


@pytest.mark.django_db(transaction=True)
def test_an_index_aside_is_there_and_goes_again() -> None:
    before = MigrationLoader(None, ignore_no_migrations=True).project_state()
    after, operation = before.clone(), AddIndexAside("site", models.Index(fields=["name"], name="site_name_aside"))
    operation.state_forwards("directory", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("directory", editor, before, after)
    assert "site_name_aside" in _indexes()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("directory", editor, after, before)
    assert "site_name_aside" not in _indexes()


def _indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "directory_site"))
