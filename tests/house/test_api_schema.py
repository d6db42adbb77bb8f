"""The API's description is whole, and no body or parameter brings the desk down."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents import approvals, around, checklists, pledges
from incidents.models import RequestType
from servicedesk import clock
from servicedesk.api.statics import AppFiles
from servicedesk.operations.worlds import company
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.house.operations import Operation, document, fields, named, operations
from tests.incidents.reporting import report
from tests.rewritten import Rewritten
from tests.speaking import Caller, person, program

SOON = (clock.wall() + timedelta(hours=2)).isoformat()
MANY = settings(max_examples=40, suppress_health_check=list(HealthCheck))
WRITING = sorted(name for name, operation in operations().items() if operation.method != "get")
LISTS = sorted(name for name in operations() if name.endswith("_list"))
TEXT = st.text(st.characters(codec=None), max_size=40)
FLAT = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(FLAT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8)
NAMES = st.sampled_from(["ella", "sam", "kim", "vpn", "it-ops", "2026-11-23T08:00:00Z", "0001-01-01T00:00:00+14:00", "x"])


def likely(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What such a field may hold, and what it may not."""
    ref = schema.get("$ref") or (schema.get("allOf") or [{}])[0].get("$ref", "")
    words = document()["components"]["schemas"].get(ref.rpartition("/")[2], {}).get("enum", [])
    return JSON | NAMES | st.lists(NAMES, max_size=2) | (st.sampled_from(words) if words else NAMES)


def bodies(operation: Operation) -> st.SearchStrategy[Any]:
    known = {name: likely(schema) for name, schema in fields(operation.said).items()}
    return JSON | st.fixed_dictionaries({}, optional=known) | st.fixed_dictionaries(known)


World = tuple[tuple[Caller, ...], dict[str, str]]


def world_of(acme: Company) -> World:
    """A token, and a person who may do all that a token may not; and the number of each object."""
    speakers = program(), person(acme.people["sam"])
    return speakers, numbered(acme, Caller(Client(), speakers[0].headers))  # one that has not spoken can be kept


WORLD = Rewritten(lambda: world_of(company.found(now=NINE)))


@pytest.fixture
def world(db: None) -> World:
    return WORLD()


@pytest.fixture
def speakers(world: World) -> tuple[Caller, ...]:
    return world[0]


@pytest.fixture
def numbers(world: World) -> dict[str, str]:
    return world[1]


def numbered(acme: Company, token: Caller) -> dict[str, str]:
    incident = token.post("incidents/", {"title": "x", "severity": 4}).json()["id"]
    silence = token.post("silences/", {"service": "vpn", "reason": "x", "ends_at": SOON}).json()["id"]
    check = token.post("checks/", {"name": "nightly", "kind": "push"}).json()["id"]
    found = {"silences": str(silence), "checks": str(check)}
    ticket, kim = report(acme, "ella", NINE), acme.people["kim"]
    around.watch(ticket, person=kim, actor=kim, now=NINE)
    pledge = pledges.answer(ticket, author=kim, text="", promise="I call you", due_at=NINE + timedelta(hours=1), now=NINE)
    line = checklists.add(ticket, "Look", actor=kim, now=NINE)
    assert line
    approval = approvals.ask(report(acme, "ella", NINE, what="A key"), acme.people["sam"], actor=kim, now=NINE)
    RequestType.objects.create(slug="thing", name="A thing")
    found |= {"entry": str(pledge.entry_id), "promise": str(pledge.pk), "line": str(line.pk), "username": "kim"}
    found |= {"approvals": str(approval.pk), "request-types": "thing", "articles": "outlook-cannot-connect"}
    return {"reports": "clocks", "rules": "R4", "tickets": ticket.number, "incidents": incident, **found}


def there(operation: Operation, numbers: dict[str, str]) -> str:
    inner = [numbers.get(name, "") for name in re.findall(r"\{(\w+)\}", operation.path)[1:]]
    return named(operation.path, " ".join([numbers.get(operation.path.split("/")[3], ""), *inner]))


