"""Schedules, policies and rules by the API: who is on call, who would be paged, what a rule would have done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents.models import Policy, Rule
from servicedesk import clock
from servicedesk.oncall.models import Override, Schedule
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.incidents.reporting import report
from tests.speaking import Caller, program

CHRISTMAS = "2026-12-25T03:00:00%2B01:00"
BACKTEST = [
    "rule", "version", "against_version", "period", "considered", "left_out", "matches", "matches_before", "kept_raised_by_people",
    "earlier_s", "severity", "incidents", "pages", "undecidable", "nearest", "no_data", "sweep", "replayed", "rows_url",
]  # fmt: skip
WHO = [
    "service", "severity", "at", "policy", "policy_version", "pages", "not_paged", "warnings", "would_attach_to", "first_person_s",
    "if_provider_down",
]  # fmt: skip


@pytest.fixture(autouse=True)
def at_nine(settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)


@pytest.fixture
def script(acme: Company) -> Caller:
    return program("config:read", "config:write")


def test_a_program_asks_who_is_on_call_at_a_moment(acme: Company, script: Caller) -> None:
    times = {"starts_at": at(0, day=25), "ends_at": at(12, day=25), "created_at": NINE}
    Override.objects.create(schedule=acme.schedules["it-ops"], kind="cover", person=acme.people["ben"], **times)
    told = script.get("schedules/it-ops/on-call/?at=2026-11-25T03:00:00Z").json()
    assert (told["schedule"], told["at"]) == ("it-ops", "2026-11-25T03:00:00Z")
    assert [(one["person"], one["until"], one["is_override"]) for one in told["on_call"]] == [("ben", "2026-11-25T11:00:00Z", True)]
    assert told["next"][0]["person"] == "sam"


def test_now_is_meant_where_no_moment_is_given_and_nobody_is_an_empty_list(script: Caller) -> None:
    assert script.get("schedules/it-ops/on-call/").json()["on_call"][0]["person"] == "sam"
    told = script.get("schedules/network/on-call/").json()
    assert (told["on_call"], told["next"]) == ([], [])


@pytest.mark.parametrize("asked", ["at=tomorrow", "at=2026-12-25T03:00", "when=now"])
def test_a_moment_that_cannot_be_read_is_named(script: Caller, asked: str) -> None:
    answer = script.get(f"schedules/it-ops/on-call/?{asked}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, asked.partition("=")[0])


def test_a_schedule_and_a_policy_are_told_whole(script: Caller) -> None:
    schedule = script.get("schedules/it-ops/").json()
    assert (schedule["slug"], schedule["team"], schedule["rotations"][0]["people"]) == ("it-ops", "it-ops", ["sam"])
    policy = script.get("policies/it-ops/").json()
    assert [(step["delay_s"], step["targets"][0]["name"]) for step in policy["steps"]] == [
        (0, "it-ops"),
        (600, "it-ops-secondary"),
        (1200, "kim"),
    ]
    assert policy["last_resort"] == [{"person": "kim", "number": ""}, {"person": None, "number": "555-0100"}]


def test_a_program_asks_who_would_be_paged(script: Caller) -> None:
    told = script.get(f"policies/it-ops/who-would-be-paged/?service=email&severity=1&at={CHRISTMAS}").json()
    assert list(told) == WHO
    assert (told["at"], told["policy"], told["service"]) == ("2026-12-25T02:00:00Z", "it-ops", "email")
    assert (told["pages"][1]["person"], told["pages"][1]["to_masked"]) == ("sam", "+33•••01")


def test_a_rule_is_read_by_its_short_name_or_number(acme: Company, script: Caller) -> None:
    told = script.get("rules/R4/").json()
    assert (told["key"], told["kind"], told["mode"]) == ("R4", "escalation", "live")
    assert "3" in told["sentence"]
    assert script.get(f"rules/{told['id']}/").json() == told
    assert script.get("rules/R99/").status_code == 404


def test_a_rule_is_tried_on_one_ticket(acme: Company, script: Caller) -> None:
    ticket = report(acme, "ella", NINE, what="Outlook cannot connect")
    told = script.post("rules/R4/try/", {"ticket": ticket.number}).json()
    assert (told["rule"], told["ticket"], told["matched"], told["problem"]) == ("R4", ticket.number, False, "")
    assert any(one["holds"] is False for one in told["conditions"])
    answer = script.post("rules/R4/try/", {"ticket": "T-99"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "ticket")


def test_a_rule_is_not_tried_on_what_the_speaker_may_not_see(acme: Company, script: Caller) -> None:
    secret = report(acme, "ella", NINE, what="My laptop was stolen", loss=True)
    assert script.post("rules/R1/try/", {"ticket": secret.number}).status_code == 400


def test_a_backtest_answers_at_once_in_the_public_shape(acme: Company, script: Caller) -> None:
    report(acme, "ella", NINE, what="Outlook cannot connect")
    clock.move_to(at(10))
    told = script.post("rules/R4/backtest/", {"days": 30}).json()
    assert list(told) == BACKTEST
    assert (told["rule"], told["considered"], told["period"]["days"]) == ("R4", 1, 30)
    assert told["replayed"] == {"decisions": 1, "equal": 1}


def test_a_long_backtest_is_a_job_that_is_asked_for_later(acme: Company, script: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incidents.api.rules.AT_ONCE", 0)
    report(acme, "ella", NINE, what="Outlook cannot connect")
    answer = script.post("rules/R4/backtest/", {})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert script.get(answer.json()["url"]).status_code == 404


@pytest.mark.parametrize("noun", ["schedules", "policies", "rules"])
def test_lists_cost_the_same_however_long(
    acme: Company, script: Caller, noun: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(20):
        Schedule.objects.create(slug=f"s{n}", name=f"S{n}")
        Policy.objects.create(slug=f"p{n}", name=f"P{n}")
        Rule.objects.create(key=f"X{n}", kind="severity", position=n, name="x", version=0)
    with django_assert_max_num_queries(10):
        assert len(script.get(f"{noun}/").json()["results"]) > 20
