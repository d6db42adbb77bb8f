"""Migrations let the release before go on working: what is new can be left out, and nothing it uses goes away in the same step.

Expand, deploy, contract: a column is added with a value of the database's own (or empty), filled, used, and removed a release
later. Counted from the first release on: before it, every desk is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from tests.house.reading import ROOT

OURS = {"directory", "oncall", "audit", "jobs", "search", "tokens", "api", "operations", "notifications", "incidents", "monitoring"}
RELEASED = re.search(r"^## \d", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
# the number of each app's last migration in the first release; filled when that is made
FIRST: dict[str, str] = {}
# "app.0042_name": what takes a thing away, and the release whose code does not use it any more
CONTRACTS: dict[str, str] = {}
TAKES_AWAY = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)


def later() -> Iterator[tuple[str, migrations.Migration]]:
    for (app, name), migration in sorted(MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items()):
        if app in OURS and name[:4] > FIRST[app]:
            yield f"{app}.{name}", migration


def faults(operation: Any) -> Iterator[str]:
    if isinstance(operation, TAKES_AWAY):
        yield f"{type(operation).__name__} takes away what the release before uses"
    if isinstance(operation, migrations.AddField) and not _can_be_left_out(operation.field):
        yield f"{operation.model_name}.{operation.name} is required: the release before cannot insert. Give it null or db_default"
    if isinstance(operation, migrations.RunPython) and operation.reverse_code is None:
        yield "RunPython without a way back"


def _can_be_left_out(field: Any) -> bool:
    return bool(field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


def test_every_app_of_ours_is_looked_at() -> None:
    ours = ("servicedesk.", "incidents", "monitoring", "notifications")
    assert {one.label for one in apps.get_app_configs() if one.name.startswith(ours)} == OURS


@pytest.mark.skipif(RELEASED is None, reason="there is no release yet")
def test_the_release_before_works_on_the_new_schema() -> None:
    found = {name: [why for one in migration.operations for why in faults(one)] for name, migration in later() if name not in CONTRACTS}
    assert {name: whys for name, whys in found.items() if whys} == {}


@pytest.mark.parametrize(
    ("operation", "is_fine"),
    [
        (migrations.AddField("ticket", "mood", models.CharField(max_length=9)), False),
        (migrations.AddField("ticket", "mood", models.CharField(max_length=9, default="")), False),
        (migrations.AddField("ticket", "mood", models.CharField(max_length=9, default="", db_default="")), True),
        (migrations.AddField("ticket", "seen_at", models.DateTimeField(null=True)), True),
        (migrations.RemoveField("ticket", "mood"), False),
        (migrations.RenameField("ticket", "mood", "temper"), False),
        (migrations.DeleteModel("Ticket"), False),
        (migrations.RunPython(lambda apps, editor: None), False),
        (migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop), True),
        (migrations.AddIndex("ticket", models.Index(fields=["mood"], name="mood")), True),
    ],
)
def test_the_lint_sees_what_breaks_the_release_before(operation: object, is_fine: bool) -> None:
    assert (not list(faults(operation))) is is_fine
