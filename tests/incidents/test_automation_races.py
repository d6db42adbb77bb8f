"""Many at once on PostgreSQL: one ticket a form, one incident an outage, no deed lost to another."""

from __future__ import annotations

from incidents import alerts, automation, conversation, incidents
from incidents.models import Incident, Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents import racing
from tests.incidents.racing import at_once
from tests.incidents.reporting import mails, report

pytestmark = racing.marks
PEOPLE = ("ella", "omar", "lea", "eve", "vera", "adam")


def test_two_presses_of_send_at_once_are_one_ticket_and_one_receipt(acme: Company) -> None:
    for number in range(5):
        pressed = at_once(
            *[lambda number=number: report(acme, "ella", at(9 + number), idempotency_key=f"7:{number}") for _press in range(3)]
        )
        assert len(set(pressed)) == 1
    assert (Ticket.objects.count(), len(mails(acme, "ella"))) == (5, 5)


def test_six_who_report_at_once_while_two_engines_look_make_one_incident_of_all(acme: Company) -> None:
    for minute, slug in enumerate(("email", "vpn", "printing")):
        now, service = at(9, minute), acme.services[slug]
        reports = [lambda who=who: report(acme, who, now, service=service) for who in PEOPLE]  # noqa: B023
        at_once(*reports, lambda: automation.evaluate_due(now=now), lambda: automation.evaluate_due(now=now))  # noqa: B023
        for _pass in range(3):
            automation.evaluate_due(now=now)
        incident = Incident.objects.get(service=service)
        assert set(service.tickets.values_list("incident", "severity")) == {(incident.pk, 2)}
        assert incident.people == 6


def test_resolving_and_clearing_while_people_write_and_engines_look_blocks_nobody(acme: Company) -> None:
    for minute, slug in enumerate(("email", "vpn", "printing", "file-server")):
        now, service = at(9, minute), acme.services[slug]
        tickets = [report(acme, who, now, service=service, impacted="department") for who in PEOPLE]
        alert = alerts.AlertFacts(minute, 1, f"{slug}-01", service, "critical", now, now)
        alerts.opened(alert, now=now)
        incident = incidents.accept(Incident.objects.get(service=service), actor=acme.people["dana"], now=now)
        at_once(
            lambda: incidents.resolve(incident, actor=acme.people["dana"], reason="Restarted", now=now),  # noqa: B023
            lambda: alerts.cleared(minute, now=now),  # noqa: B023
            lambda: automation.evaluate_due(now=now),  # noqa: B023
            lambda: automation.requester_reply(tickets[0], author=acme.people["ella"], text="Still?", now=now),  # noqa: B023
            lambda: conversation.reply(tickets[1], author=acme.people["ana"], text="Now?", now=now),  # noqa: B023
            lambda: report(acme, "dana", now, service=service),  # noqa: B023
        )
        incident.refresh_from_db()
        automation.evaluate_due(now=now)
        assert incident.state == "resolved"
        assert set(incident.tickets.exclude(pk__in=[tickets[0].pk, tickets[1].pk]).values_list("state", flat=True)) == {"solved"}
