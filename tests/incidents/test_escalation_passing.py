"""Passing a page on: who is called instead, who keeps it, and what cannot be hastened."""

from __future__ import annotations

from incidents import escalation
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme
from tests.incidents.alarms import MINUTE, email_down, fresh, paged, paged_at, run_of, run_until, waiting
from tests.incidents.test_escalation_answers import SOON, ack

__all__ = ["acme"]


def test_passing_on_calls_the_next_person_now(acme: Company) -> None:
    incident = email_down(acme)
    for _tap in range(2):
        escalation.pass_on(incident, by=acme.people["sam"], now=SOON)
    assert paged_at(incident) == [("sam", 0), ("dana", 3)]
    assert not Message.objects.waiting().filter(person=acme.people["sam"]).exists()
    run_until(NINE + 20 * MINUTE, start=SOON)
    assert paged_at(incident)[2:] == [("kim", 20)]


def test_the_last_of_a_policy_passes_on_to_the_last_resort(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 20 * MINUTE)
    escalation.pass_on(incident, by=acme.people["kim"], now=NINE + 21 * MINUTE)
    assert paged_at(incident)[-1] == ("kim", 21)
    assert run_of(incident).state == "exhausted"


def test_handing_off_what_one_has_keeps_it_and_pages_a_helper(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"])
    escalation.pass_on(incident, by=acme.people["sam"], now=SOON + MINUTE)
    assert paged(incident) == [("sam", 1), ("dana", 0)]  # by name, not by the policy: Sam did answer
    assert fresh(incident).acknowledged_by == acme.people["sam"]
    ack(incident, acme.people["dana"], now=SOON + 2 * MINUTE)
    assert waiting(incident) == 0


def test_the_owners_second_word_calls_off_whom_they_asked_to_help(acme: Company) -> None:
    incident = email_down(acme)
    ack(incident, acme.people["sam"])
    escalation.pass_on(incident, by=acme.people["sam"], now=SOON + MINUTE)
    assert "did not" not in Message.objects.filter(person=acme.people["dana"], channel="sms").latest("id").text
    ack(incident, acme.people["sam"], now=SOON + 2 * MINUTE)
    assert waiting(incident) == 0


def test_passing_on_after_ones_turn_stops_ones_own_pages_and_hastens_nothing(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 11 * MINUTE)
    escalation.later(incident, by=acme.people["sam"], now=NINE + 11 * MINUTE)
    escalation.pass_on(incident, by=acme.people["sam"], now=NINE + 12 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 10)]
    run_until(NINE + 25 * MINUTE, start=NINE + 12 * MINUTE)
    assert paged_at(incident)[2:] == [("kim", 20)]


def test_the_last_resort_cannot_pass_it_to_itself(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 31 * MINUTE)
    before = len(paged_at(incident))
    for _tap in range(3):
        escalation.pass_on(incident, by=acme.people["kim"], now=NINE + 32 * MINUTE)
    assert len(paged_at(incident)) == before


def test_the_next_person_is_known_beforehand(acme: Company) -> None:
    incident = email_down(acme)
    following = escalation.next_person(incident, now=SOON)
    assert following is not None
    assert (following.people, following.at) == ([acme.people["dana"]], NINE + 10 * MINUTE)
    run_until(NINE + 20 * MINUTE)
    last = escalation.next_person(incident, now=NINE + 21 * MINUTE)
    assert last is not None
    assert (last.people, last.at) == ([], NINE + 30 * MINUTE)
