"""A body of many results: those that change nothing are stored at once, and all is left as one by one would leave it."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from monitoring import intake
from monitoring.models import Alert, Check, CheckState, RawBody, Result, SeenEvent, Source, Threshold
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(connection.vendor != "postgresql", reason="the statement is PostgreSQL's")]
NAMES = tuple("abcdefg")
SECOND = timedelta(seconds=1)


@pytest.fixture
def agents(acme: Company) -> Source:
    return Source.objects.get(slug="agents")


def bring(source: Source, items: list[dict[str, Any]], *, after: float = 0) -> intake.Taken:
    return intake.take_results(source, json.dumps(items).encode(), lines=False, content_type="application/json", now=NINE + after * SECOND)


def well(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"check": name, "status": "ok", "summary": "fine", **more} for name in names]


def test_a_thousand_that_stay_well_cost_one_statement_beside_the_body(
    agents: Source, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    names = [f"disk-{n}" for n in range(900)]
    bring(agents, well(*names))
    with django_assert_max_num_queries(5):  # begin, body, source, commit; the statement itself is not Django's
        assert bring(agents, well(*names, labels={"host": "a"}), after=10).accepted == 900
    last = Result.objects.latest("id")
    assert (last.summary, last.labels, last.raw_id, last.change, last.why) == (
        "fine",
        {"host": "a"},
        RawBody.objects.latest("id").pk,
        "",
        [],
    )
    assert CheckState.objects.filter(last_result_at=NINE + 10 * SECOND).count() == 900


def test_what_changes_something_is_judged_and_the_rest_is_not_held_up(agents: Source) -> None:
    bring(agents, well(*NAMES))
    taken = bring(agents, [*well(*NAMES), {"check": "a", "status": "critical"}, {"check": "new", "status": "warning"}], after=10)
    assert (taken.accepted, taken.duplicates) == (9, 0)
    assert set(Alert.objects.open().values_list("dedup_key", "status")) == {("a", "critical"), ("new", "warning")}


def test_a_repeat_in_the_body_or_from_before_is_once(agents: Source) -> None:
    bring(agents, well(*NAMES))
    items = [{**item, "event_id": item["check"]} for item in well(*NAMES)]
    assert bring(agents, [*items, *items[:2]]).duplicates == 2
    assert bring(agents, items).duplicates == len(NAMES)
    assert SeenEvent.objects.count() == len(NAMES)
    assert Result.objects.count() == 2 * len(NAMES)


def test_a_check_expected_again_is_late_counted_from_this_result(agents: Source) -> None:
    bring(agents, well(*NAMES))
    Check.objects.filter(slug="a").update(period_s=60, grace_s=30)
    CheckState.objects.filter(check_ref__slug="a").update(overdue_at=NINE + 90 * SECOND)
    bring(agents, well(*NAMES), after=50)
    assert CheckState.objects.get(check_ref__slug="a").overdue_at == NINE + 140 * SECOND


def test_a_service_and_its_source_were_heard(agents: Source, acme: Company) -> None:
    bring(agents, well(*NAMES, service="email"))
    bring(agents, well(*NAMES), after=60)
    agents.refresh_from_db()
    assert agents.last_heard_at == Service.objects.get(slug="email").checked_at == NINE + 60 * SECOND


ITEM = st.fixed_dictionaries(
    {"check": st.sampled_from(NAMES), "status": st.sampled_from(["ok"] * 12 + ["warning", "critical", "unknown"])},
    optional={
        "summary": st.sampled_from(["", "fine", "slow"]), "event_id": st.sampled_from([str(n) for n in range(12)]),
        "severity": st.sampled_from([1, "high", "never heard"]), "labels": st.just({"host": "x"}),
        "metrics": st.sampled_from([[], [{"name": "used", "value": 71.5, "unit": "%"}]]),
        "started_at": st.sampled_from(["2026-11-23T07:59:00Z", "2026-11-23T08:30:00Z"]),
    },
)  # fmt: skip
KINDS = st.lists(
    st.sampled_from(["plain", "slow", "period", "limit", "ignoring", "paused", "flap"]), min_size=len(NAMES), max_size=len(NAMES)
)
CALLS = count()


@given(bodies=st.lists(st.lists(ITEM, min_size=6, max_size=10), min_size=1, max_size=2), kinds=KINDS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bodies_leave_what_one_by_one_leaves(acme: Company, bodies: list[list[dict[str, Any]]], kinds: list[str]) -> None:
    left = []
    for is_batch in (True, False):
        source = founded()
        bring(source, well(*NAMES), after=-120)
        settle(source, kinds)
        for n, body in enumerate(bodies):
            for part in [body] if is_batch else [[item] for item in body]:
                bring(source, part, after=120 * n)
        left.append(found(source))
    assert left[0] == left[1]


def founded() -> Source:
    source = Source.objects.create(slug=f"s-{next(CALLS)}", name="S", severity_map={"high": 2})
    for check in Check.objects.bulk_create(Check(source=source, slug=name, created_at=NINE) for name in NAMES):
        CheckState.objects.create(check_ref=check)
    return source


def settle(source: Source, kinds: list[str]) -> None:
    """Each check becomes one of its kind, after it was well."""
    settings_of = {
        "slow": {"confirm": 2, "clear_confirm": 2}, "period": {"period_s": 300}, "ignoring": {"unknown_as": "ignore"},
        "paused": {"is_paused": True}, "flap": {"keep_s": 60},
    }  # fmt: skip
    for name, kind in zip(NAMES, kinds, strict=True):
        check = source.checks.get(slug=name)
        Check.objects.filter(pk=check.pk).update(slug=name, **settings_of.get(kind, {}))
        if kind == "limit":
            Threshold.objects.create(check_ref=check, metric="used", warn="50", crit="95")


def found(source: Source) -> Any:
    """All that is known of its checks, but for how often in a row they were well."""
    kept = ("status", "is_settled", "since", "why", "summary", "value", "detail", "last_result_at", "overdue_at", "recheck_at")
    memory = ("memory__soft", "memory__problem", "memory__flapping", "memory__worst", "memory__bad_since", "memory__last_bad_at")
    rows_of = CheckState.objects.filter(check_ref__source=source).order_by("check_ref__slug")
    states = list(rows_of.values_list("check_ref__slug", *kept, *memory))
    slugs = dict(source.checks.values_list("pk", "slug"))
    told = ("check_id", "status", "summary", "severity", "flag", "metrics", "labels", "started_at", "received_at", "change", "why")
    rows = Result.objects.filter(check_id__in=slugs).order_by("id").values_list(*told)
    heard = sorted(([slugs[pk], n, *map(str, rest)] for n, (pk, *rest) in enumerate(rows)), key=lambda one: (one[0], one[1]))
    alerts = list(
        Alert.objects.filter(source_id=source.pk).order_by("dedup_key", "id").values_list("dedup_key", "status", "worst", "cleared_at")
    )
    seen = sorted(SeenEvent.objects.filter(source=source).values_list("key", flat=True))
    return states, [[name, *rest] for name, _n, *rest in heard], alerts, seen
