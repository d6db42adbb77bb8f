"""Why did this signal alert, or why not?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents import automation, silences
from monitoring import explaining, watching
from monitoring.models import Alert, Check, Result
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.monitoring.watched import MINUTE, hear


@pytest.fixture
def smtp(acme: Company) -> Check:
    return Check.objects.select_related("source", "service").get(slug="smtp-01")


def told(acme: Company, check: Check, *, after: int = 1) -> str:
    """The whole explanation of the newest result, as words."""
    result = Result.objects.filter(check_id=check.pk).latest("pk")
    found = explaining.of_result(check, result, user=acme.people["ana"], now=result.received_at + after * MINUTE)
    return " | ".join([found.told, *(line.text for line in found.lines)])


def bad(check: Check, times: int, status: str = "critical") -> None:
    for minute in range(times):
        hear(check, status, NINE + minute * MINUTE, "connection refused")


def test_a_soft_result_says_one_of_two(acme: Company, smtp: Check) -> None:
    hear(smtp, "ok", NINE - MINUTE)
    bad(smtp, 1)
    words = told(acme, smtp)
    assert "It did not alert. Bad results in a row: 1; needed: 2." in words


def test_a_confirmed_one_says_that_the_alert_opened_and_what_the_rules_made_of_it(acme: Company, smtp: Check) -> None:
    bad(smtp, 2)
    words = told(acme, smtp)
    assert "It alerted" in words
    assert "It opened the alert." in words
    assert "R5" in words
    assert "did not match" in words
    assert "No incident: nobody was paged." in words


def test_after_five_minutes_the_rule_matched_and_the_incident_is_named(acme: Company, smtp: Check) -> None:
    bad(smtp, 2)
    automation.evaluate_due(now=NINE + 7 * MINUTE)
    words = told(acme, smtp, after=8)
    assert "R5" in words
    assert " matched: " in words
    assert "INC-" in words


def test_a_silenced_one_says_until_when_and_by_whom(acme: Company, smtp: Check) -> None:
    until = NINE + timedelta(hours=2)
    silences.make(actor=acme.people["ana"], now=NINE, service=smtp.service, reason="Update", starts_at=NINE, ends_at=until)
    bad(smtp, 2)
    words = told(acme, smtp)
    assert "Silenced until 23 Nov" in words
    assert "by Ana: Update" in words


def test_a_repeat_changes_nothing_and_says_so(acme: Company, smtp: Check) -> None:
    bad(smtp, 3)
    assert "It says what was known already." in told(acme, smtp)


def test_an_ok_that_ends_it_and_one_that_changes_nothing(acme: Company, smtp: Check) -> None:
    bad(smtp, 2)
    hear(smtp, "ok", NINE + 5 * MINUTE)
    assert "It ended the alert." in told(acme, smtp)
    hear(smtp, "ok", NINE + 6 * MINUTE)
    assert "It says what was known already." in told(acme, smtp)


def test_a_paused_check_says_that_it_is_not_judged(acme: Company, smtp: Check) -> None:
    watching.pause(smtp, actor=acme.people["ana"], now=NINE)
    bad(smtp, 2)
    assert "The check is paused: nothing is judged." in told(acme, smtp)


def test_who_may_not_see_the_incident_is_not_told_its_name(acme: Company, smtp: Check) -> None:
    bad(smtp, 2)
    automation.evaluate_due(now=NINE + 7 * MINUTE)
    alert = Alert.objects.get()
    found = explaining.of_alert(alert, user=acme.people["ella"], now=NINE + 8 * MINUTE)
    assert "INC-" not in " ".join([found.told, *(line.text for line in found.lines)])


def test_what_stands_on_a_bad_check_waits_and_says_for_which(acme: Company, smtp: Check) -> None:
    bad(Check.objects.select_related("source").get(slug="fs-02"), 2)
    Check.objects.filter(pk=smtp.pk).update(depends_on=Check.objects.get(slug="fs-02"))
    bad(smtp, 2)
    words = told(acme, smtp)
    assert "fs-02, which it depends on, is bad" in words


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def test_the_pages_say_it(ana: Client, smtp: Check) -> None:
    bad(smtp, 2)
    result = Result.objects.latest("pk")
    assert b"It alerted" in ana.get(f"/checks/{smtp.pk}/why/?day={result.day}&result={result.pk}").content
    assert b"No incident: no rule matched." in ana.get(f"/alerts/{Alert.objects.get().pk}/").content


def test_alerts_without_an_incident_say_why(ana: Client, smtp: Check) -> None:
    bad(smtp, 2)
    for show in ("", "?show=unmatched", "?status=critical&service=email"):
        page = ana.get(f"/alerts/{show}").content
        assert b"smtp-01" in page
        assert b"No incident: no rule matched." in page
    for show in ("?show=past", "?show=silenced", "?status=warning", "?service=vpn"):
        assert b"smtp-01" not in ana.get(f"/alerts/{show}").content, show


def test_an_alert_with_an_incident_is_not_unmatched(ana: Client, smtp: Check) -> None:
    bad(smtp, 2)
    automation.evaluate_due(now=NINE + 7 * MINUTE)
    assert b"smtp-01" not in ana.get("/alerts/?show=unmatched").content
    assert b"INC-" in ana.get("/alerts/").content


def test_many_alerts_go_on_page_by_page_at_the_same_cost(
    ana: Client, acme: Company, smtp: Check, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    common = {"source_id": 1, "status": "critical", "opened_at": NINE, "since": NINE, "status_since": NINE}
    checks = Check.objects.bulk_create(Check(source=smtp.source, slug=f"c{n}", created_at=NINE) for n in range(60))
    Alert.objects.bulk_create(Alert(check_ref=check, dedup_key=check.slug, **common) for check in checks)
    ana.get("/alerts/")
    with django_assert_max_num_queries(10):
        page = ana.get("/alerts/").content.decode()
    assert "Next" in page
