"""Rules on their pages: read in order, edited as rows, tried on what was kept, published with a reason, rolled back."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from incidents import backtest, builder, entries, rulebook
from incidents.models import Rule, Ticket
from incidents.views.ruletrials import definition
from servicedesk.jobs import running
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import report


@pytest.fixture
def adam(acme: Company) -> Client:
    return signed_in(acme.people["adam"])


def r4() -> Rule:
    return Rule.objects.get(key="R4")


def page(client: Client, name: str = "rule", rule: Rule | None = None, **asked: str) -> str:
    return client.get(reverse(name, args=[(rule or r4()).pk]), asked).content.decode()


def press(client: Client, action: str, rule: Rule | None = None, **said: str) -> Any:
    return client.post(reverse("rule_act", args=[(rule or r4()).pk]), {"action": action, **said})


def sheet(rule: Rule, **changes: Any) -> dict[str, Any]:
    """The editor's form as a browser sends it back."""
    kept = definition(rule)
    said, repeat = builder.sheet_of(kept), kept["repeat"] or {}
    assert said is not None
    lists = {name: [getattr(row, name) for row in said.rows] for name in ("target", "field", "op", "value")}
    actions = {"do": [row.do for row in said.actions], "args": [row.args for row in said.actions]}
    clause = {name: value for name, value in repeat.items() if value not in (None, False)}
    within = {"within": entries.span(repeat["within_s"])} if repeat else {}
    named = {"name": kept["name"], "owner": rule.owner_id or "", "review_on": rule.review_on or ""}
    return {**named, "match": said.match, "group": "service:<slug>", **lists, **actions, **clause, **within, **changes}


def save(client: Client, rule: Rule, **changes: Any) -> HttpResponse:
    return client.post(reverse("edit_rule", args=[rule.pk]), sheet(rule, **changes))  # type: ignore[return-value]


def test_the_list_says_each_rule_in_order_with_its_hits(acme: Company, adam: Client) -> None:
    report(acme, "ella", NINE)
    said = adam.get(reverse("rules")).content.decode()
    assert "If everyone is impacted and cannot work, then SEV1." in said
    assert said.index("Everyone is stopped") < said.index("Everything else") < said.index("Repeat, several people")


