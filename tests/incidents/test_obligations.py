"""Deadlines outside the house: they begin by themselves for a loss, are never paused, and end by a decision with its reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents import incidents
from incidents.command import obligations
from incidents.models import Incident, Obligation
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import email_down
from tests.incidents.reporting import report

HOUR = timedelta(hours=1)


@pytest.fixture
def loss(acme: Company) -> Incident:
    """A laptop is stolen: a confidential incident of IT Ops."""
    ticket = report(acme, "ella", NINE, what="My laptop was stolen", loss=True)
    grounds = incidents.Grounds(
        title="Stolen laptop", reason="", severity=2, since=NINE, team=acme.teams["it-ops"], is_confidential=True, tickets=(ticket,)
    )
    found = incidents.declare(grounds, actor=acme.people["sam"], now=NINE).incident
    assert found
    return found


def due(incident: Incident) -> dict[str, datetime]:
    return dict(incident.obligations.values_list("kind", "due_at"))


def reminders(incident: Incident) -> int:
    return Message.objects.of_thread(incident.number).filter(key__startswith="obligation:").count()


def test_a_loss_starts_three_clocks_from_when_it_was_known(loss: Incident) -> None:
    for _pass in range(2):
        obligations.begin_due(now=NINE + HOUR)
    month = datetime(2026, 12, 23, 9, tzinfo=ZoneInfo("Europe/Paris"))
    assert due(loss) == {"warning": NINE + 24 * HOUR, "notice": NINE + 72 * HOUR, "report": month}


def test_the_clocks_run_from_the_report_when_the_incident_came_later(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, what="My laptop was stolen", loss=True)
    grounds = incidents.Grounds(title="Stolen laptop", reason="", severity=2, since=NINE, is_confidential=True, tickets=(ticket,))
    opened = incidents.declare(grounds, actor=acme.people["sam"], now=NINE + HOUR / 2).incident
    assert opened
    obligations.begin_due(now=NINE + HOUR)
    assert due(opened)["notice"] == NINE + 72 * HOUR


def test_an_outage_starts_none(acme: Company) -> None:
    email_down(acme)
    assert obligations.begin_due(now=NINE) == 0


def test_a_month_from_the_thirty_first_ends_on_the_last_day(acme: Company) -> None:
    known = datetime(2027, 1, 31, 12, tzinfo=ZoneInfo("Europe/Paris"))
    assert obligations.a_month_after(known) == datetime(2027, 2, 28, 12, tzinfo=ZoneInfo("Europe/Paris"))


def test_who_leads_is_reminded_before_and_after_once_each(loss: Incident) -> None:
    obligations.begin_due(now=NINE)
    assert obligations.remind_due(now=NINE + 19 * HOUR) == 0
    for _pass in range(2):
        obligations.remind_due(now=NINE + 20 * HOUR)
        obligations.remind_due(now=NINE + 24 * HOUR)
    assert loss.obligations.get(kind="warning").remind_at is None
    assert reminders(loss) == 2


def test_a_decision_needs_its_reason_and_stands(acme: Company, loss: Incident) -> None:
    obligations.begin_due(now=NINE)
    with pytest.raises(obligations.ReasonNeeded):
        obligations.decide(loss, "warning", "done", reason=" ", actor=acme.people["sam"], now=NINE)
    for decision in ("done", "not_owed"):
        obligations.decide(loss, "warning", decision, reason="Told by the form", actor=acme.people["sam"], now=NINE + HOUR)
    row = loss.obligations.get(kind="warning")
    assert (row.decision, row.decided_by, row.remind_at) == ("done", acme.people["sam"], None)
    assert loss.timeline.filter(text="Early warning, 24 hours: told.", because="Told by the form").exists()


def test_its_page_shows_and_decides_them_for_who_may_read_it(acme: Company, loss: Incident) -> None:
    obligations.begin_due(now=NINE)
    sam, dana = signed_in(acme.people["sam"]), signed_in(acme.people["dana"])
    url = f"/incidents/{loss.pk}/"
    assert "Deadlines outside the house" in sam.get(url).content.decode()
    assert dana.post(f"{url}obligation/", {"kind": "notice", "decision": "done", "reason": "x"}).status_code == 404
    sam.post(f"{url}obligation/", {"kind": "notice", "decision": "not_owed", "reason": "The disk is encrypted"})
    assert Obligation.objects.get(incident=loss, kind="notice").decision == "not_owed"


def test_a_confidential_incident_may_start_them_by_hand(acme: Company) -> None:
    incident = email_down(acme, is_confidential=True)
    sam = signed_in(acme.people["sam"])
    assert "Start the deadlines" in sam.get(f"/incidents/{incident.pk}/").content.decode()
    sam.post(f"/incidents/{incident.pk}/obligation/", {"decision": "begin"})
    assert set(due(incident)) == {"warning", "notice", "report"}
