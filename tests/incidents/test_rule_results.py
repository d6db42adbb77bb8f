"""What a backtest lists, what it asks before a rule wakes people at night, and a rule applied to tickets that were open before."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents import backtest, incidents, rulebook
from incidents.backtest import work
from incidents.models import Firing, Incident, Rule, Ticket
from incidents.views.ruletrials import definition
from servicedesk.jobs import running
from servicedesk.jobs.models import Job, JobState
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at, signed_in
from tests.incidents.reporting import report
from tests.incidents.test_backtest import NOW, edited, four_people, tried
from tests.incidents.test_rule_pages import adam, page, press, r4, tried_on_the_past

__all__ = ["acme", "adam"]


def test_the_rows_are_a_file_without_formulas_or_titles_one_may_not_see(acme: Company, adam: Client) -> None:
    tried_on_the_past(acme)
    hidden, shown = Ticket.objects.order_by("pk")
    Ticket.objects.filter(pk=shown.pk).update(title="=HYPERLINK(1)")
    Ticket.objects.filter(pk=hidden.pk).update(is_confidential=True)
    answer = adam.get(reverse("rule_results", args=[r4().pk]))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["No."]: row["Title"] for row in rows} | {hidden.number: "confidential"} == {
        hidden.number: "confidential", shown.number: "'=HYPERLINK(1)",
    }  # fmt: skip
    assert "attachment" in answer["Content-Disposition"]


def test_each_page_that_would_be_names_who_was_on_call_then(acme: Company, adam: Client) -> None:
    tried_on_the_past(acme)
    job = Job.objects.get(kind="backtest")
    assert [(one["person"], one["change"]) for one in job.result["pages_listed"]] == [("dana", "added")]
    assert "on call then: Dana Ruiz" in page(adam)
    assert "On call then: from kept turns for 1 of 1 occasions." in page(adam)
    assert "Not simulated: what people do." in page(adam)


@pytest.mark.parametrize(("deed", "said"), [("reject", "rejected 2 and accepted 0"), ("accept", "rejected 0 and accepted 2")])
def test_what_people_made_of_a_dropped_proposal_stands_beside_it(acme: Company, deed: str, said: str) -> None:
    four_people(acme)
    incident = Incident.objects.get()
    dana = acme.people["dana"]
    if deed == "reject":
        incidents.reject(incident, actor=dana, reason="A test", now=at(10))
    else:
        incidents.accept(incident, actor=dana, now=at(10))
    edited("R4", at_least=9, at_least_without_history=9)
    found = tried("R4")
    assert any(said in words for words in backtest.sentences(found))
    assert {row.verdict for row in found.rows if row.what == "lost"} == {f"{deed}ed"}


def test_a_change_is_held_against_what_months_differ_anyway(acme: Company) -> None:
    four_people(acme)
    edited("R4", at_least=9, at_least_without_history=9)
    words = list(backtest.sentences(backtest.run(r4(), days=90, now=NOW)))
    assert any(each.startswith("In 30 days the version in force matched 0 to 2 times; this one 0: no more") for each in words)
    assert not any(each.startswith("In 30 days") for each in backtest.sentences(backtest.run(r4(), days=30, now=NOW)))


def kept_result(rule: Rule, before: int, after: int, who: Any) -> None:
    """A backtest of the rule's newest words that says so."""
    pages = {"nights_before": before, "nights_after": after, "added_at_least": after, "prevented": 0}
    result = {"matches": 9, "matches_before": 9, "pages": pages, "severity": {"up": 0, "down": 0}, "undecidable": []}
    job = backtest.start(rule, days=90, asked_by=who, now=NINE)
    over = {"state": JobState.DONE, "finished_at": NINE, "started_at": NINE, "due_at": None, "lease_until": None}
    Job.objects.filter(pk=job.pk).update(result=result, **over)


NIGHTS = [(0, 3, True), (0, 2, False), (1, 3, False), (1, 4, True), (2, 6, False), (2, 7, True)]


@pytest.mark.parametrize(("before", "after", "is_asked"), NIGHTS)
def test_three_times_the_pages_at_night_are_asked_about(acme: Company, before: int, after: int, is_asked: bool) -> None:
    kept_result(r4(), before, after, acme.people["adam"])
    assert bool(work.doubts(r4())) is is_asked


def test_a_shadow_that_goes_live_is_asked_about_once(acme: Company, adam: Client) -> None:
    rulebook.set_mode(r4(), "shadow", actor=None, now=NINE)
    kept_result(r4(), 5, 5, acme.people["adam"])
    answer = press(adam, "mode", mode="live")
    assert (answer.status_code, r4().mode) == (422, "shadow")
    assert "It would page 5 times at night; now it is 0." in answer.content.decode()
    press(adam, "mode", mode="live", sure="1")
    assert r4().mode == "live"


def test_going_back_to_words_that_wake_more_is_asked_about_once(acme: Company, adam: Client) -> None:
    kept_result(r4(), 0, 3, acme.people["adam"])
    other = {**definition(r4()), "fire_cap": 3}
    rulebook.publish(r4(), other, note="A limit", actor=acme.people["adam"], now=NINE)
    answer = press(adam, "roll_back", version="1", note="As before")
    assert (answer.status_code, r4().version) == (422, 2)
    assert 'name="version" value="1"' in answer.content.decode()
    press(adam, "roll_back", version="1", note="As before", sure="1")
    assert r4().version == 3


# Tickets that were open before


@pytest.fixture
def old(acme: Company) -> list[Ticket]:
    """Three people who cannot work, on services of their own, while R1 was off."""
    rulebook.set_mode(Rule.objects.get(key="R1"), "draft", actor=None, now=NINE)
    asked = zip(("ella", "omar", "lea"), ("email", "vpn", "printing"), strict=True)
    found = [report(acme, who, at(3), f"{name} is down", service=acme.services[name], impacted="everyone") for who, name in asked]
    rulebook.set_mode(Rule.objects.get(key="R1"), "live", actor=None, now=at(4))
    return found


def test_what_it_would_do_is_shown_first_and_nothing_is_kept(acme: Company, adam: Client, old: list[Ticket]) -> None:
    rule = Rule.objects.get(key="R1")
    said = page(adam, rule=rule, open="1")
    assert "It would act on 3 of 3 open tickets looked at" in said
    assert all(ticket.number in said for ticket in old)
    assert not Firing.objects.filter(rule=rule).exists()
    assert "open tickets looked at" not in page(signed_in(acme.people["vera"]), rule=rule, open="1")


def test_applied_they_join_one_incident_that_pages_once(acme: Company, adam: Client, old: list[Ticket]) -> None:
    rule = Rule.objects.get(key="R1")
    assert press(adam, "apply", rule=rule).status_code == 302
    job = Job.objects.get(kind="apply a rule")
    assert running.run(job.pk, now=at(4, 30))
    incident = Incident.objects.get()
    assert incident.tickets.count() == 3
    assert incident.runs.count() <= 1
    pages = list(incident.pages.values_list("person", "step", "loop"))
    assert len(pages) == len(set(pages)) > 0
    assert "It would act on 0 of 3" in page(adam, rule=rule, open="1")


def test_a_rule_that_is_not_live_applies_to_nothing(acme: Company, adam: Client) -> None:
    rulebook.set_mode(r4(), "shadow", actor=None, now=NINE)
    assert press(adam, "apply").status_code == 422
    assert not Job.objects.filter(kind="apply a rule").exists()
