"""/inbox/: what came in, and what was made of it."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from monitoring.models import RawBody, Source
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in


def came(source: Source | None, body: bytes, *, items: int = 1, problem: str = "") -> RawBody:
    return RawBody.objects.create(source=source, received_at=NINE, content_type="application/json", body=body, items=items, problem=problem)


@pytest.fixture
def agents(acme: Company) -> Source:
    return Source.objects.get(slug="agents")


def page(acme: Company, query: str = "") -> str:
    return signed_in(acme.people["ana"]).get(f"/inbox/{query}").content.decode()


def test_a_body_stands_with_its_source_and_what_was_made_of_it(acme: Company, agents: Source) -> None:
    came(agents, b'[{"check": "smtp-01"}]', items=3)
    text = page(acme)
    assert "3 signals" in text
    assert "[{&quot;check&quot;: &quot;smtp-01&quot;}]" in text


def test_what_could_not_be_read_has_its_own_tab_and_says_why(acme: Company, agents: Source) -> None:
    came(agents, b"fine")
    came(None, b"\xff\x00<script>alert(1)</script>", items=0, problem="The body is not JSON.")
    text = page(acme, "?show=unreadable")
    assert "The body is not JSON." in text
    assert "Nobody known" in text
    assert "<script>alert" not in text
    assert "fine" not in text


def test_a_source_that_never_spoke_is_waited_for(acme: Company) -> None:
    Source.objects.create(slug="zabbix", name="Zabbix", kind="zabbix")
    assert "waiting for the first signal" in page(acme, "?show=zabbix")


def test_unknown_words_in_the_address_show_everything(acme: Company, agents: Source) -> None:
    came(agents, b"fine")
    assert "fine" in page(acme, "?show=nonsense&before=abc")


def test_more_than_a_page_goes_on(acme: Company, agents: Source) -> None:
    RawBody.objects.bulk_create([RawBody(source=agents, received_at=NINE, body=b"n%d." % n) for n in range(60)])
    first = page(acme)
    assert ("n59." in first, "n9." in first) == (True, False)
    assert "n9." in page(acme, f"?before={RawBody.objects.order_by('-pk')[49].pk}")


def test_its_queries_do_not_grow(acme: Company, agents: Source, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    RawBody.objects.bulk_create([RawBody(source=agents, received_at=NINE, body=b"x") for _ in range(50)])
    client = signed_in(acme.people["ana"])
    client.get("/inbox/")
    with django_assert_max_num_queries(8):
        client.get("/inbox/")
