"""/services/ and /services/<slug>/: a thousand checks at a glance, the worst first, in a fixed number of queries."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents import incidents, silences
from incidents.models import Ticket
from monitoring import watching
from monitoring.models import Check, CheckState
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.reporting import report
from tests.monitoring.watched import MINUTE, hear, many

QUERIES, OF_ONE = 8, 12  # within the minute for which lines and who is on call are kept


@pytest.fixture
def smtp(acme: Company) -> Check:
    return Check.objects.select_related("source", "service").get(slug="smtp-01")


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def text(client: Client, path: str = "/services/") -> str:
    return client.get(path).content.decode()


def broken(smtp: Check) -> None:
    for minute in range(2):
        hear(smtp, "critical", NINE + minute * MINUTE, "connection refused")


def test_what_is_down_comes_first_with_its_words_and_its_incident(ana: Client, smtp: Check) -> None:
    broken(smtp)
    page = text(ana)
    assert re.search(r'tile is-down" href="\?state=critical".*?<b>1</b> Down', page)
    assert "connection refused" in page
    assert "(1) Services" in page


def test_a_service_that_is_well_is_one_line(ana: Client, smtp: Check) -> None:
    hear(smtp, "ok", NINE)
    page = text(ana)
    assert "1 of 1 OK" in page
    assert "smtp-01" not in page
    assert "smtp-01" in text(ana, "/services/?group=email")


def test_a_check_that_was_never_heard_is_no_data_and_says_what_it_waits_for(ana: Client, acme: Company) -> None:
    watching.make(actor=acme.people["adam"], slug="nightly", kind="heartbeat", period_s=86_400, now=NINE)
    assert "waiting for the first signal" in text(ana, "/services/?state=unknown")


def test_a_paused_check_is_paused_and_not_down(ana: Client, acme: Company, smtp: Check) -> None:
    broken(smtp)
    watching.pause(smtp, actor=acme.people["ana"], now=NINE)
    page = text(ana, "/services/?state=paused")
    assert "smtp-01" in page
    assert "<b>0</b> Down" in page


def test_filters_stand_in_the_address_and_odd_ones_are_ignored(ana: Client, smtp: Check) -> None:
    broken(smtp)
    assert "No check matches." in text(ana, "/services/?q=nothing-like-it")
    assert "smtp-01" in text(ana, "/services/?q=SMTP")
    assert "smtp-01" in text(ana, "/services/?state=failing&sort=name")
    for odd in ("state=x", "sort=x", "group=no-such", "after=abc", "after=99999999999999999999", "view=x"):
        assert ana.get(f"/services/?{odd}").status_code == 200, odd


def test_a_silenced_check_says_until_when(ana: Client, acme: Company, smtp: Check) -> None:
    now = clock.now()
    silences.make(actor=acme.people["ana"], now=now, service=smtp.service, reason="Update", starts_at=now, ends_at=now + timedelta(hours=2))
    for minute in range(2):
        hear(smtp, "critical", now + minute * MINUTE)
    assert "silenced until" in text(ana)


def test_tickets_of_a_failing_service_are_counted_but_no_confidential_one(ana: Client, acme: Company, smtp: Check) -> None:
    broken(smtp)
    report(acme, "ella", NINE, what="Outlook does not open")
    hidden = report(acme, "omar", NINE, what="Outlook and a secret")
    Ticket.objects.filter(pk=hidden.pk).update(is_confidential=True, team=acme.teams["it-ops"])
    page = text(ana)
    assert re.search(r'<td class="num" data-label="Tickets">1</td>', page)


def test_a_confidential_incident_is_not_named(ana: Client, acme: Company, smtp: Check) -> None:
    grounds = incidents.Grounds(
        title="Secret", reason="", service=smtp.service, team=acme.teams["it-ops"], severity=3, since=NINE, is_confidential=True
    )
    number = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident.number
    broken(smtp)
    for path in ("/services/", "/services/email/", f"/checks/{smtp.pk}/", "/alerts/"):
        assert number not in text(ana, path), path


def test_the_pulse_says_nothing_while_nothing_changed(ana: Client, smtp: Check) -> None:
    hear(smtp, "ok", NINE)
    cursor = ana.get("/services/")["Desk-Cursor"]
    assert ana.get(f"/services/?pulse={cursor}").status_code == 204
    broken(smtp)
    news = ana.get(f"/services/?pulse={cursor}")
    assert news.status_code == 200
    assert news["Desk-Cursor"] != cursor
    assert b'id="services" hx-swap-oob="morph"' in news.content


def test_the_pulse_brings_what_the_page_shows(ana: Client, smtp: Check) -> None:
    broken(smtp)
    rows = re.search(r"<table.*?</table>", text(ana), re.DOTALL)
    news = re.search(r"<table.*?</table>", text(ana, "/services/?pulse=x"), re.DOTALL)
    assert rows
    assert news
    assert rows[0] == news[0]


def test_a_thousand_checks_cost_no_more_queries_than_a_hundred(
    ana: Client, acme: Company, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many(1000, now=NINE, bad=300)
    cache.clear()
    for address in ("/services/", "/services/?state=critical", "/services/?group=s-0", "/services/?q=host"):
        ana.get(address)
        with django_assert_max_num_queries(QUERIES):
            ana.get(address)


def test_a_thousand_checks_weigh_little(ana: Client, acme: Company) -> None:
    many(1000, now=NINE, bad=300)
    page = ana.get("/services/").content
    assert len(gzip.compress(page)) < 100_000
    assert page.count(b"<") / 2 < 6_000  # elements
    assert b"show all 50" in page


def test_all_checks_of_a_service_go_on_page_by_page(ana: Client, acme: Company) -> None:
    many(250, now=NINE, services=1, bad=3)
    seen: set[str] = set()
    path = "/services/?group=s-0"
    for _page in range(3):
        page = text(ana, path)
        seen |= set(re.findall(r"host-\d{4}", page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = "/services/" + following[1].replace("&amp;", "&") if following else ""
    assert (len(seen), path) == (250, "")


def test_one_service_shows_what_is_known_of_it(ana: Client, acme: Company, smtp: Check) -> None:
    acme.services["vpn"].depends_on.add(acme.services["email"])
    broken(smtp)
    page = text(ana, "/services/email/")
    for words in ("Kim", "IT Ops", "smtp-01", "connection refused", "VPN", "Sam"):
        assert words in page, words
    assert ana.get("/services/no-such/").status_code == 404


@pytest.mark.parametrize("number", [3, 200])
def test_the_service_page_costs_the_same_with_many_checks(
    number: int, ana: Client, acme: Company, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many(number, now=NINE, services=1, bad=number // 2)
    ana.get("/services/s-0/")
    with django_assert_max_num_queries(OF_ONE):
        ana.get("/services/s-0/")


def test_an_empty_desk_says_how_to_begin(acme: Company) -> None:
    CheckState.objects.all().delete()
    Check.objects.all().delete()
    page = text(signed_in(acme.people["adam"]))
    assert "No checks yet." in page
    assert "/checks/new/" in page
