"""Policies in words, who would be paged by them, and the report of what is not ready."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from incidents import readiness, rehearsal
from incidents.escalation import snapshot
from incidents.models import LastResort, Policy, PolicyStep
from incidents.rehearsal import sentences
from notifications.models import ContactMethod
from servicedesk import clock
from servicedesk.oncall.models import Away, Override, Schedule
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at, signed_in

__all__ = ["acme"]


@pytest.fixture
def dana(acme: Company, settings: Any, tmp_path: Path) -> Client:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)
    return signed_in(acme.people["dana"])


def test_a_policy_is_said_in_one_sentence(acme: Company) -> None:
    assert sentences.lines(snapshot.plan_of(acme.policies["it-ops"])) == [
        "at once: IT Ops primary",
        "after 10 min: IT Ops secondary",
        "after 20 min: Kim",
        "then the last resort: Kim, 555-0100",
    ]


def test_a_step_says_its_hours_its_severity_and_how_many_of_them(acme: Company) -> None:
    step = PolicyStep.objects.get(policy=acme.policies["it-ops"], position=2)
    step.among, step.least_severity, step.window_from, step.window_until = "round_robin", 2, "22:00", "06:00"
    step.save()
    step.refresh_from_db()
    said = sentences.lines(snapshot.plan_of(acme.policies["it-ops"]))[1]
    assert said == "after 10 min: one of IT Ops secondary, in turns (only for SEV1 to SEV2, only from 22:00 to 06:00)"


def test_who_would_be_paged_stands_on_the_page(dana: Client, acme: Company) -> None:
    days = {"starts_at": at(0, day=28), "ends_at": at(0, day=29), "created_at": NINE}
    Override.objects.create(schedule=acme.schedules["network"], kind="cover", person=acme.people["ana"], **days)
    page = dana.get("/policies/network/?severity=1&at=2026-11-28T03:00").content.decode()
    assert "primary for Network, by an override (step 1 of 1)" in page
    assert "Ana has no verified phone: e-mail only." in page
    assert "by e-mail only" in page


@pytest.mark.parametrize("query", ["severity=9", "at=tomorrow", "service=unknown"])
def test_a_question_that_cannot_be_read_is_said_so(dana: Client, query: str) -> None:
    answer = dana.get(f"/policies/it-ops/?{query}")
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()


def test_the_list_says_what_is_wrong_with_a_last_resort(dana: Client, acme: Company) -> None:
    LastResort.objects.filter(policy=acme.policies["network"], position=1).delete()
    LastResort.objects.filter(policy=acme.policies["security-on-call"]).delete()
    page = dana.get("/policies/").content.decode()
    assert "Network has one way of last resort; give it a second." in page
    assert "Security on call has no last resort." in page


def test_a_last_resort_of_people_in_the_steps_alone_is_a_fault(acme: Company) -> None:
    policy = acme.policies["it-ops"]
    LastResort.objects.filter(policy=policy, position=1).update(number="", person=acme.people["sam"])
    fault = next(iter(readiness.faults(snapshot.plan_of(policy))))
    assert fault.startswith("Everybody of the last resort of IT Ops is in its steps already")


def test_a_staffed_number_that_cannot_be_dialled_is_a_fault(acme: Company) -> None:
    faults = list(readiness.faults(snapshot.plan_of(acme.policies["it-ops"])))
    assert faults == ["555-0100 of the last resort cannot be dialled from here: write it with + and the country."]


def test_versions_say_what_changed_and_who_changed_it(dana: Client, acme: Company) -> None:
    policy = acme.policies["it-ops"]
    snapshot.publish(policy, now=NINE)
    Policy.objects.filter(pk=policy.pk).update(repeat=1)
    policy.refresh_from_db()
    snapshot.publish(policy, now=NINE, author=acme.people["adam"])
    page = dana.get("/policies/it-ops/").content.decode()
    assert "<ins>then once more from the start</ins>" in page
    assert ", Adam" in page


def test_readiness_says_what_an_empty_night_costs(acme: Company) -> None:
    acme_away = {"starts_at": at(0, day=28), "ends_at": at(0, day=29), "created_at": NINE}
    Away.objects.create(person=acme.people["sam"], **acme_away)
    report = readiness.report(now=NINE, days=14)
    costs = {gap.schedule.slug: (gap.uncovered_s, gap.text) for gap in report.gaps}
    assert costs["it-ops"][0] == 0
    assert costs["it-ops"][1].endswith("a SEV1 goes to Dana Ruiz at once.")
    assert costs["network"][1].endswith("a SEV1 goes to Kim at once.")
    ContactMethod.objects.exclude(kind="email").update(verified_at=None)
    costs = {gap.schedule.slug: (gap.uncovered_s, gap.text) for gap in readiness.report(now=NINE, days=14).gaps}
    assert costs["network"][0] is None
    assert costs["network"][1].endswith("a SEV1 wakes nobody at all.")


def test_the_report_names_whom_nothing_wakes(dana: Client, acme: Company) -> None:
    ContactMethod.objects.filter(person=acme.people["sam"]).exclude(kind="email").update(verified_at=None)
    assert "Sam Lee has no verified phone." in dana.get("/readiness/").content.decode()


def test_the_command_answers_in_json_and_by_its_exit_code(acme: Company) -> None:
    said = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("readiness", "--days", "3", "--json", stdout=said)
    answer = json.loads(said.getvalue())
    assert set(answer) == {"from", "to", "ready", "gaps", "people", "last_resort"}
    assert set(answer["gaps"][0]) == {"schedule", "from", "to", "severity", "uncovered_s", "text"}


def test_a_ready_desk_exits_with_nothing_said_but_that(acme: Company) -> None:
    Policy.objects.filter(slug="network").update(is_default=False)
    PolicyStep.objects.filter(policy=acme.policies["network"]).delete()
    LastResort.objects.exclude(number="").update(number="+33 1 70 00 02 14")
    said = StringIO()
    call_command("readiness", stdout=said)
    assert "Ready" in said.getvalue()


def test_the_walk_is_the_same_in_words_and_in_json(acme: Company) -> None:
    answer = rehearsal.who_would_be_paged(policy=acme.policies["network"], severity=1, at=NINE)
    assert [line["person"] for line in answer.as_json()["pages"]] == [line.person.username for line in answer.walk.lines]
    assert {line.step for line in answer.walk.lines} == {0}


def test_readiness_names_everybody_on_duty_who_cannot_be_woken_and_schedules_no_policy_names(acme: Company) -> None:
    found = readiness.report(now=NINE, days=14)
    assert ("ana", "no_verified_phone") in {(person.username, problem) for person, problem, _text in found.everybody}
    assert [schedule.slug for schedule in found.idle] == ["service-desk"]
    assert "service-desk" not in {gap.schedule.slug for gap in found.gaps}


def test_one_person_on_two_schedules_at_once_is_said_once(acme: Company) -> None:
    start, end = NINE + timedelta(days=1), NINE + timedelta(days=3)
    sam, dana = acme.people["sam"], acme.people["dana"]
    Override.objects.create(
        schedule=acme.schedules["it-ops-secondary"], kind="cover", person=sam, replaces=dana, starts_at=start, ends_at=end, created_at=NINE
    )
    said = [text for _person, problem, text in readiness.report(now=NINE, days=14).overloaded if problem == "two_schedules"]
    assert said == [
        "Sam Lee is on IT Ops primary and IT Ops secondary at once from Tue 24 Nov 2026, 09:00: the second call goes to the same person."
    ]


def test_schedules_of_one_name_are_two(acme: Company) -> None:
    start, end = NINE + timedelta(days=1), NINE + timedelta(days=3)
    told = {"kind": "cover", "person": acme.people["sam"], "replaces": acme.people["dana"], "created_at": NINE}
    Override.objects.create(schedule=acme.schedules["it-ops-secondary"], starts_at=start, ends_at=end, **told)
    Schedule.objects.update(name="On call")
    assert "two_schedules" in {problem for _person, problem, _text in readiness.report(now=NINE, days=14).overloaded}
