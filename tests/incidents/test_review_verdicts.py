"""Every question of the plan review over a world that is as it should be, and over the same world spoiled."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection

from incidents import reviews
from incidents.models import Exercise, LastResort, Plan, PlanReading, Report, ReviewItem, Rule, Vendor
from incidents.reviews.asking import Answer, Asked, ask
from incidents.reviews.questions import query_of
from incidents.reviews.starter import QUESTIONS
from notifications.models import ContactMethod
from servicedesk.directory.models import Site
from servicedesk.operations.worlds.company import Company
from servicedesk.tokens.models import ApiToken
from tests.actors import NINE
from tests.incidents import review_worlds as worlds
from tests.incidents.review_worlds import DAY, HOUR, MINUTE, World, nothing, update

LIMITS = {one.key: one.limits for one in QUESTIONS}
ASKED = NINE - 92 * DAY


def answer(key: str) -> Answer:
    query = query_of(key)
    assert query is not None
    return query(Asked(ASKED, NINE, LIMITS[key]))


def stale(**columns: Any) -> World:
    return lambda acme: worlds.token(acme, **columns)


VERDICTS: list[tuple[str, World, World]] = [
    ("plan_current", nothing, update(Plan, approved_at=NINE - 366 * DAY)),
    ("plan_current", nothing, update(Plan, scope="")),
    ("plan_read", worlds.all_have_read, lambda acme: PlanReading.objects.filter(person=acme.people["dana"]).delete()),
    ("roles_filled", nothing, worlds.unstaffed),
    ("changes", partial(worlds.changed, note="agreed"), partial(worlds.changed, ago=MINUTE)),
    ("on_call_gaps", nothing, worlds.nobody_on_rotas),
    ("two_ways", worlds.all_ways_proved, lambda acme: acme.people["sam"].contact_methods.update(disabled_at=NINE)),
    ("two_ways", worlds.all_ways_proved, update(ContactMethod, verified_at=NINE - 91 * DAY)),
    ("last_resort", worlds.all_ways_proved, update(ContactMethod, verified_at=NINE - 91 * DAY)),
    ("last_resort", worlds.all_ways_proved, lambda acme: LastResort.objects.all().delete()),
    ("reaches_someone", nothing, update(ContactMethod, disabled_at=NINE)),
    ("pages_delivered", worlds.message, partial(worlds.message, state="failed")),
    ("pages_in_time", worlds.tried_at, partial(worlds.tried_at, after=timedelta(seconds=11))),
    ("pages_in_time", partial(worlds.silent, on_hold=True), partial(worlds.silent, on_hold=False)),
    ("calendars", nothing, update(Site, country="")),
    ("times_met", worlds.answered, lambda acme: worlds.report(acme, "ella", NINE - 20 * DAY)),
    ("severity_right", lambda acme: worlds.rated(acme, 2, 2, 3), lambda acme: worlds.rated(acme, 2, 4, 4)),
    ("rules_fit", nothing, update(Rule, review_on=NINE.date() - DAY)),
    ("rules_fit", nothing, worlds.stormed),
    ("missed_by_monitoring", nothing, lambda acme: worlds.incident(acme, people=3)),
    ("missed_by_monitoring", nothing, partial(worlds.all_checks, is_paused=True)),
    ("noise", lambda acme: worlds.woken(acme, 26), lambda acme: worlds.incident(acme, resolved_at=NINE - 9 * DAY + 4 * MINUTE)),
    ("noise", nothing, lambda acme: worlds.woken(acme, 27)),
    ("muted", partial(worlds.silence, days=8), partial(worlds.silence, days=31)),
    ("muted", nothing, partial(worlds.all_checks, is_paused=True)),
    ("come_back", lambda acme: [worlds.incident(acme) for _n in range(2)], worlds.incident),
    ("reports_written", worlds.reported, lambda acme: worlds.promised(acme, 1, 2, 3)),
    ("reports_written", worlds.reported, lambda acme: worlds.promised(acme, -31)),
    ("reports_written", worlds.reported, lambda acme: Report.objects.all().delete()),
    ("exercised", worlds.held, update(Exercise, held_on=NINE.date() - 184 * DAY)),
    ("security", worlds.secret, worlds.read_by_a_stranger),
    ("security", worlds.secret, worlds.file_lost),
    ("security", worlds.secret, worlds.readings_lost),
    ("suppliers", worlds.supplied, update(Vendor, tested_on=NINE.date() - 181 * DAY)),
    ("rights", worlds.token, update(ApiToken, last_used_at=NINE - 91 * DAY)),
    ("rights", worlds.token, update(ApiToken, expires_at=None)),
    ("rights", nothing, worlds.one_left),
    ("restore", worlds.rehearsed, update(Exercise, minutes=121)),
    ("load", worlds.nobody_on_rotas, worlds.ten_nights),
    ("last_findings", partial(worlds.found_before, state="closed", word="New lock, see photo."), update(ReviewItem, ticket=None)),
]  # fmt: skip


@pytest.mark.parametrize(("key", "good", "spoil"), VERDICTS, ids=[f"{n}-{one[0]}" for n, one in enumerate(VERDICTS)])
def test_it_is_a_finding_in_the_spoiled_world_alone(key: str, good: World, spoil: World, acme: Company) -> None:
    good(acme)
    before = answer(key)
    assert not before.is_finding, before
    spoil(acme)
    after = answer(key)
    assert after.is_finding, after
    assert after.said


def test_every_question_of_the_checklist_is_tried() -> None:
    assert {key for key, _good, _spoil in VERDICTS} == set(LIMITS)


def test_a_finding_closed_without_a_word_is_one_of_this_review(acme: Company) -> None:
    worlds.found_before(acme, "closed")
    assert answer("last_findings").is_finding


@pytest.mark.parametrize("key", LIMITS)
def test_a_query_that_fails_says_so_and_none_passes_for_nothing_found(key: str, db: None) -> None:
    def refused(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            raise DatabaseError("gone")
        return execute(sql, params, many, context)

    query = query_of(key)
    assert query is not None
    found = ask(query, Asked(ASKED, NINE, LIMITS[key]))
    with connection.execute_wrapper(refused):
        failed = ask(query, Asked(ASKED, NINE, LIMITS[key]))
    assert (found["failed"], isinstance(found["row_count"], int)) == ("", True)
    assert (failed["failed"], failed["row_count"], failed["finding"]) == ("DatabaseError: gone", None, True)


def test_an_open_review_gets_thresholds_its_queries_have_learned_to_ask_for(acme: Company) -> None:
    review = reviews.begin(actor=None, now=NINE)
    review.items.filter(key="pages_in_time").update(limits={"most_p99_s": 20})
    reviews.gather(review, actor=None, now=NINE + HOUR)
    item = review.items.get(key="pages_in_time")
    assert (item.evidence["failed"], item.limits) == ("", {"most_p99_s": 20, "silence_minutes": 3})
