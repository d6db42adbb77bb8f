"""The road of a page, from a critical result to its letters, in so many statements: more of them are more of the night."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import rulebook
from incidents.models import Incident, Rule
from monitoring import intake
from monitoring.models import Source
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.alarms import MINUTE, paged

AT_MOST = 75


@pytest.fixture
def at_once(acme: Company) -> None:
    """R5 does not wait five minutes."""
    rule = Rule.objects.get(key="R5")
    definition = dict(rule.versions.get(version=rule.version).definition)
    critical, _for, tier = definition["conditions"]["all"]
    definition["conditions"] = {"all": [critical, tier]}
    rulebook.publish(rule, definition, note="At once", actor=None, now=NINE)


def told(status: str, minutes: int) -> None:
    said = {"check": "smtp-09", "service": "email", "status": status, "summary": "no answer", "event_id": status}
    body = json.dumps(said).encode()
    source = Source.objects.get(slug="agents")
    intake.take_results(source, body, lines=False, content_type="application/json", now=NINE + minutes * MINUTE)


def test_a_critical_check_that_opens_an_incident_and_pages_takes_few_statements(at_once: None) -> None:
    told("ok", 0)
    with CaptureQueriesContext(connection) as taken:
        told("critical", 1)
    assert paged(Incident.objects.get()) == [("sam", 1)]
    assert len(taken) <= AT_MOST, "\n".join(each["sql"][:160] for each in taken)
