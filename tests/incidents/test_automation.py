"""Where rules meet rows: repeats propose, misses declare, shadows only write down, and everything kept decides alike again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from incidents import automation, conversation, incidents, rulebook, rules, tickets
from incidents.models import Evaluation, Firing, Incident, LinkedAlert, Rule, Ticket
from incidents.states import OPEN_INCIDENT
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents.remembering import Memory, Past
from tests.incidents.reporting import mails, report

NOT_CONNECT = "Outlook does not connect"


def three_people(acme: Company, **answers: Any) -> list[Ticket]:
    """Ella, Omar and Lea report one trouble within half an hour."""
    told = (("ella", 0, "Outlook cannot connect since this morning"), ("omar", 10, NOT_CONNECT), ("lea", 20, "No connection in Outlook"))
    filed = [report(acme, who, at(9, minute), what, **answers) for who, minute, what in told]
    for ticket in filed:
        ticket.refresh_from_db()
    return filed


def fired(ticket: Ticket) -> list[tuple[str, str]]:
    found = Firing.objects.filter(evaluation__ticket=ticket, rule__kind="escalation").order_by("pk")
    return [(firing.rule.key, firing.deed) for firing in found]


# The repeat of several people


def test_ella_omar_and_lea_propose_one_incident_that_names_them(acme: Company) -> None:
    ella, omar, lea = three_people(acme)
    incident = Incident.objects.get()
    assert incident.reason == (
        f"3 people reported similar text for Email within 30 min: {ella.number}, {omar.number}, {lea.number} (rule R4, version 1)."
    )
    assert (incident.state, incident.severity, incident.people, incident.since) == ("proposed", 2, 3, at(9))
    assert incident.rule is not None
    assert (incident.rule.key, incident.rule_version, incident.group_key) == ("R4", 1, "service:email")
    assert fired(lea) == [("R4", "propose")]


def test_all_who_were_counted_are_raised_and_linked_with_the_reason(acme: Company) -> None:
    for ticket in three_people(acme):
        raised = ticket.severity_reasons[-1]
        assert (ticket.severity, raised["rule"], raised["version"], len(raised["tickets"])) == (2, "R4", 1, 3)
        assert raised["text"].startswith("Raised to SEV2 at 09:20, because 3 people reported similar text for Email within 30 min")
        assert ticket.incident is not None
        assert "3 people reported similar text" in ticket.incident_reason


def test_a_fourth_joins_the_incident_and_opens_none(acme: Company) -> None:
    three_people(acme)
    eve = report(acme, "eve", at(9, 25), NOT_CONNECT)
    incident = Incident.objects.get()
    assert (eve.incident, eve.severity, incident.people) == (incident, 2, 4)
    assert "Similar to T-" in eve.incident_reason


def test_looking_again_opens_nothing_and_says_nothing_twice(acme: Company) -> None:
    lea = three_people(acme)[-1]
    lines = Incident.objects.get().timeline.count()
    for minute in range(21, 26):
        automation.evaluate_due(now=at(9, minute))
    assert Incident.objects.get().timeline.count() == lines
    assert fired(lea) == [("R4", "propose")]


def test_one_persons_three_reports_count_once(acme: Company) -> None:
    for minute in (0, 5, 10):
        report(acme, "ella", at(9, minute))
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "answers", [{"effect": "question"}, {"origin": Ticket.Origin.IMPORT}, {"service": None, "what": "My chair squeaks"}]
)
def test_requests_imports_and_what_names_no_service_do_not_repeat(acme: Company, answers: dict[str, Any]) -> None:
    for who, minute in (("ella", 0), ("omar", 5), ("lea", 10)):
        report(acme, who, at(9, minute), **({"what": NOT_CONNECT} | answers))
    assert not Incident.objects.exists()


def test_shared_mailboxes_do_not_repeat(acme: Company) -> None:
    User.objects.filter(username="lea").update(kind=User.Kind.SHARED)
    acme.people["lea"].refresh_from_db()
    three_people(acme)
    assert not Incident.objects.exists()


def test_five_with_different_words_are_enough_while_there_is_no_history_and_the_sentence_says_so(acme: Company) -> None:
    words = (
        "Outlook is slow",
        "The mailbox is full",
        "smtp relay refused",
        "A calendar invitation in outlook vanished",
        "Attachments in my inbox turn black",
    )
    for minute, (who, what) in enumerate(zip(("ella", "omar", "lea", "eve", "vera"), words, strict=True)):
        report(acme, who, at(9, minute), what)
    assert Incident.objects.get().reason.startswith("5 people reported a problem for Email within 30 min: T-")


def test_with_history_three_times_the_usual_is_needed(acme: Company) -> None:
    for week in range(1, 11):
        for who in ("eve", "vera"):
            quiet = {"requester": acme.people[who], "title": "x", "what": "x", "service": acme.services["email"]}
            Ticket.objects.create(**quiet, created_at=at(9, 10) - timedelta(weeks=week, hours=week > 4), updated_at=at(9))
    three_people(acme)
    assert not Incident.objects.exists()


def test_a_rejected_group_is_held_until_twice_as_many_report_it(acme: Company) -> None:
    lea = three_people(acme)[-1]
    incidents.reject(Incident.objects.get(), actor=acme.people["dana"], reason="A test of the server", now=at(9, 22))
    for minute, who in enumerate(("eve", "vera"), 23):
        assert report(acme, who, at(9, minute), NOT_CONNECT).incident is None
    assert Firing.objects.filter(did__startswith="held").count() == 2
    ana = report(acme, "ana", at(9, 26), NOT_CONNECT)
    lea.refresh_from_db()
    assert ana.incident == lea.incident
    assert ana.incident is not None
    assert (ana.incident.state, ana.incident.people) == ("proposed", 6)


def test_what_was_held_is_proposed_when_the_hold_is_over_and_it_still_matches(acme: Company) -> None:
    tickets.solve(report(acme, "ella", at(9)), actor=acme.people["ana"], now=at(10))
    report(acme, "ella", at(9, day=24))
    incidents.reject(Incident.objects.get(), actor=acme.people["dana"], reason="Her own machine", now=at(9, 10, day=24))
    held = report(acme, "ella", at(9, 30, day=24), "The mailbox is full")
    assert held.incident is None
    conversation.reply(held, author=acme.people["ana"], text="I look.", now=at(9, 40, day=24))
    held = automation.requester_reply(held, author=acme.people["ella"], text="Still", now=at(14, day=24))
    assert held.incident is not None
    assert held.incident.state == "proposed"


# The other rules


def test_the_same_person_again_after_solved_raises_one_level_and_proposes(acme: Company) -> None:
    first = report(acme, "ella", at(9))
    tickets.solve(first, actor=acme.people["ana"], now=at(10))
    again = report(acme, "ella", at(9, day=25), "Outlook again")
    incident = Incident.objects.get()
    assert (again.severity, incident.severity, fired(again)) == (2, 2, [("R3", "propose")])
    assert incident.reason.startswith("The same person reported it again, after it was solved, for Email within 7 days: ")
    assert first.number in incident.reason


def test_a_rise_by_levels_happens_once(acme: Company) -> None:
    first = report(acme, "ella", at(9))
    tickets.solve(first, actor=acme.people["ana"], now=at(10))
    again = report(acme, "ella", at(11), effect="workaround")
    assert [why["rank"] for why in again.severity_reasons] == [4, 3]
    for minute in (1, 2):
        automation.evaluate_due(now=at(11, minute))
    again.refresh_from_db()
    assert again.severity == 3


def test_a_first_answer_that_is_missed_declares_when_its_time_comes(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), impacted="department")
    automation.evaluate_due(now=at(9, 1))
    ticket.refresh_from_db()
    assert (ticket.severity, ticket.evaluate_at) == (2, at(9, 30))
    automation.evaluate_due(now=at(9, 29))
    assert not Incident.objects.exists()
    automation.evaluate_due(now=at(9, 30))
    incident = Incident.objects.get()
    assert (incident.state, incident.reason) == ("triggered", "First answer was not given in 30 min (rule R2, version 1).")


def test_a_first_answer_in_time_declares_nothing(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), impacted="department")
    conversation.reply(ticket, author=acme.people["ana"], text="We look.", now=at(9, 29))
    for minute in (30, 31, 59):
        automation.evaluate_due(now=at(9, minute))
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("when", "check", "state"), [(at(9), "ok", "proposed"), (at(20), "ok", "triggered"), (at(9), "critical", "triggered")]
)
def test_a_critical_ticket_proposes_by_day_and_declares_by_night_or_with_a_failing_check(
    acme: Company, when: datetime, check: str, state: str
) -> None:
    acme.services["email"].state = check
    acme.services["email"].save(update_fields=["state"])
    ticket = report(acme, "ella", when, impacted="everyone")
    assert ticket.incident is not None
    assert (ticket.incident.state, ticket.incident.severity, fired(ticket)[0][0]) == (state, 1, "R1")


def test_a_second_person_makes_a_critical_proposal_an_incident(acme: Company) -> None:
    report(acme, "ella", at(9), impacted="everyone")
    assert Incident.objects.get().state == "proposed"
    report(acme, "omar", at(9, 2), NOT_CONNECT, impacted="everyone")
    assert Incident.objects.get().state == "triggered"


def test_a_proposal_becomes_an_incident_when_a_check_fails_later(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), impacted="everyone")
    alarm = {"check_id": 1, "check_slug": "smtp-01", "service": acme.services["email"], "status": "critical", "since": at(9, 2)}
    LinkedAlert.objects.create(alert_id=1, status_since=at(9, 2), updated_at=at(9, 2), **alarm)
    Ticket.objects.update(evaluate_at=at(9, 2))
    automation.evaluate_due(now=at(9, 2))
    assert (Incident.objects.get().state, fired(ticket)) == ("triggered", [("R1", "propose"), ("R1", "declare")])


def test_a_confidential_ticket_is_a_group_of_its_own(acme: Company) -> None:
    report(acme, "ella", at(9), impacted="everyone")
    lost = report(acme, "omar", at(9, 5), NOT_CONNECT, impacted="everyone", loss=True)
    assert lost.incident is not None
    assert (lost.incident.is_confidential, lost.incident.group_key) == (True, f"ticket:{lost.number}")
    assert lost.incident.policy == acme.policies["security-on-call"]
    assert Incident.objects.count() == 2


def test_a_rule_above_its_cap_gathers_the_rest_in_one_storm(acme: Company) -> None:
    rule = Rule.objects.get(key="R1")
    rulebook.publish(rule, rule.versions.get().definition | {"fire_cap": 2}, note="At most two an hour", actor=None, now=at(8))
    for service in ("email", "vpn", "printing", "file-server"):
        report(acme, "ella", at(20), service=acme.services[service], impacted="everyone", what=f"No {service}")
    groups = list(Incident.objects.order_by("pk").values_list("group_key", flat=True))
    assert groups == ["service:email", "service:vpn", "storm:R1"]


def test_a_rule_may_assign_tag_and_notify(acme: Company) -> None:
    rule = Rule.objects.get(key="R1")
    acts = [
        {"do": "assign_team", "args": {"team": "network"}},
        {"do": "add_tag", "args": {"tag": "vip"}},
        {"do": "notify", "args": {"audience": "it_manager"}},
    ]
    rulebook.publish(rule, rule.versions.get().definition | {"actions": acts}, note="Tell Kim", actor=None, now=at(8))
    ticket = report(acme, "ella", at(9), impacted="everyone")
    assert (ticket.team, ticket.tags, ticket.incident) == (acme.teams["network"], ["vip"], None)
    assert [mail.subject for mail in mails(acme, "kim")] == [f"[{ticket.number}] {ticket.title}"]
    assert "by rule" not in mails(acme, "kim")[0].subject


def test_a_shadow_writes_down_what_it_would_do_and_does_nothing(acme: Company) -> None:
    rulebook.set_mode(Rule.objects.get(key="R4"), Rule.Mode.SHADOW, actor=acme.people["adam"], now=at(8))
    lea = three_people(acme)[-1]
    firing = Firing.objects.get(evaluation__ticket=lea, rule__key="R4")
    assert (firing.is_shadow, firing.deed, firing.incident, lea.severity) == (True, "propose", None, 3)
    assert not Incident.objects.exists()


# A sweep that goes on


def test_one_bad_row_waits_a_minute_and_the_others_are_looked_at(acme: Company, caplog: pytest.LogCaptureFixture) -> None:
    bad, good = report(acme, "ella", at(9)), report(acme, "omar", at(9), "The printer is on fire")
    Ticket.objects.filter(pk=bad.pk).update(severity_reasons=[{"by": "raise"}], evaluate_at=at(9, 5))
    Ticket.objects.filter(pk=good.pk).update(evaluate_at=at(9, 5))
    assert automation.evaluate_due(now=at(9, 5)) == 1
    bad.refresh_from_db()
    assert bad.evaluate_at == at(9, 6)
    assert good.evaluations.filter(at=at(9, 5)).exists()


def test_a_solved_ticket_is_not_evaluated(acme: Company) -> None:
    ticket = tickets.solve(report(acme, "ella", at(9)), actor=acme.people["ana"], now=at(9, 5))
    Ticket.objects.filter(pk=ticket.pk).update(evaluate_at=at(9, 6))
    automation.evaluate_due(now=at(9, 6))
    ticket.refresh_from_db()
    assert (ticket.evaluate_at, ticket.evaluations.count()) == (None, 1)


# What was kept decides alike again


def replayed() -> Iterator[tuple[dict[str, Any], rules.Decision]]:
    """Every evaluation again from what it kept: its facts, the rules at its versions, and the past as its facts told it."""
    memory = Memory()
    for evaluation in Evaluation.objects.order_by("pk"):
        facts = evaluation.facts
        versions = [(outcome["rule_id"], outcome["version"]) for outcome in evaluation.decision["outcomes"]]
        others = Memory([past for past in memory.events if past.id != facts["ticket.id"]])
        yield evaluation.decision, rules.decide(facts, others, rulebook.at_versions(versions), evaluation.at)
        if all(past.id != facts["ticket.id"] for past in memory.events):
            memory.events.append(Past(facts["ticket.id"], evaluation.at, facts, counts=facts["ticket.effect"] != "question"))


def test_the_stored_facts_decide_again_as_they_did(acme: Company) -> None:
    three_people(acme)
    report(acme, "eve", at(9, 22), "How do I forward mail?", effect="question")
    report(acme, "vera", at(9, 24), "The printer is out of toner", effect="workaround")
    report(acme, "eve", at(9, 26), NOT_CONNECT, impacted="everyone")
    pairs = list(replayed())
    assert len(pairs) == 6
    for kept, again in pairs:
        told = rules.decision_to_json(again)
        assert [told["severity"], told["recheck_at"]] == [kept["severity"], kept["recheck_at"]]
        assert [essence(outcome) for outcome in told["outcomes"]] == [essence(outcome) for outcome in kept["outcomes"]]


def test_the_severity_decided_is_the_severity_kept(acme: Company) -> None:
    three_people(acme)
    report(acme, "eve", at(9, 22), "Where is the toner?", effect="question")
    report(acme, "vera", at(9, 24), "My badge was stolen", loss=True, effect="workaround")
    automation.evaluate_due(now=at(9, 25))
    for ticket in Ticket.objects.all():
        last = ticket.evaluations.order_by("-pk")[0]
        assert (last.at, last.decision["severity"]) == (at(9, 25), ticket.severity)


def essence(outcome: dict[str, Any]) -> Any:
    """All of an outcome but how those counted are labelled and how much history stood behind them."""
    counted = outcome["counted"] and (outcome["counted"]["number"], outcome["counted"]["people"])
    return {**outcome, "counted": counted}


def test_filing_takes_a_bounded_number_of_queries(acme: Company, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        report(acme, "ella", at(9, number), "The inbox is full")
    with django_assert_max_num_queries(70):
        report(acme, "omar", at(9, 20), "Outlook shows no events of Legal")
    assert not Incident.objects.filter(state__in=OPEN_INCIDENT).exists()
