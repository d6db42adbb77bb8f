"""A backtest decides as the desk did: the same stored facts, the same function, and counts that a query can check."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incidents import automation, backtest, incidents, rulebook, tickets
from incidents.backtest import running
from incidents.models import Entry, Evaluation, Firing, Incident, Rule, Ticket
from notifications.models import Message
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.incidents.reporting import report

NOW = at(18)
OUTLOOK = ("Outlook cannot connect since this morning", "Outlook does not connect", "No connection in Outlook", "outlook: cannot connect")


def four_people(acme: Company, start: datetime = NINE, apart: int = 5) -> list[Ticket]:
    """Ella, Omar, Lea and Eve report one trouble, one after the other."""
    filed = zip(("ella", "omar", "lea", "eve"), OUTLOOK, strict=True)
    return [report(acme, who, start + timedelta(minutes=n * apart), what) for n, (who, what) in enumerate(filed)]


def edited(key: str, **clause: Any) -> Rule:
    """The rule with another repeat clause, as a draft nobody published."""
    rule = Rule.objects.get(key=key)
    definition = rule.versions.get(version=rule.version).definition
    rule.draft = {**definition, "repeat": {**definition["repeat"], **clause}}
    rule.save(update_fields=["draft"])
    return rule


def tried(key: str, days: int = 30) -> backtest.Report:
    return backtest.run(Rule.objects.get(key=key), days=days, now=NOW)


# The same decisions


def test_what_was_decided_live_is_decided_again_over_weeks_of_everything(acme: Company) -> None:
    for week in (3, 2, 1):
        began = NINE - timedelta(weeks=week)
        for nth, who in enumerate(("ella", "omar", "lea", "eve")):
            report(acme, who, began + timedelta(minutes=5 * nth), OUTLOOK[nth])
            automation.evaluate_due(now=began + timedelta(minutes=5 * nth, seconds=30))
        ended = began + timedelta(hours=2)
        for incident in Incident.objects.open():
            incidents.accept(incident, actor=acme.people["dana"], now=ended)
            incidents.resolve(incident, actor=acme.people["dana"], reason="It works.", now=ended + timedelta(minutes=1))
        for ticket in Ticket.objects.open().order_by("pk"):
            tickets.solve(ticket, actor=acme.people["ana"], now=ended + timedelta(minutes=5))
        report(acme, "ella", ended + timedelta(hours=1), "Outlook again does not connect")
    found = tried("R4")
    assert found.replayed == Evaluation.objects.count() > 15
    assert found.equal == found.replayed


def test_a_decision_that_cannot_have_been_is_seen(acme: Company) -> None:
    four_people(acme)
    last = Evaluation.objects.latest("pk")
    last.decision["outcomes"][-2]["matched"] = None
    Evaluation.objects.filter(pk=last.pk).update(decision=last.decision)
    found = tried("R4")
    assert found.replayed - found.equal == 1


def test_a_child_of_a_declared_incident_is_not_counted_by_the_stream_either(acme: Company) -> None:
    filed = four_people(acme, apart=2)
    incidents.accept(Incident.objects.get(), actor=acme.people["dana"], now=at(9, 10))
    report(acme, "vera", at(9, 20), "Outlook cannot connect")
    found = tried("R4")
    assert (found.replayed, found.equal) == (5, 5)
    assert found.matches == Firing.objects.filter(rule__key="R4").values("evaluation__ticket").distinct().count() == len(filed) - 2


# What it says


def test_the_version_in_force_matches_what_fired(acme: Company) -> None:
    four_people(acme)
    found = tried("R4")
    fired = Firing.objects.filter(rule__key="R4").values("evaluation__ticket").distinct().count()
    assert found.matches == found.matches_before == fired == 2
    assert (found.added, found.lost, found.up, found.down) == ([], [], 0, 0)


def test_four_people_instead_of_three_lose_an_incident_and_its_page(acme: Company) -> None:
    four_people(acme)
    edited("R4", at_least=5)
    found = tried("R4")
    assert (found.version, found.against_version, found.matches, found.matches_before) == (2, 1, 0, 2)
    assert [occasion.group for occasion in found.lost] == ["service:email"]
    assert [page.person for page in found.pages_prevented] == ["dana"]
    assert {row.what for row in found.rows} == {"lost"}
    assert found.down == 2  # the third and the fourth were raised to SEV2 by it


def test_what_came_nearest_is_named(acme: Company) -> None:
    filed = four_people(acme)
    edited("R4", at_least=9)
    told = backtest.as_json(tried("R4"))
    assert told["nearest"] == {"ticket": filed[-1].number, "why": "4 of 9 people needed"}
    assert "matches" in told
    assert told["no_data"] is None


def test_the_sweep_counts_one_more_and_one_fewer(acme: Company) -> None:
    four_people(acme)
    swept = {(one.part, one.value): one.matches for one in tried("R4").swept}
    assert swept == {("people", 2): 3, ("people", 4): 1, ("window", 900): 2, ("window", 3600): 2}


def test_a_fact_that_was_not_kept_then_is_not_a_no(acme: Company) -> None:
    four_people(acme)
    for evaluation in Evaluation.objects.all():
        del evaluation.facts["requester.site"]
        evaluation.save(update_fields=["facts"])
    edited("R4", same=["site"], at_least=2)
    told = backtest.as_json(tried("R4"))
    assert (told["matches"], len(told["undecidable"])) == (0, 4)
    assert told["no_data"] == "Nothing of these 30 days has: the requester's site. The rule cannot be tried."


def test_what_people_raised_themselves_is_told_with_how_much_earlier(acme: Company) -> None:
    third = four_people(acme)[2]
    tickets.set_severity(third, rank=2, actor=acme.people["ana"], reason="It is all of us", now=at(9, 24))
    found = tried("R4")
    assert (found.raised_by_people, found.kept_raised_by_people, found.earlier_s) == (1, 1, [14 * 60])


def test_requests_and_imports_are_left_out_and_counted(acme: Company) -> None:
    four_people(acme)
    report(acme, "eve", at(10), "How do I forward mail?", effect="question")
    report(acme, "eve", at(11), "The screen is black", origin=Ticket.Origin.IMPORT)
    found = tried("R4")
    assert (found.considered, found.requests, found.imported) == (4, 1, 1)


def test_night_is_night_for_who_is_paged(acme: Company) -> None:
    report(acme, "ella", at(3, 12), "Nothing works anywhere", impacted="everyone")
    rulebook.set_mode(Rule.objects.get(key="R1"), Rule.Mode.DRAFT, actor=None, now=NINE)
    found = tried("R1")
    assert (len(found.pages_added), found.nights_before, found.nights_after) == (1, 0, 1)
    assert found.by_person() == {"sam": 1}


def test_it_stores_and_sends_nothing(acme: Company) -> None:
    four_people(acme)
    models = (Evaluation, Firing, Incident, Entry, Message, AuditEntry)
    before = [model.objects.count() for model in models]
    tried("R4")
    assert [model.objects.count() for model in models] == before


def test_the_memory_of_the_stream_ends_with_its_window(acme: Company) -> None:
    for ticket in four_people(acme, NINE - timedelta(days=20)):
        tickets.solve(ticket, actor=acme.people["ana"], now=NINE - timedelta(days=20, hours=-1))
    report(acme, "ella", NINE)
    rule = Rule.objects.get(key="R3")
    question = running.question_of(rule)
    past = running.for_rules([question.rule], {})
    for evaluation in Evaluation.objects.order_by("at", "pk"):
        past.saw(evaluation.facts, evaluation.at)
        past.solved(evaluation.ticket_id or 0, evaluation.at + timedelta(hours=1))
    past.saw(Evaluation.objects.latest("at").facts, NINE + timedelta(days=1))
    assert [told.number for told in past.tickets.values()] == [Ticket.objects.latest("pk").pk]


# The command


def command(*words: str) -> str:
    out = StringIO()
    call_command("backtest", *words, stdout=out)
    return out.getvalue()


def test_the_command_speaks_and_its_json_has_the_public_shape(acme: Company, settings: Any, tmp_path: Path) -> None:
    four_people(acme)
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NOW)
    said, told = command("R4", "--days", "30"), json.loads(command("r4", "--json"))
    assert "It would match 2 times. Version 1: 2." in said
    assert set(told) == {
        "rule", "version", "against_version", "period", "considered", "left_out", "matches", "matches_before", "kept_raised_by_people",
        "earlier_s", "severity", "incidents", "pages", "undecidable", "nearest", "no_data", "sweep", "replayed", "rows_url",
    }  # fmt: skip
    assert (told["rule"], told["matches"], told["replayed"]) == ("R4", 2, {"decisions": 4, "equal": 4})


@pytest.mark.parametrize("words", [("R99",), ("R4", "--days", "0")])
def test_an_unknown_rule_or_no_days_are_a_usage_error(acme: Company, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as error:
        command(*words)
    assert error.value.returncode == 2


def test_a_draft_that_is_published_is_still_what_was_tried(acme: Company) -> None:
    rule = edited("R4", at_least=5)
    job = backtest.start(rule, days=30, asked_by=acme.people["adam"], now=NOW)
    rulebook.publish(rule, rule.draft or {}, note="Fewer false ones", actor=acme.people["adam"], now=NOW)
    assert backtest.is_of_these_words(job, Rule.objects.get(key="R4"))
    assert not backtest.is_of_these_words(job, edited("R4", at_least=6))


def test_people_are_called_by_their_names(acme: Company) -> None:
    four_people(acme)
    edited("R4", at_least=5)
    assert "Dana Ruiz -1." in " ".join(backtest.sentences(tried("R4")))
