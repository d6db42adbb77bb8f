"""Five answers of the review against the same numbers written in SQL by hand, over ninety days of history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from incidents import incidents, vendors
from incidents.command import obligations
from incidents.models import Plan, PlanReading, Problem, Vendor, VendorCase
from incidents.reviews import changes
from incidents.reviews.asking import Asked
from incidents.reviews.questions import query_of
from incidents.reviews.starter import QUESTIONS
from notifications.models import Drill, DrillAnswer, Reckoning
from servicedesk.audit import trail
from servicedesk.directory.models import Service
from servicedesk.oncall.models import Override, Schedule
from servicedesk.operations.worlds import history, past
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.reporting import report

SINCE = NINE - timedelta(days=92)
LIMITS = {one.key: one.limits for one in QUESTIONS}


def said(key: str) -> Any:
    query = query_of(key)
    assert query is not None
    return query(Asked(SINCE, NINE, LIMITS[key]))


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@pytest.fixture
def lived(acme: Company) -> Company:
    history.write(acme, now=NINE, number=200)
    past.outage_that_is_over(acme, at=NINE - timedelta(days=9))
    return acme


def test_first_answers_in_time_are_those_of_the_table(lived: Company) -> None:
    answer = said("times_met")
    ((n, late),) = sql(
        "SELECT count(*), sum(CASE WHEN first_answered_at > first_answer_due_at"
        " OR (first_answered_at IS NULL AND first_answer_due_at < %s) THEN 1 ELSE 0 END)"
        " FROM incidents_ticket WHERE created_at > %s AND created_at <= %s",
        NINE, SINCE, NINE,
    )  # fmt: skip
    assert (answer.n, sum(row.get("late_answers", 0) for row in answer.rows)) == (n, late)
    assert n == 200
    assert f"{n - late} of {n} first answers" in answer.said
    assert late > 0


def test_ratings_that_people_corrected_are_those_of_the_table(lived: Company) -> None:
    answer = said("severity_right")
    ((n, over),) = sql(
        "SELECT count(DISTINCT f.rule_id || ':' || t.id),"
        " count(DISTINCT CASE WHEN t.severity_by_id IS NOT NULL THEN f.rule_id || ':' || t.id END)"
        " FROM incidents_firing f JOIN incidents_rule r ON r.id = f.rule_id JOIN incidents_evaluation e ON e.id = f.evaluation_id"
        " JOIN incidents_ticket t ON t.id = e.ticket_id WHERE r.kind = 'severity' AND f.at > %s AND f.at <= %s",
        SINCE, NINE,
    )  # fmt: skip
    assert (answer.n, sum(row.get("overridden", 0) for row in answer.rows)) == (n, over)
    assert n > 100


def test_pages_that_were_delivered_are_those_of_the_table(lived: Company) -> None:
    answer = said("pages_delivered")
    ((sent, lost),) = sql(
        "SELECT count(*), sum(CASE WHEN state IN ('failed', 'dead', 'expired', 'unknown') THEN 1 ELSE 0 END) FROM notifications_message"
        " WHERE lane = 'page' AND queued_at IS NOT NULL AND due_at > %s AND due_at <= %s",
        SINCE, NINE,
    )  # fmt: skip
    assert sent > 0
    assert f"{lost} of {sent} pages failed" in answer.said


def test_reports_that_are_owed_are_those_of_the_table(lived: Company) -> None:
    answer = said("reports_written")
    ((ended, missing),) = sql(
        "SELECT count(*), count(CASE WHEN r.id IS NULL THEN 1 END) FROM incidents_incident i"
        " LEFT JOIN incidents_report r ON r.incident_id = i.id"
        " WHERE i.severity <= 2 AND i.resolved_at > %s AND i.resolved_at <= %s",
        SINCE, NINE,
    )  # fmt: skip
    assert (answer.n, len(answer.rows), answer.is_finding) == (ended, missing, True)
    assert (ended, missing) == (1, 1)  # nine days ago is more than five working days


def test_who_read_the_plan_is_who_stands_in_the_table(lived: Company) -> None:
    plan = Plan.current()
    assert plan is not None
    PlanReading.objects.create(plan=plan, version=1, person=lived.people["sam"], at=NINE)
    answer = said("plan_read")
    ((readings,),) = sql("SELECT count(*) FROM incidents_planreading WHERE version = %s", 1)
    assert f"{readings} of {answer.n} have read version 1" in answer.said
    assert {row["not read by"] for row in answer.rows} == {"ana", "ben", "dana", "kim", "adam", "lea"}


def test_drills_that_paged_people_are_exercises_and_who_did_not_answer_is_counted(acme: Company) -> None:
    drill = Drill.objects.create(name="Monday test", created_at=NINE)
    began = NINE - timedelta(days=4)
    for n, (who, after) in enumerate((("sam", 60), ("dana", 120), ("kim", None))):
        DrillAnswer.objects.create(
            drill=drill, person=acme.people[who], began_at=began, ends_at=began + timedelta(minutes=15), token=f"t{n}",
            result="answered" if after else "missed", answered_at=began + timedelta(seconds=after) if after else None,
        )  # fmt: skip
    answer = said("exercised")
    ((people, answered),) = sql("SELECT count(*), count(answered_at) FROM notifications_drillanswer WHERE ends_at <= %s", NINE)
    assert f"{answered} of {people} answered" in answer.said
    assert next(row["median in seconds"] for row in answer.rows if row.get("drill")) == 90
    faults = [row["fault"] for row in answer.rows if "fault" in row]
    assert "1 did not answer the last drill" in faults
    assert "none in six months" not in faults


def test_a_vendor_that_was_chased_is_late_once_a_case(acme: Company) -> None:
    vendor = Vendor.objects.create(name="Carrier", answers_within_s=3600, tested_on=NINE.date())
    vendor.services.add(acme.services["email"])
    for n in range(4):
        ticket = report(acme, "ella", NINE - timedelta(days=2), what=f"Mail is slow {n}")
        vendors.hand_over(ticket, vendor, number=f"C-{n}", actor=acme.people["ben"], now=NINE - timedelta(days=1))
    VendorCase.objects.filter(number__in=("C-0", "C-1")).update(chased=3)
    ((late,),) = sql("SELECT count(*) FROM incidents_vendorcase WHERE chased > 0 AND since > %s", SINCE)
    row = next(row for row in said("suppliers").rows if row["supplier"] == "Carrier")
    assert row["late"] == late == 2


def test_what_comes_back_asks_for_a_problem_record(lived: Company) -> None:
    first = said("come_back")
    named = [row["name"] for row in first.rows if "name" in row]
    found = sql(
        "SELECT s.name, count(*) FROM incidents_incident i JOIN directory_service s ON s.id = i.service_id"
        " WHERE i.created_at > %s AND i.created_at <= %s AND i.state NOT IN ('rejected', 'merged') GROUP BY s.name HAVING count(*) >= 3",
        SINCE, NINE,
    )  # fmt: skip
    assert sorted(named) == sorted(name for name, _n in found)
    for name in named:
        Problem.objects.create(title="x", service=Service.objects.get(name=name), created_at=NINE, updated_at=NINE)
    assert said("come_back").is_finding is False
    Problem.objects.create(title="old and nobody's", created_at=NINE - timedelta(days=200), updated_at=NINE)
    assert "1 old problems are nobody's" in said("come_back").said


def test_books_with_messages_without_an_end_are_a_finding(acme: Company) -> None:
    figures = dict.fromkeys(("made", "sent", "delivered", "failed", "dropped", "learned", "repeated"), 5)
    for n, unsettled in enumerate((0, 2)):
        day = NINE - timedelta(days=n + 1)
        Reckoning.objects.create(day=day.date(), channel="sms", unsettled=unsettled, closed_at=day + timedelta(hours=20), **figures)
    answer = said("pages_delivered")
    assert answer.is_finding
    assert [row["without an end"] for row in answer.rows if "without an end" in row] == [2]


def test_duties_to_report_are_decided_within_a_day_of_being_known(acme: Company) -> None:
    known = NINE - timedelta(days=5)
    ticket = report(acme, "ella", known, what="My laptop was stolen", loss=True)
    grounds = incidents.Grounds(title="Stolen laptop", reason="", severity=2, since=known, is_confidential=True, tickets=(ticket,))
    opened = incidents.declare(grounds, actor=acme.people["sam"], now=known).incident
    assert opened
    obligations.begin_due(now=known)
    for kind, after in (("warning", 20), ("notice", 30)):
        at = known + timedelta(hours=after)
        obligations.decide(opened, kind, "done", reason="Told by the form", actor=acme.people["sam"], now=at)
    answer = said("security")
    late = [(row["duty"], row["decided"]) for row in answer.rows if "duty" in row]
    assert late == [("notice", known + timedelta(hours=30)), ("report", "not yet")]
    assert answer.is_finding
    assert "2 of 3 duties to report decided late or not at all" in answer.said
    assert opened.number not in str(answer.rows)  # it is confidential


def test_what_people_raised_after_half_an_hour_was_rated_too_low(acme: Company) -> None:
    for minutes, name in ((20, "file-server"), (40, "email")):
        began = NINE - timedelta(days=2)
        grounds = incidents.Grounds(title=name, reason="", service=acme.services[name], severity=3, since=began)
        opened = incidents.declare(grounds, actor=acme.people["dana"], now=began).incident
        assert opened
        incidents.raise_severity(opened, 2, because="It spreads", actor=acme.people["dana"], now=began + timedelta(minutes=minutes))
        incidents.lower_severity(opened, 3, because="It does not", actor=acme.people["dana"], now=began + timedelta(hours=2))
    answer = said("severity_right")
    assert [(row["incident"], row["minutes"]) for row in answer.rows if "incident" in row] == [(opened.number, 40)]
    assert "1 incidents raised late by hand" in answer.said


def test_who_is_on_call_again_after_less_than_eleven_hours_is_a_finding(acme: Company) -> None:
    kim, schedule = acme.people["kim"], Schedule.objects.get(slug="network")
    for start, hours in ((24, 8), (42, 8), (72, 8)):  # ten hours of rest, then twenty-two
        begins = NINE + timedelta(hours=start)
        Override.objects.create(
            schedule=schedule, kind="cover", person=kim, starts_at=begins, ends_at=begins + timedelta(hours=hours), created_at=NINE
        )
    found = [row for row in said("load").rows if "hours of rest" in row]
    assert [(row["person"], row["hours of rest"]) for row in found] == [("kim", 10)]


def test_what_the_directory_changed_is_a_change_of_the_period(acme: Company) -> None:
    trail.record(acme.people["ella"], "granted by a group", actor=None, now=NINE, after={"role": "agent", "team": "it-ops"})
    trail.record(acme.people["ella"], "sign-in refused", actor=None, now=NINE, after={"address": "192.0.2.1"})
    [change] = [one for one in changes.between(NINE - timedelta(hours=1), NINE) if "Ella" in one.what]
    assert "agent" in change.after.values()