def test_the_list_asks_the_same_number_of_questions_however_many_rules(
    acme: Company, adam: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    adam.get(reverse("rules"))
    with django_assert_max_num_queries(12):
        adam.get(reverse("rules"))


def test_a_rule_moves_up_among_its_kind(acme: Company, adam: Client) -> None:
    press(adam, "up")
    keys = list(Rule.objects.filter(kind="escalation").order_by("position").values_list("key", flat=True))
    assert keys == ["R1", "R2", "R4", "R3", "R5", "R6"]
    press(adam, "up", Rule.objects.get(key="R1"))
    assert Rule.objects.get(key="R1").position == 0


@pytest.mark.parametrize("key", ["0", "1", "3", "4", "R1", "R3", "R4", "R5", "R6"])
def test_saving_what_the_editor_shows_changes_nothing(key: str, acme: Company, adam: Client) -> None:
    rule = Rule.objects.get(key=key)
    before = rulebook.candidate(rule)
    assert save(adam, rule).status_code == 302
    after = rulebook.candidate(Rule.objects.get(pk=rule.pk))
    assert (after.repeat, after.actions, after.group) == (before.repeat, before.actions, before.group)
    assert adam.get(reverse("edit_rule", args=[rule.pk])).status_code == 200


def test_an_edit_is_a_draft_until_it_is_published_with_a_reason(acme: Company, adam: Client) -> None:
    save(adam, r4(), at_least=4)
    assert next(rule for rule in rulebook.in_force() if rule.key == "R4").repeat.at_least == 3  # type: ignore[union-attr]
    assert "<ins>+ at least 4 people report" in page(adam)
    assert press(adam, "publish", note=" ").status_code == 422
    assert press(adam, "publish", note="Three is too few").status_code == 302
    assert (r4().version, r4().draft) == (2, None)
    assert "Three is too few" in page(adam)


def test_going_back_is_a_new_version_that_says_the_old(acme: Company, adam: Client) -> None:
    save(adam, r4(), at_least=4)
    press(adam, "publish", note="Four")
    press(adam, "roll_back", version="1", note="Three was better")
    assert (r4().version, rulebook.candidate(r4()).repeat.at_least) == (3, 3)  # type: ignore[union-attr]


def test_a_wrong_value_is_marked_on_its_row_and_nothing_is_kept(acme: Company, adam: Client) -> None:
    answer = save(adam, Rule.objects.get(key="1"), value=["galaxy", "cannot"])
    assert answer.status_code == 422
    assert "“galaxy” cannot be read here: give only one person, several people" in answer.content.decode()
    assert Rule.objects.get(key="1").draft is None


def shown(client: Client, rule: Rule, **changes: Any) -> str:
    """The page after a button that keeps nothing."""
    before = Rule.objects.values().get(pk=rule.pk)
    answer = save(client, rule, **{"show": "1", **changes})
    assert (answer.status_code, Rule.objects.values().get(pk=rule.pk)) == (200, before)
    return answer.content.decode()


def test_the_sentence_follows_what_is_typed_and_nothing_is_kept(acme: Company, adam: Client) -> None:
    said = shown(adam, r4(), at_least=4)
    assert "at least <b>4</b> people report <b>the same service</b>" in said
    assert "<b>propose an incident</b>" in said


def test_what_is_wrong_is_said_under_the_sentence(acme: Company, adam: Client) -> None:
    said = shown(adam, Rule.objects.get(key="1"), do=[""], args=[""], owner="")
    assert "It does nothing: give it an action." in said
    assert "Nobody owns it: say who reviews it." in said


WRONG = [
    ({"field": ["ticket.service"], "op": ["at_least"], "value": ["email"]}, "“is at least” does not fit here (the service): choose “is”"),
    ({"field": [""], "op": ["is"], "value": ["email"]}, "Say what “email” is about."),
    ({"field": ["ticket.severity"], "op": ["or_higher"], "value": ["high"]}, "give SEV1, SEV2, SEV3 or SEV4"),
    ({"field": ["ticket.loss"], "op": ["is"], "value": ["perhaps"]}, "give yes or no"),
    ({"field": ["time.local"], "op": ["between"], "value": ["at night"]}, "give two times of day, as 22:00 - 07:00"),
    ({"field": ["check.critical_since"], "op": ["for_at_least"], "value": [""]}, "A value is missing: give a span, as 5 min"),
    ({"target": ["7"], "field": ["ticket.loss"], "op": ["is"], "value": ["yes"]}, "There is no action 7."),
    ({"field": ["no.such"], "op": ["is"], "value": ["x"]}, "there is no field"),
    ({"do": ["set_severity"], "args": ["urgent"]}, "“urgent” cannot be read here: give SEV1, SEV2, SEV3 or SEV4"),
    ({"do": ["raise_by"], "args": [""]}, "A value is missing: give 1, 2 or 3"),
    ({"do": ["confidential"], "args": ["very"]}, "It needs no value"),
    ({"do": [""], "args": ["SEV2"]}, "Choose what to do with “SEV2”."),
    ({"do": ["fly"], "args": [""]}, "is not one of"),
    ({"within": "soon"}, "Give a span of a year at most"),
    ({"same": []}, "Choose what they must share"),
    ({"at_least": "many"}, "whole number"),
]


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_what_cannot_be_read_yet_is_said_in_words(changes: dict[str, Any], said: str, acme: Company, adam: Client) -> None:
    rows = {"target": ["A"]} if "field" in changes else {}
    page = unescape(shown(adam, r4(), **{**rows, **changes}))
    assert "It cannot be read yet:" in page
    assert said in page


def test_a_row_more_loses_nothing_that_was_typed(acme: Company, adam: Client) -> None:
    typed = {"target": ["A", "B"], "field": ["ticket.service", ""], "op": ["is", "is"], "value": ["email", "half a thou"], "show": ""}
    said = shown(adam, Rule.objects.get(key="1"), **typed, more="condition")
    assert [f'id="value-{n}"' in said for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert 'value="half a thou"' in said


def test_one_row_is_removed_and_the_conditions_of_an_action_go_with_it(acme: Company, adam: Client) -> None:
    typed = {"target": ["A", "1", "2"], "field": ["ticket.loss"] * 3, "op": ["is"] * 3, "value": ["yes", "one", "two"]}
    deeds = {"do": ["propose", "add_tag"], "args": ["", "storm"]}
    said = save(adam, r4(), **typed, **deeds, remove="row:2").content.decode()
    assert ('value="one"' in said, 'value="two"' in said) == (False, True)
    said = save(adam, r4(), **typed, **deeds, remove="action:1").content.decode()
    assert ('value="one"' in said, 'value="two"' in said, 'value="storm"' in said) == (False, True, True)


def test_who_reviews_it_is_said_there_and_makes_no_draft(acme: Company, adam: Client) -> None:
    dana = acme.people["dana"]
    save(adam, r4(), owner=dana.pk, review_on="2027-03-01")
    rule = r4()
    assert (rule.owner, str(rule.review_on), rule.draft) == (dana, "2027-03-01", None)
    assert "Nobody owns it" not in page(adam)
    assert save(adam, r4(), owner=acme.people["ella"].pk).status_code == 422


def test_a_pattern_re2_refuses_is_refused(acme: Company, adam: Client) -> None:
    rows = {"target": ["A"], "field": ["ticket.text"], "op": ["matches"], "value": ["(a)\\1"]}
    answer = save(adam, Rule.objects.get(key="1"), **rows)
    assert "is not a pattern that RE2 reads" in answer.content.decode()


def test_what_can_never_match_is_said_and_asked_about_once(acme: Company, adam: Client) -> None:
    rows = {"target": ["A", "B"], "field": ["ticket.effect"] * 2, "op": ["is"] * 2, "value": ["cannot", "part"]}
    rule = Rule.objects.get(key="1")
    save(adam, rule, **rows)
    assert "It can never match" in page(adam, rule=rule)
    asked = press(adam, "publish", rule, note="Try")
    assert (asked.status_code, "Publish it all the same" in asked.content.decode()) == (422, True)
    assert press(adam, "publish", rule, note="Try", sure="1").status_code == 302


def test_a_new_rule_is_a_draft_that_cannot_go_live_unpublished(acme: Company, adam: Client) -> None:
    adam.post(reverse("new_rule"), {"key": "R7", "kind": "escalation", "name": "Printers"})
    rule = Rule.objects.get(key="R7")
    assert press(adam, "mode", rule, mode="live").status_code == 422
    rows = {"target": ["A"], "field": ["ticket.service"], "op": ["is"], "value": ["printing"], "do": ["add_tag"], "args": ["tag=paper"]}
    save(adam, rule, **rows)
    press(adam, "publish", rule, note="Paper costs")
    press(adam, "mode", rule, mode="live")
    assert report(acme, "ella", at(10), "The printer is stuck", effect="workaround").tags == ["paper"]


def test_trying_shows_each_condition_with_what_was_seen_then(acme: Company, adam: Client) -> None:
    ticket = report(acme, "ella", NINE)
    said = page(adam, **{"try": ticket.number})
    assert "It does not match" in said
    assert "at least 3 people reported it" in said


def test_nobody_tries_a_rule_on_what_they_may_not_see(acme: Company, adam: Client) -> None:
    ticket = report(acme, "ella", NINE, "My laptop was stolen", loss=True)
    for who in ("adam", "vera", "dana"):
        assert "Nothing was kept about" in page(signed_in(acme.people[who]), **{"try": ticket.number})


def test_a_backtest_runs_as_a_job_and_stands_on_the_page(acme: Company, adam: Client) -> None:
    for minute, who in enumerate(("ella", "omar", "lea")):
        report(acme, who, at(9, minute))
    save(adam, r4(), at_least=2)
    job = backtest.start(r4(), days=30, asked_by=acme.people["adam"], now=at(18))
    assert running.run(job.pk, now=at(18))
    said = page(adam)
    assert "It would match 2 times. Version 1: 1." in said
    assert "would match" in said
    save(adam, r4(), at_least=7)
    assert "run it again" in page(adam)


def tried_on_the_past(acme: Company) -> None:
    """A draft that needs two people, where two reported the same; and its backtest."""
    report(acme, "ella", at(9, 0), "Mail is down again")
    report(acme, "omar", at(9, 1), "Mail is down again")
    kept = definition(r4())
    draft = {**kept, "repeat": {**kept["repeat"], "at_least": 2}}
    rulebook.save_draft(r4(), draft, actor=acme.people["adam"], now=at(10))
    assert running.run(backtest.start(r4(), days=30, asked_by=acme.people["adam"], now=at(18)).pk, now=at(18))


def test_a_backtest_shows_figures_and_each_difference_with_its_reason(acme: Company, adam: Client) -> None:
    tried_on_the_past(acme)
    said = unescape(page(adam))
    assert "Mail is down again" in said
    assert "would match: 2 people reported similar text within 30 min" in said
    assert ("extra page" in said, "not decidable" in said, "Version 1" in said, "Draft of version 2" in said) == (True,) * 4


def test_what_is_confidential_now_has_no_title_and_no_reason(acme: Company, adam: Client) -> None:
    tried_on_the_past(acme)
    Ticket.objects.update(is_confidential=True)
    said = page(adam)
    assert ("Confidential" in said, "Mail is down again" in said, "2 people reported" in said) == (True, False, False)


def test_a_result_of_an_earlier_release_is_still_read(acme: Company, adam: Client) -> None:
    tried_on_the_past(acme)
    job = Job.objects.get(kind="backtest")
    rows = [{name: part for name, part in row.items() if name != "because"} for row in job.result["rows"]]
    newer = ("nights_added", "undecided", "more_rows")
    job.result = {**{name: part for name, part in job.result.items() if name not in newer}, "rows": rows}
    job.save(update_fields=["result"])
    assert "Mail is down again" in page(adam)
    job.result = {"said": ["It would match 7 times."]}
    job.save(update_fields=["result"])
    assert "It would match 7 times." in page(adam)


def test_the_limit_is_set_on_the_page_as_a_draft(acme: Company, adam: Client) -> None:
    assert press(adam, "limit", cap="6").status_code == 302
    assert ("At most 6 incidents an hour" in page(adam), r4().version, rulebook.candidate(r4()).fire_cap) == (True, 1, 6)
    assert press(adam, "limit", cap="many").status_code == 422
    press(adam, "limit", cap="")
    assert rulebook.candidate(r4()).fire_cap is None


def test_publishing_what_would_match_nothing_is_asked_about(acme: Company, adam: Client) -> None:
    report(acme, "ella", NINE)
    save(adam, r4(), at_least=9)
    running.run(backtest.start(r4(), days=30, asked_by=acme.people["adam"], now=at(18)).pk, now=at(18))
    assert "would have matched nothing" in press(adam, "publish", note="Nine").content.decode()
    assert r4().version == 1


@pytest.mark.parametrize("who", ["dana", "vera"])
def test_managers_and_auditors_read_without_buttons(who: str, acme: Company) -> None:
    said = page(signed_in(acme.people[who]))
    assert "Repeat, several people" in said
    assert "Go back to this" not in said
    assert 'value="publish"' not in said
