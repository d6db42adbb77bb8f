"""What reports must share to be repeats: a site, a category, a check; a rule tried on an alert; a cap that pages once; windows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from incidents import alerts, rulebook
from incidents.models import Incident, LinkedAlert, Rule
from incidents.repeats import LiveHistory
from incidents.rules import Repeat, RuleError
from servicedesk.directory.models import Site
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents.alarms import paged
from tests.incidents.reporting import report
from tests.incidents.test_alerts import smtp
from tests.incidents.test_repeats import reported
from tests.incidents.test_rule_pages import adam, page, r4

__all__ = ["adam"]
HALF_AN_HOUR = 1800


def people(acme: Company, *same: str) -> int:
    """How many people Lea's report is shared by, of Omar at Lyon and Ella at her own place; Ella's is of another category."""
    lyon = Site.objects.create(slug="lyon", name="Lyon", zone="Europe/Paris")
    acme.people["omar"].site = lyon
    acme.people["omar"].save(update_fields=["site"])
    reported(acme, "omar", at(9), category="mail")
    reported(acme, "ella", at(9, 1), category="print")
    lea = reported(acme, "lea", at(9, 5), category="mail")
    home = lea.requester.site
    facts = {
        "ticket.id": lea.number, "ticket.requester": "lea", "ticket.signature": list(lea.signature), "ticket.category": "mail",
        "ticket.reported_at": lea.created_at.isoformat(), "service.slug": "email", "time.zone": "Europe/Paris",
        "requester.site": home.slug if home else None,
    }  # fmt: skip
    return LiveHistory().count(Repeat(2, HALF_AN_HOUR, same, distinct_people=True), facts, at(9, 5)).people


@pytest.mark.parametrize(
    ("same", "expected"), [(("service",), 3), (("site",), 2), (("category",), 2), (("site", "category"), 1), (("service", "category"), 2)]
)
def test_only_reports_that_share_all_of_it_are_counted(acme: Company, same: tuple[str, ...], expected: int) -> None:
    assert people(acme, *same) == expected


@pytest.mark.parametrize(("same", "expected"), [(("check",), 2), (("service",), 3)])
def test_alerts_of_one_check_are_counted_apart_from_those_of_its_service(acme: Company, same: tuple[str, ...], expected: int) -> None:
    for number, slug in enumerate(("smtp-01", "smtp-02", "smtp-01")):
        columns = {"check_id": 1, "check_slug": slug, "service": acme.services["email"], "status": "warning"}
        LinkedAlert.objects.create(alert_id=number, since=at(9, number), status_since=at(9), updated_at=at(9), **columns)
    facts = {"alert.id": 2, "check.slug": "smtp-01", "service.slug": "email", "alert.status": "warning"}
    assert LiveHistory().count(Repeat(2, HALF_AN_HOUR, same, of="alerts"), facts, at(9, 5)).number == expected


def test_a_rule_is_tried_on_an_alert_condition_by_condition(acme: Company, adam: Client) -> None:
    alerts.opened(smtp(acme, at(9)), now=at(9))
    number = LinkedAlert.objects.get().alert_id
    said = page(adam, rule=Rule.objects.get(key="R5"), **{"try": f"alert {number}"})
    assert "It does not match" in said  # critical for no time yet
    assert said.count("<caption") >= 1
    assert "Nothing was kept about" in page(adam, rule=Rule.objects.get(key="R5"), **{"try": f"alert {number + 1}"})


def test_above_its_cap_everything_joins_one_incident_that_pages_once(acme: Company) -> None:
    rule = Rule.objects.get(key="R1")
    rulebook.publish(rule, rule.versions.get().definition | {"fire_cap": 1}, note="At most one an hour", actor=None, now=at(8))
    for nth, service in enumerate(("email", "vpn", "printing", "file-server")):
        report(acme, "ella", at(20, nth), service=acme.services[service], impacted="everyone", what=f"No {service}")
    storm = Incident.objects.get(group_key="storm:R1")
    assert storm.tickets.count() == 3
    assert paged(storm) == [("sam", 1)]


def test_a_window_without_an_end_is_refused_and_a_long_one_is_told(acme: Company, adam: Client) -> None:
    kept = r4().versions.get().definition
    endless: dict[str, Any] = {**kept, "repeat": {name: part for name, part in kept["repeat"].items() if name != "within_s"}}
    with pytest.raises(RuleError, match=r"repeat\.within_s"):
        rulebook.save_draft(r4(), endless, actor=acme.people["adam"], now=at(9))
    for days, said in ((400, None), (40, "Its window is longer than 31 days")):
        draft = {**kept, "repeat": {**kept["repeat"], "within_s": days * 86_400}}
        if said is None:
            with pytest.raises(RuleError, match="longer than a year"):
                rulebook.save_draft(r4(), draft, actor=acme.people["adam"], now=at(9))
        else:
            rulebook.save_draft(r4(), draft, actor=acme.people["adam"], now=at(9))
            assert said in page(adam)
