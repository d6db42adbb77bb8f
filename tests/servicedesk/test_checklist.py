"""The settings page: what is left to set up, answered from the rows."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from notifications.models import ContactMethod
from servicedesk.directory.models import User
from servicedesk.operations import checklist, founding
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

WHO = {"name": "Adam First", "username": "adam", "email": "adam@acme.example", "password": "correct horse 9"}


def left() -> list[str]:
    return [str(step.word) for step in checklist.steps(now=NINE) if not step.is_done]


@pytest.mark.django_db
def test_a_new_desk_has_nearly_everything_before_it(settings: Settings) -> None:
    settings.EMAIL_CONFIGURED = True
    founding.found({"name": "Acme", "zone": "Europe/Paris"}, WHO, now=NINE)
    assert "Mail leaves" not in left()
    assert {"Services", "Somebody is on call now", "The last resort can be reached", "A test page arrived"} <= set(left())


@pytest.mark.django_db
def test_a_verified_address_of_the_last_resort_ticks_its_line() -> None:
    founding.found({"name": "Acme", "zone": "Europe/Paris"}, WHO, now=NINE)
    assert "The last resort can be reached" in left()
    ContactMethod.objects.filter(person=User.objects.get()).update(verified_at=NINE)
    assert "The last resort can be reached" not in left()


def test_a_schedule_with_nobody_leaves_its_line_open(acme: Company) -> None:
    assert "Somebody is on call now" in left()  # Network has nobody
    assert "Services" not in left()


def test_an_administrator_sees_what_is_left_and_what_is_wrong(acme: Company) -> None:
    page = signed_in(acme.people["adam"]).get("/settings/").content.decode()
    assert "Somebody is on call now" in page
    assert "Nobody is woken without." in page or "Network: nobody is on call now." in page


def test_its_queries_do_not_grow_with_the_people(acme: Company, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    client = signed_in(acme.people["adam"])
    with django_assert_max_num_queries(77):
        assert client.get("/settings/").status_code == 200