@pytest.mark.parametrize("name", WRITING)
def test_no_body_is_a_fault_of_ours(name: str, speakers: tuple[Caller, ...], numbers: dict[str, str]) -> None:
    operation = operations()[name]
    path = there(operation, numbers)

    @MANY
    @given(bodies(operation))
    def tried(body: Any) -> None:
        for speaker in speakers:
            answer = speaker.call(operation.method, path, json.dumps(body).encode())
            assert str(answer.status_code) in operation.answers
            assert answer.status_code < 500

    tried()


@pytest.mark.parametrize("name", LISTS)
def test_no_parameter_is_a_fault_of_ours(name: str, speakers: tuple[Caller, ...], numbers: dict[str, str]) -> None:
    operation = operations()[name]
    path = there(operation, numbers)
    plain = st.text(st.characters(codec="utf-8"), max_size=20) | NAMES

    @MANY
    @given(st.dictionaries(st.sampled_from([*operation.parameters, "x"]), plain | st.integers().map(str)))
    def tried(query: dict[str, str]) -> None:
        answer = speakers[0].client.get(path, query, headers=speakers[0].headers)
        assert answer.status_code in (200, 400, 401)

    tried()


@pytest.mark.django_db
def test_the_schema_is_made_without_a_warning() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_every_operation_says_its_scope_and_its_errors() -> None:
    for path, item in document()["paths"].items():
        for method, told in item.items():
            assert "Scope of a token: " in told["description"], (method, path)
            assert {"400", "401", "403", "404", "406", "429"} <= set(told["responses"])
            assert ("Idempotency-Key" in str(told.get("parameters"))) == (method == "post")


def test_words_have_names_of_their_own() -> None:
    names = set(document()["components"]["schemas"])
    assert {"Ticket", "Incident", "Entry", "Message", "Problem", "TicketState", "IncidentState", "MessageState", "Severity"} <= names


@pytest.mark.django_db
def test_the_schema_is_served_as_yaml_and_json() -> None:
    assert Client().get("/api/schema/").content.startswith(b"openapi: 3")
    assert Client().get("/api/schema/?format=json").json()["info"]["title"] == "Servicedesk"


@pytest.mark.django_db
def test_the_page_that_shows_it_loosens_styles_and_nothing_else() -> None:
    page = Client().get("/api/docs/")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert (page.status_code, policy["script-src"], policy["style-src"]) == (200, "'self'", "'self' 'unsafe-inline'")
    assert b"<script>" not in page.content
    assert b"cdn.jsdelivr" not in page.content + Client().get("/api/docs/?script=").content


def test_of_the_page_that_shows_it_only_what_it_loads_is_collected() -> None:
    found = {name for name, _storage in AppFiles().list(None)}
    kept = {name.rpartition("/")[2] for name in found if "spectacular" in name}
    assert {"swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css", "favicon-32x32.png"} <= kept
    assert not any("redoc" in name or name.endswith(".js.map") or name.startswith("rest_framework") for name in found)


def test_whoever_names_a_tag_is_told_of_304() -> None:
    """Scanned: `If-None-Match: *` was answered by 304, which no operation had told of."""
    reading = {path: methods["get"] for path, methods in document()["paths"].items() if "get" in methods and "{" in path}
    assert reading
    assert [path for path, one in reading.items() if "304" not in one["responses"]] == []
    named = {path: {each["name"] for each in one.get("parameters", [])} for path, one in reading.items()}
    assert [path for path, names in named.items() if "If-None-Match" not in names] == []


def test_a_time_of_day_is_not_described_as_one_with_an_offset() -> None:
    """Scanned: "09:00:00" is no "time" of OpenAPI (RFC 3339, full-time)."""
    assert '"format": "time"' not in json.dumps(document())
