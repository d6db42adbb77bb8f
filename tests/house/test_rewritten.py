"""What is written again for a test is what was made for the first of them."""

from __future__ import annotations

from django.db import connection, transaction

from servicedesk.directory.models import Service
from servicedesk.operations.worlds import company
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.rewritten import Rewritten


def in_database() -> dict[str, list[str]]:
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def undone(world: Rewritten[Company]) -> tuple[Company, dict[str, list[str]]]:
    """The company it makes, and all that stands in the database then; taken back."""
    with transaction.atomic():
        made, found = world(), in_database()
        transaction.set_rollback(True)
    return made, found


def test_a_company_that_is_written_again_is_the_one_that_was_founded(db: None) -> None:
    times: list[int] = []
    world = Rewritten(lambda: times.append(1) or company.found(now=NINE))
    (founded, first), (again, second) = undone(world), undone(world)
    assert times == [1]
    assert second == first
    assert again == founded
    assert again.people["sam"] is not founded.people["sam"]


def test_a_world_made_beside_other_rows_is_not_kept(db: None) -> None:
    company.found(now=NINE)
    times: list[int] = []
    world = Rewritten(lambda: times.append(1) or Service.objects.create(slug=f"s{len(times)}", name="One more"))
    assert [undone(world)[0].slug for _time in range(2)] == ["s1", "s2"]
