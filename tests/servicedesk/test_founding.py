"""The first visit to an empty desk, and what its first administrator finds."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import incidents
from incidents.models import Rule
from notifications.models import ContactMethod, Message
from servicedesk.directory.models import Grant, Organisation, User
from tests.actors import NINE

ANSWERS = {
    "organisation": "Acme",
    "zone": "Europe/Paris",
    "language": "en",
    "desk_phone": "555-0100",
    "opens": "08:00",
    "closes": "18:00",
    "weekdays": ["0", "1", "2", "3", "4"],
    "name": "Adam First",
    "username": "Adam",
    "email": "adam@acme.example",
    "password": "correct horse 9",
}
HOURS = {str(day): [["08:00", "18:00"]] for day in range(5)}

pytestmark = pytest.mark.django_db


def test_two_answers_found_the_desk_and_sign_its_administrator_in() -> None:
    client = Client()
    answer = client.post("/setup/", ANSWERS, follow=True)
    assert answer.redirect_chain == [("/setup/", 302), ("/setup/account/", 302)], answer.content[:500]
    assert "The desk is set up" in answer.content.decode()
    house = Organisation.current()
    assert house is not None
    assert (str(house), house.zone, house.desk_hours) == ("Acme", "Europe/Paris", HOURS)
    adam = User.objects.get(username="adam")
    assert adam.check_password("correct horse 9")
    assert set(Grant.objects.filter(user=adam).values_list("role", flat=True)) == {"admin", "manager"}
    assert Rule.objects.filter(mode="live").count() >= 10


@pytest.mark.parametrize("field", ["organisation", "name", "username", "email", "password"])
def test_a_missing_answer_is_named_and_founds_nothing(field: str) -> None:
    answer = Client().post("/setup/", ANSWERS | {field: ""})
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode()
    assert not User.objects.exists()


def test_the_door_closes_behind_the_founder() -> None:
    Client().post("/setup/", ANSWERS)
    answer = Client().post("/setup/", ANSWERS | {"username": "mallory", "email": "m@example.org"})
    assert answer.status_code == 302
    assert User.objects.count() == 1


@pytest.mark.parametrize("path", ["/", "/new/", "/queue/", "/incidents/", "/outbox/", "/oncall/", "/help/", "/admin/"])
def test_every_page_of_a_desk_with_nothing_in_it_answers(path: str) -> None:
    client = Client()
    client.post("/setup/", ANSWERS)
    assert client.get(path).status_code == 200


def test_an_incident_of_a_new_desk_pages_its_founder_once_the_address_is_verified() -> None:
    Client().post("/setup/", ANSWERS)
    ContactMethod.objects.update(verified_at=NINE)
    told = incidents.Grounds(title="The server room is on fire", reason="Smoke.", severity=1, since=NINE)
    opened = incidents.declare(told, actor=User.objects.get(), now=NINE)
    page = Message.objects.get(lane=Message.Lane.PAGE)
    assert (page.thread, page.to) == (f"INC-{opened.incident.pk}", "adam@acme.example")
