"""The periodic review: prepared by one, signed by another, frozen, and honest about what failed, changed or was tampered with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from incidents import reviews, vault
from incidents.models import Plan, PlanReview, ReviewItem, ReviewQuestion, Ticket
from incidents.reviews import asking, due
from notifications.models import Drill, DrillAnswer, Message
from servicedesk.audit import trail
from servicedesk.directory.models import Service, User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents import review_worlds as worlds

LATER, DAY = NINE + timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def review(acme: Company) -> PlanReview:
    return reviews.begin(actor=acme.people["dana"], now=NINE)


def item(review: PlanReview, key: str) -> ReviewItem:
    return review.items.get(key=key)


def all_right(review: PlanReview, acme: Company, **others: Any) -> None:
    """Every question is OK but those given by key."""
    answers = {one.pk: others.get(one.key, reviews.Decision("ok")) for one in review.items.all()}
    reviews.decide(review, answers, actor=acme.people["dana"], now=LATER)


def signed(review: PlanReview, acme: Company, **others: Any) -> PlanReview:
    all_right(review, acme, **others)
    reviews.hand_over(review, actor=acme.people["dana"], now=LATER)
    return reviews.sign(review, actor=acme.people["kim"], statement="Agreed.", now=LATER)


def test_a_review_asks_all_twenty_six_questions_and_every_query_answers(review: PlanReview) -> None:
    items = list(review.items.order_by("number"))
    assert [one.number for one in items] == list(range(1, 27))
    assert {one.key: one.evidence["failed"] for one in items if one.evidence["failed"]} == {}
    assert all(one.evidence["said"] and one.evidence["n"] is not None and one.helps_with for one in items)


def test_over_an_empty_database_every_query_answers_too(db: None) -> None:
    reviews.install()
    items = reviews.begin(actor=None, now=NINE).items.all()
    assert {one.key: one.evidence["failed"] for one in items if one.evidence["failed"]} == {}
    assert item(items[0].review, "plan_current").is_finding


def test_evidence_keeps_what_was_asked_and_a_hash_of_what_came(review: PlanReview) -> None:
    kept = item(review, "two_ways").evidence
    assert kept["said"] == "2 of 3 people, missing: Ana"
    assert (kept["n"], kept["finding"], kept["row_count"]) == (3, True, 3)
    assert any("contactmethod" in statement for statement in kept["query"])
    assert kept["rows_sha256"] == asking.digest(kept["rows"])


def test_a_query_that_fails_is_a_finding_and_spoils_nothing_after_it(acme: Company) -> None:
    def broken(asked: asking.Asked) -> asking.Answer:
        connection.cursor().execute("SELECT * FROM no_such_table")
        raise AssertionError

    kept = asking.ask(broken, asking.Asked(NINE - DAY, NINE))
    assert kept["finding"]
    assert "no_such_table" in kept["failed"]
    assert kept["row_count"] is None  # not the same as 0 rows
    assert User.objects.exists()


def test_only_ten_rows_are_kept_and_all_are_hashed(acme: Company) -> None:
    rows = [{"n": number} for number in range(25)]
    kept = asking.ask(lambda asked: asking.Answer("", False, 25, rows), asking.Asked(NINE - DAY, NINE))
    assert (len(kept["rows"]), kept["row_count"], kept["rows_sha256"]) == (10, 25, asking.digest(rows))


def test_while_one_runs_no_second_begins(review: PlanReview, acme: Company) -> None:
    assert reviews.begin(actor=acme.people["kim"], now=LATER) == review
    assert review.slug == "2026-q4"


def test_asking_again_keeps_what_people_decided(review: PlanReview, acme: Company) -> None:
    all_right(review, acme)
    Service.objects.filter(slug="vpn").update(is_active=False)
    reviews.gather(review, actor=acme.people["dana"], now=LATER + DAY)
    one = item(review, "plan_current")
    assert (one.verdict, one.is_finding, one.is_against_evidence) == ("ok", True, True)


def test_open_questions_keep_it_from_being_handed_over(review: PlanReview, acme: Company) -> None:
    half = reviews.Decision("action", owner=acme.people["adam"])  # no day
    all_right(review, acme, two_ways=half, noise=reviews.Decision(), restore=reviews.Decision("na"))
    with pytest.raises(reviews.StillOpen) as refused:
        reviews.hand_over(review, actor=acme.people["dana"], now=LATER)
    assert [(one.key, one.missing()) for one in refused.value.items] == [("two_ways", "owner"), ("noise", "verdict"), ("restore", "note")]


@pytest.mark.parametrize(("who", "why"), [("dana", "You prepared"), ("adam", "You own the plan"), ("sam", "Managers")])
def test_who_may_not_sign(who: str, why: str, review: PlanReview, acme: Company) -> None:
    all_right(review, acme)
    reviews.hand_over(review, actor=acme.people["dana"], now=LATER)
    with pytest.raises(reviews.NotYours, match=why):
        reviews.sign(review, actor=acme.people[who], statement="", now=LATER)
    review.refresh_from_db()
    assert review.state == "ready"


def test_nor_who_had_an_action_that_is_closed_by_it(review: PlanReview, acme: Company) -> None:
    signed(review, acme, two_ways=reviews.Decision("action", owner=acme.people["kim"], due_on=date(2026, 12, 1)))
    Ticket.objects.update(state="closed")
    following = reviews.begin(actor=acme.people["dana"], now=NINE + 90 * DAY)
    assert "action of the last review" in reviews.why_not(following, acme.people["kim"])


def test_an_action_becomes_a_ticket_of_its_owner(review: PlanReview, acme: Company) -> None:
    adam = acme.people["adam"]
    signed(review, acme, two_ways=reviews.Decision("action", "Verify her phone.", adam, date(2026, 11, 27)))
    ticket = item(review, "two_ways").ticket
    assert ticket is not None
    assert (ticket.requester, ticket.assignee) == (adam, None)  # an administrator works no tickets, and sees this one
    assert "2 of 3 people, missing: Ana" in ticket.what
    assert "27 Nov 2026" in ticket.what


def test_a_signed_review_is_frozen_under_its_hash(review: PlanReview, acme: Company) -> None:
    done = signed(review, acme)
    again = PlanReview.objects.get(pk=done.pk)
    assert again.sha256 == asking.digest(again.snapshot)
    assert reviews.faults(again) == []
    assert (again.signed_by, again.signer_role, len(again.snapshot["items"])) == (acme.people["kim"], "IT manager", 26)
    with pytest.raises(reviews.NotNow):
        reviews.decide(again, {}, actor=acme.people["dana"], now=LATER)


def test_a_tampered_answer_and_a_tampered_snapshot_are_found(review: PlanReview, acme: Company) -> None:
    done = signed(review, acme)
    ReviewItem.objects.filter(review=done, number=7).update(verdict="na")
    assert reviews.faults(done) == ["7"]
    done.snapshot["items"][6]["verdict"] = "na"
    PlanReview.objects.filter(pk=done.pk).update(snapshot=done.snapshot)
    assert reviews.faults(PlanReview.objects.get(pk=done.pk)) == ["snapshot"]


def test_a_person_who_is_renamed_or_leaves_breaks_no_seal(review: PlanReview, acme: Company) -> None:
    done = signed(review, acme, two_ways=reviews.Decision("action", owner=acme.people["adam"], due_on=date(2026, 12, 1)))
    User.objects.filter(username="adam").update(username="gone-17", name="Gone", is_active=False)
    assert reviews.faults(PlanReview.objects.get(pk=done.pk)) == []


def test_a_review_whose_owner_left_goes_on_and_says_so(review: PlanReview, acme: Company) -> None:
    User.objects.filter(username="adam").update(is_active=False)
    Plan.objects.update(owner=acme.people["adam"])
    reviews.gather(review, actor=acme.people["dana"], now=LATER)
    assert "Adam owns the plan and has left." in item(review, "plan_current").evidence["said"]
    assert signed(review, acme).is_signed


def test_a_file_has_the_day_it_proves_beside_the_day_it_came(review: PlanReview, acme: Company) -> None:
    one = item(review, "exercised")
    kept = vault.put("minutes.pdf", [b"%PDF-1.7"])
    reviews.attach(one, [kept], evidence_on=date(2026, 11, 3), actor=acme.people["dana"], now=NINE)
    done = signed(review, acme)
    (file,) = next(each for each in done.snapshot["items"] if each["number"] == one.number)["files"]
    assert (file["evidence_on"], file["uploaded_at"][:10], file["sha256"]) == ("2026-11-03", "2026-11-23", kept.sha256)


def test_one_press_of_save_is_one_change(acme: Company) -> None:
    policy, adam = acme.policies["it-ops"], acme.people["adam"]
    trail.record(policy, "change", actor=adam, now=LATER, before={"repeat": 0}, after={"repeat": 1, "note": "agreed"})
    trail.record(policy, "change parts", actor=adam, now=LATER + timedelta(seconds=1), after={"steps": ["a"]})
    trail.record(policy, "change", actor=acme.people["kim"], now=LATER + DAY, before={"repeat": 1}, after={"repeat": 0})
    first, second = reviews.between(NINE, LATER + DAY)
    assert (first.who, first.what, first.before, first.after, first.note) == (
        "Adam", "Escalation policy IT Ops", {"repeat": "0"}, {"repeat": "1", "steps": "a"}, "agreed",
    )  # fmt: skip
    assert (second.who, second.note) == ("Kim", "")


def test_a_question_that_is_not_asked_any_more_is_left_out_of_the_next(acme: Company) -> None:
    ReviewQuestion.objects.filter(key="calendars").update(is_asked=False)
    ReviewQuestion.objects.create(position=27, text="Is the key of the server room where the plan says?")
    review = reviews.begin(actor=None, now=NINE)
    assert review.items.count() == 26
    own = review.items.get(key="")
    assert (own.number, own.evidence) == (26, {})


def test_a_review_opens_two_weeks_before_it_is_due_and_reminds_the_owner_then_the_managers(acme: Company) -> None:
    assert due.tend(now=NINE + 70 * DAY) == 0
    assert due.tend(now=NINE + 80 * DAY) >= 1
    due.tend(now=NINE + 80 * DAY)
    assert set(Message.objects.values_list("person__username", flat=True)) == {"adam"}
    due.tend(now=NINE + 95 * DAY)
    assert {"adam", "dana", "kim"} == set(Message.objects.values_list("person__username", flat=True))
    assert due.overdue_days(NINE + 100 * DAY) == 0
    assert due.overdue_days(NINE + 130 * DAY) == 38


def closed_sev1(acme: Company, at: datetime) -> None:
    worlds.incident(acme, at - DAY, state="closed", closed_at=at)


def organisation_changed(acme: Company, at: datetime) -> None:
    trail.record(acme.organisation, "change", actor=acme.people["adam"], now=at, after={"zone": "UTC"})


def failed_exercise(acme: Company, at: datetime) -> None:
    worlds.held(acme, held_on=at.date(), passed=False)


def silent_drill(acme: Company, at: datetime) -> None:
    drill = Drill.objects.create(name="Test", created_at=at)
    DrillAnswer.objects.create(
        drill=drill, person=acme.people["sam"], began_at=at, ends_at=at + DAY / 96, token=f"t{at:%d}", result="missed"
    )


@pytest.mark.parametrize(
    ("happens", "reason"),
    [(closed_sev1, "sev1"), (organisation_changed, "change"), (failed_exercise, "drill"), (silent_drill, "drill")],
)
def test_what_brings_a_review_before_its_time_and_only_once(happens: Any, reason: str, review: PlanReview, acme: Company) -> None:
    happens(acme, NINE - 2 * DAY)  # before the sign-off
    signed(review, acme)
    assert due.tend(now=NINE + 3 * DAY) == 0
    happens(acme, NINE + 2 * DAY)
    due.tend(now=NINE + 3 * DAY)
    opened = PlanReview.objects.running().get()
    assert (opened.reason, opened.due_on) == (reason, (NINE + 17 * DAY).date())
    assert Message.objects.filter(person=acme.people["adam"], thread=f"review-{opened.pk}").exists()


def test_how_often_it_is_held_is_set_with_the_plan(review: PlanReview, acme: Company) -> None:
    signed(review, acme)
    Plan.objects.update(review_every_days=30)
    assert reviews.due_on(NINE) == (LATER + 30 * DAY).date()
