"""Who may open what: every URL has a row, every role an expected answer. A new URL without a row fails here."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.forms import BaseForm
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from incidents import automation, exports, incidents, silences, vault
from incidents.mail import posting
from incidents.models import Rule, SignedLink
from monitoring.models import Alert, CheckState
from notifications.models import ContactMethod, Message
from servicedesk.operations.worlds import company
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.house.matrix import MATRIX, ROLES
from tests.rewritten import Rewritten

Takes = dict[str, dict[str, Any]]
Built = tuple[Company, Takes, dict[str, Client]]


def build() -> Built:
    """The company, what URLs take, and a browser in which each role has signed in."""
    acme = company.found(now=NINE)
    return acme, takes(acme), {role: Client() if role == "nobody" else signed_in(acme.people[role]) for role in ROLES}


BUILT = Rewritten(build)


@pytest.fixture
def built(db: None) -> Built:
    return BUILT()


@pytest.fixture
def acme(built: Built) -> Company:
    return built[0]


@pytest.fixture
def world(built: Built) -> Takes:
    return built[1]


@pytest.fixture
def browsers(built: Built) -> dict[str, Client]:
    return built[2]


def takes(acme: Company) -> Takes:
    """A ticket of Ella, an incident, and the signed link of Sam: what URLs take."""
    ticket = automation.file_ticket(
        requester=acme.people["ella"], what="The printer on floor 2 is stuck", impacted="me", effect="workaround", now=NINE,
        files=[vault.put("screen.png", [b"\x89PNG\r\n\x1a\n"])],
    )  # fmt: skip
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE)
    incident = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert incident
    link = SignedLink.objects.get(incident=incident, person=acme.people["sam"], purpose=SignedLink.Purpose.PAGE)
    smtp = acme.checks["smtp-01"]
    CheckState.objects.create(check_ref=smtp)
    alert = Alert.objects.create(
        check_ref=smtp, source_id=1, dedup_key="x", status="critical", opened_at=NINE, since=NINE, status_since=NINE
    )
    return {
        "": {},
        "step": {"name": "services"},
        "watched": {"slug": "email"},
        "check": {"number": smtp.pk},
        "alert": {"number": alert.pk},
        "ticket": {"number": ticket.pk},
        "entry": {"number": ticket.pk, "entry": 10**9},
        "request_type": {"slug": "access"},
        "approval": {"number": 1},
        "team": {"slug": "it-ops"},
        "promise": {"number": ticket.pk, "promise": 1},
        "line": {"number": ticket.pk, "line": 1},
        "watcher": {"number": ticket.pk, "username": "kim"},
        "pledge": {"number": ticket.pk, "pledge": 1},
        "draft": {"kind": "answer", "number": ticket.pk},
        "file": {"number": ticket.files.get().pk},
        "incident": {"number": incident.pk},
        "link": {"token": link.token},
        "mail": {"number": posting.receive(b"Precedence: bulk\n\nNews", door="test", now=NINE).pk},
        "number": {"section": "t", "number": f"T-{ticket.pk}"},
        "article": {"slug": "outlook-cannot-connect"},
        "job": {"number": exports.ask(acme.people["ana"], first=NINE.date(), last=NINE.date(), only_open=False, now=NINE).pk},
        "message": {"number": Message.objects.latest("pk").pk},
        "schedule": {"slug": "network"},
        "policy": {"slug": "it-ops"},
        "service_level": {"slug": "standard"},
        "rule_key": {"key": "R4"},
        "rule": {"number": Rule.objects.get(key="R4").pk},
        "override": {"slug": "network", "number": 1},
        "quarter": {"slug": "2026-q4"},
        "swap": {"number": 1},
        "report": {"name": "delivery"},
        "secret": {"secret": "unknown"},
        "path": {"path": "tickets"},
        "passkey": {"pk": 1},
        "silence": {
            "number": silences.make(
                actor=acme.people["ana"], now=NINE, check_slug="smtp-01", reason="Update", starts_at=NINE, ends_at=NINE + timedelta(hours=1)
            ).pk
        },
        "method": {"number": ContactMethod.objects.filter(person=acme.people["sam"]).latest("pk").pk},
        "urgency": {"urgency": "urgent"},
        "username": {"username": "sam"},
        "token": {"token": "unknown"},
        "service": {"service": "postmark"},
        "reset": {"uidb36": "1", "key": "unknown"},
        "deed": {"alias": "disk", "deed": "close"},
        "heartbeat": {"name": "backup"},
        "endpoint": {"key": "core_web"},
        "sender": {"sender": "alertmanager"},
        "sender_token": {"sender": "alertmanager", "token": "unknown"},
        "uuid": {"uuid": "00000000-0000-4000-8000-00000000dead"},
        "source": {"slug": "nobody"},
        "keyed": {"key": "nobody", "slug": "backup"},
        "keyed_signal": {"key": "nobody", "slug": "backup", "signal": "fail"},
        "otlp": {"kind": "logs"},
        "signal": {"uuid": "00000000-0000-4000-8000-00000000dead", "signal": "fail"},
    }


def names(patterns: list[Any]) -> Iterator[str]:
    """Every named URL of ours; the admin's own are generated from its models elsewhere."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            yield pattern.name


