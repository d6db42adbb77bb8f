"""`manage.py demo` lays a company into an empty database, once, and says who can sign in."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from servicedesk.directory.models import Organisation, User
from servicedesk.operations.worlds import company
from tests.standing import standing


def demo() -> str:
    said = StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


@pytest.fixture(scope="module")
def first(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with standing(django_db_blocker, demo) as said:
        yield said


def test_the_people_it_prints_can_sign_in(first: str, client: Client, db: None) -> None:
    assert "Sign in as ella, omar," in first
    assert client.login(username="sam", password=company.PASSWORD)


def test_a_second_time_changes_nothing_and_says_the_same(first: str, db: None) -> None:
    people = User.objects.count()
    assert demo() == first
    assert User.objects.count() == people


def test_a_company_that_is_there_is_left_alone(first: str, db: None) -> None:
    Organisation.objects.update(name="Ours")
    assert demo() == "Ours is in this database; the demo company was not laid beside it.\n"
