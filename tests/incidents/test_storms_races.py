"""A storm breaks while others hold what it takes in, on PostgreSQL: nobody blocks, nothing is left behind."""

from __future__ import annotations

import time
from threading import Event
from typing import Any

from django.db import transaction

from incidents import alerts, automation, incidents
from incidents.models import Incident, LinkedAlert, Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents import racing
from tests.incidents.alarms import MINUTE, fresh
from tests.incidents.racing import at_once
from tests.incidents.test_incidents import ticket
from tests.incidents.test_storms import fails

pytestmark = racing.marks
LATER = NINE + 5 * MINUTE


def holding(row: Ticket | LinkedAlert, incident: Incident, storm_broke: Event) -> None:
    """As every deed does that has both: the ticket or alert first, then, a moment later, the incident."""
    rows: Any = type(row).objects
    with transaction.atomic():
        rows.select_for_update().get(pk=row.pk)
        storm_broke.set()
        time.sleep(0.5)
        Incident.objects.locked(incident.pk)


def fifth(acme: Company, held: Event) -> Incident | None:
    assert held.wait(30)
    return fails(acme, 4).incident


def test_a_ticket_somebody_holds_blocks_no_storm_and_follows_it(acme: Company) -> None:
    children = [fails(acme, n).incident for n in range(4)]
    mine, held = ticket(acme), Event()
    assert children[2]
    incidents.link_ticket(children[2], mine, reason="x", actor=None, now=NINE)
    Ticket.objects.update(evaluate_at=None)
    _held, storm = at_once(lambda: holding(mine, children[2], held), lambda: fifth(acme, held))
    assert fresh(children[2]).merged_into == storm
    automation.evaluate_due(now=LATER)
    mine.refresh_from_db()
    assert mine.incident == storm


def test_an_alert_that_clears_as_the_storm_breaks_is_of_the_storm(acme: Company) -> None:
    child = fails(acme, 0).incident
    assert child
    facts = alerts.AlertFacts(9, 1, "smtp-01", child.service, "critical", NINE, NINE)
    alert, held = alerts.opened(facts, now=NINE), Event()
    LinkedAlert.objects.update(incident=child)
    for number in range(1, 4):
        fails(acme, number)
    _held, storm = at_once(lambda: holding(alert, child, held), lambda: fifth(acme, held))
    alerts.cleared(9, now=LATER)
    alert.refresh_from_db()
    assert (alert.incident, storm is not None and storm.timeline.filter(text="smtp-01 is OK again.").exists()) == (storm, True)
