"""The trail outside the desk: a file that proves itself, and a database role that cannot rewrite it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from incidents import automation
from monitoring.storage import partitions
from servicedesk.audit import chain, outward, trail
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.servicedesk.test_audit_chain import deeds

ROLES = Path(__file__).resolve().parents[2] / "deploy" / "postgresql-roles.sql"


def exported(path: Path, *options: str) -> list[str]:
    call_command("export_audit", str(path), *options, stdout=StringIO())
    return path.read_text().splitlines()


def verified(path: Path) -> str:
    said = StringIO()
    call_command("verify_audit", str(path), stdout=said)
    return said.getvalue()


def test_an_export_proves_itself(acme: Company, tmp_path: Path) -> None:
    deeds(acme)
    rows = AuditEntry.objects.count()
    assert len(exported(tmp_path / "trail")) == rows + 1
    assert verified(tmp_path / "trail") == f"The file is whole: {rows} rows.\n"
    assert AuditEntry.objects.get(verb="export audit").after == {"file": "trail", "rows": rows}
    assert (tmp_path / "trail").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [*lines[:-3], lines[-3].replace('"change"', '"chance"'), *lines[-2:]],
        lambda lines: [*lines[:-3], *lines[-2:]],
        lambda lines: [*lines[:-3], lines[-2], lines[-3], lines[-1]],
        lambda lines: ['{"stands_on": "x"}', *lines[1:]],
    ],
)
def test_a_file_that_was_changed_does_not(acme: Company, tmp_path: Path, spoil: Callable[[list[str]], list[str]]) -> None:
    deeds(acme, 9)
    lines = exported(tmp_path / "trail")
    (tmp_path / "trail").write_text("\n".join(spoil(lines)))
    with pytest.raises(SystemExit):
        verified(tmp_path / "trail")


def test_part_of_the_trail_stands_on_the_seal_before_it(acme: Company, tmp_path: Path) -> None:
    deeds(acme)
    trail.record(acme.organisation, "later", actor=None, now=NINE + timedelta(days=2))
    chain.seal(now=NINE)
    assert len(exported(tmp_path / "trail", "--since", "2026-11-24")) == 2
    assert "1 rows" in verified(tmp_path / "trail")


def test_an_empty_span_and_no_trail_at_all(acme: Company, tmp_path: Path) -> None:
    assert exported(tmp_path / "trail", "--since", "2031-01-01") == []
    assert outward.verify([]) == 0
    (tmp_path / "other").write_text("not a trail\n")
    with pytest.raises(CommandError, match="cannot be read as a trail"):
        verified(tmp_path / "other")


@pytest.fixture
def desk_role(acme: Company) -> Company:
    """The roles as documented, under names of this test's own; gone with its transaction."""
    if connection.vendor != "postgresql":
        pytest.skip("roles are PostgreSQL's")
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(re.sub(r"\bdesk(_owner)?\b", r"desk_test\1", ROLES.read_text()))
        cursor.execute("SET LOCAL ROLE desk_test")
    return acme


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET verb = 'nothing'",
        "UPDATE audit_auditentry SET after = '{}'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
        "ALTER TABLE audit_auditentry ADD COLUMN more int",
        "DELETE FROM audit_legalhold",
    ],
)
def test_the_desks_role_cannot_rewrite_the_trail(desk_role: Company, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_desks_role_works_seals_and_makes_days(desk_role: Company) -> None:
    automation.file_ticket(requester=desk_role.people["ella"], what="The printer is stuck", impacted="me", effect="workaround", now=NINE)
    assert chain.seal(now=NINE)
    assert list(chain.faults(now=NINE)) == []
    connection.check_constraints()
    partitions.make_ahead(now=NINE + timedelta(days=900))
    assert partitions.forget((NINE + timedelta(days=902)).date()) >= 1