def test_every_url_has_a_row() -> None:
    assert set(names(get_resolver().url_patterns)) - set(MATRIX) == set()


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_each_role_gets_its_answer(name: str, world: Takes, browsers: dict[str, Client]) -> None:
    row = MATRIX[name]
    url = reverse(name, kwargs=world[row.takes])
    got = {}
    for role in ROLES:
        answer = getattr(browsers[role], row.method)(url)
        got[role] = answer.status_code
        list(getattr(answer, "streaming_content", ()))  # read, so that its file is closed
    assert got == dict(zip(ROLES, row.answers, strict=True))


@pytest.mark.parametrize("role", ["ella", "eve"])
def test_employees_never_see_the_admin(role: str, acme: Company) -> None:
    assert signed_in(acme.people[role]).get("/admin/").status_code == 302


# A letter that PostgreSQL keeps nowhere

READ_RAW = re.compile(r"POST(?:\.get|\.getlist)?[(\[]\"([\w-]+)\"|\"([\w-]+)\" in request.POST")
ROOMS = ("incidents", "monitoring", "notifications", "servicedesk")


def form_names() -> set[str]:
    """Every name that a form of ours has."""
    assert get_resolver().url_patterns  # so that every form is loaded
    return {name for form in _below(BaseForm) if form.__module__.split(".")[0] in ROOMS for name in form.base_fields}


def raw_names(url: str) -> set[str]:
    """Every name that the module of this URL's view reads without a form."""
    source = inspect.getsource(sys.modules[resolve(url).func.__module__])
    return {one or other for one, other in READ_RAW.findall(source)}


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def no_nul(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """As PostgreSQL takes no NUL, whatever database this runs on."""
    values = params.values() if isinstance(params, dict) else params or ()
    if not many and any(isinstance(value, str) and "\0" in value for value in values):
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return execute(sql, params, many, context)


@pytest.mark.parametrize("role", ["ella", "ana", "adam"])
def test_no_form_brings_a_nul_to_the_database(role: str, world: Takes, acme: Company) -> None:
    client, of_forms = signed_in(acme.people[role]), form_names()
    assert {"text", "what", "service", "tags"} <= of_forms
    for name, row in MATRIX.items():
        url = reverse(name, kwargs=world[row.takes])
        raw = raw_names(url)
        for sent in ({*of_forms, *raw}, *({one} for one in sorted(raw))):
            with connection.execute_wrapper(no_nul):
                assert client.post(url, dict.fromkeys(sent, "a\0b")).status_code < 500, (name, sent)


@pytest.mark.parametrize("path", ["people/a%00b/", "tickets/{}/watchers/a%00b/end/", "people/?email=a%00b", "tickets/?service=a%00b"])
def test_no_address_of_the_api_brings_a_nul_to_the_database(path: str, world: Takes, acme: Company) -> None:
    ana, url = signed_in(acme.people["ana"]), "/api/v1/" + path.format(world["ticket"]["number"])
    with connection.execute_wrapper(no_nul):
        answers = [ana.get(url), ana.post(url, "{}", content_type="application/json")]
    assert {answer.status_code for answer in answers} <= {200, 400, 404, 405}
