"""`manage.py demo` lays a company into an empty database, once, and says who can sign in."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from servicedesk.directory.models import Organisation, User
from servicedesk.operations.worlds import company


def demo() -> str:
    said = StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_the_people_it_prints_can_sign_in(client: Client) -> None:
    assert "Sign in as ella, omar," in demo()
    assert client.login(username="sam", password=company.PASSWORD)


@pytest.mark.django_db
def test_a_second_time_changes_nothing_and_says_the_same() -> None:
    first, people = demo(), User.objects.count()
    assert demo() == first
    assert User.objects.count() == people


@pytest.mark.django_db
def test_a_company_that_is_there_is_left_alone() -> None:
    demo()
    Organisation.objects.update(name="Ours")
    assert demo() == "Ours is in this database; the demo company was not laid beside it.\n"
