"""People, teams and files by the API."""

from __future__ import annotations

import base64
import hashlib

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents import vault
from incidents.models import Attachment, Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.reporting import report
from tests.speaking import Caller, person, program

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def ana(acme: Company) -> Caller:
    return person(acme.people["ana"])


def test_a_person_has_exactly_these_fields(acme: Company, ana: Caller) -> None:
    shown = ana.get("people/sam/").json()
    keys = ["username", "name", "email", "kind", "phone", "department", "site", "line_manager", "teams", "active", "created_at"]
    assert list(shown) == keys
    assert (shown["name"], shown["teams"], shown["active"]) == ("Sam Lee", ["it-ops"], True)


def test_people_are_found_by_address_and_listed_at_the_same_cost(
    acme: Company, ana: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert [row["username"] for row in ana.get(f"people/?email={acme.people['ella'].email}").json()["results"]] == ["ella"]
    with django_assert_max_num_queries(8):
        assert len(ana.get("people/?limit=200").json()["results"]) >= 10


def test_a_team_names_its_members(acme: Company, ana: Caller) -> None:
    assert ana.get("teams/service-desk/").json()["members"] == ["ana", "ben"]
    assert {row["slug"] for row in ana.get("teams/").json()["results"]} >= {"it-ops", "network"}
    assert ana.get("teams/nothing/").status_code == 404


@pytest.mark.parametrize("path", ["people/", "people/sam/", "teams/", "teams/it-ops/"])
def test_employees_and_other_scopes_read_nobody(acme: Company, path: str) -> None:
    assert person(acme.people["ella"]).get(path).status_code == 403
    assert program("tickets:read").get(path).status_code == 403


def test_a_file_is_added_told_and_fetched(acme: Company, ana: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    said = {"ticket": ticket.number, "name": "screen.png", "content": base64.b64encode(PNG).decode()}
    made = ana.post("attachments/", said)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["ticket"], shown["type"], shown["size"], shown["sha256"]) == (
        ticket.number, "image/png", len(PNG), hashlib.sha256(PNG).hexdigest(),
    )  # fmt: skip
    assert [row["id"] for row in ana.get(f"attachments/?ticket={ticket.number}").json()["results"]] == [shown["id"]]
    answer = ana.get(f"attachments/{shown['id']}/content/")
    assert (answer.content, answer["X-Content-Type-Options"]) == (PNG, "nosniff")


def test_a_file_for_staff_is_nothing_to_the_requester(acme: Company, ana: Caller) -> None:
    ticket, ella = report(acme, "ella", NINE), person(acme.people["ella"])
    said = {"ticket": ticket.number, "name": "log.txt", "content": base64.b64encode(b"secret").decode(), "audience": "staff"}
    number = ana.post("attachments/", said).json()["id"]
    assert Attachment.objects.get(pk=number).audience == "staff"
    assert ella.get(f"attachments/{number}/").status_code == ella.get(f"attachments/{number}/content/").status_code == 404
    assert ella.post("attachments/", said).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"), [({"content": "§§"}, 400), ({"content": ""}, 400), ({"ticket": "T-x"}, 400), ({"ticket": "T-999999"}, 404)]
)
def test_what_is_wrong_with_a_file_is_said(acme: Company, ana: Caller, change: dict[str, str], status: int) -> None:
    ticket = report(acme, "ella", NINE)
    said = {"ticket": ticket.number, "name": "x", "content": base64.b64encode(b"x").decode()}
    assert ana.post("attachments/", {**said, **change}).status_code == status


def test_files_of_confidential_tickets_are_never_a_programs(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, "stolen", loss=True, files=[vault.put("x.png", [PNG])])
    Ticket.objects.filter(pk=ticket.pk).update(team=acme.teams["it-ops"])
    number = ticket.files.get().pk
    assert program("tickets:read").get(f"attachments/{number}/").status_code == 404
    assert person(acme.people["sam"]).get(f"attachments/{number}/").status_code == 200
