"""What the migrations leave behind, on either database."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from incidents import automation, incidents
from incidents.models import Ticket
from monitoring.models import Result
from servicedesk.operations.worlds.company import Company
from servicedesk.schema import NumbersFrom
from tests.actors import NINE


def test_tickets_begin_at_1001_and_incidents_at_201(acme: Company) -> None:
    """Where this fails after a new migration: it rebuilt the table; run NumbersFrom again behind it."""
    ticket = automation.file_ticket(
        requester=acme.people["ella"], what="The printer is stuck", impacted="me", effect="workaround", now=NINE
    )
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE)
    incident = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert ticket.pk >= 1001
    assert incident
    assert incident.pk >= 201


def test_numbers_never_go_back(acme: Company) -> None:
    filed = {"impacted": "me", "effect": "workaround", "now": NINE}
    first = automation.file_ticket(requester=acme.people["ella"], what="The printer is stuck", **filed)
    connection.check_constraints()  # PostgreSQL alters no table with checks pending
    again = SimpleNamespace(connection=connection, execute=lambda sql, params=(): connection.cursor().execute(sql, params))
    NumbersFrom(model="ticket", first=1001).database_forwards("incidents", again, SimpleNamespace(), SimpleNamespace(apps=apps))
    second = automation.file_ticket(requester=acme.people["ella"], what="The printer is stuck again", **filed)
    assert second.pk > first.pk
    assert Ticket.objects.count() == 2


@pytest.mark.django_db
def test_results_are_kept_on_every_day() -> None:
    for days in (0, 400):
        day = (NINE + timedelta(days=days)).date()
        Result.objects.create(day=day, check_id=1, status="ok", received_at=NINE)
    assert Result.objects.filter(day=NINE.date()).count() == 1
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT partstrat FROM pg_partitioned_table WHERE partrelid = 'monitoring_result'::regclass")
            assert cursor.fetchone() == ("r",)
