"""Rules as rows: the starter set, new versions, modes."""

from __future__ import annotations

import pytest

from incidents import rulebook, seeding, starter
from incidents.models import Rule, RuleVersion, SeverityLevel
from incidents.rules import RuleError, rule_to_json
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at


@pytest.mark.django_db
def test_the_starter_rules_are_installed_once() -> None:
    assert seeding.install_rules(now=NINE) == 11
    assert seeding.install_rules(now=at(10)) == 0
    assert SeverityLevel.objects.count() == 4
    assert set(RuleVersion.objects.values_list("version", "note")) == {(1, "Starter rule")}


@pytest.mark.django_db
def test_installing_again_keeps_what_was_edited() -> None:
    seeding.install_rules(now=NINE)
    SeverityLevel.objects.filter(rank=1).update(name="Catastrophe")
    Rule.objects.filter(key="R4").update(mode=Rule.Mode.DRAFT)
    seeding.install_rules(now=at(10))
    assert SeverityLevel.objects.get(rank=1).name == "Catastrophe"
    assert Rule.objects.get(key="R4").mode == Rule.Mode.DRAFT


@pytest.mark.django_db
def test_what_is_read_from_the_rows_is_what_the_starter_says() -> None:
    seeding.install_rules(now=NINE)
    left_out = {"id"}
    read = [{name: part for name, part in rule_to_json(rule).items() if name not in left_out} for rule in rulebook.in_force()]
    said = [{name: part for name, part in rule_to_json(rule).items() if name not in left_out} for rule in starter.rules()]
    assert sorted(read, key=lambda rule: str(rule["key"])) == sorted(said, key=lambda rule: str(rule["key"]))


def test_an_edit_makes_the_next_version_and_leaves_the_old_one(acme: Company) -> None:
    rule = Rule.objects.get(key="R4")
    first = rule.versions.get()
    edited = first.definition | {"repeat": first.definition["repeat"] | {"at_least": 4}}
    rulebook.publish(rule, edited, note="Three is too few", actor=acme.people["adam"], now=NINE)
    in_force = next(rule for rule in rulebook.in_force("escalation") if rule.key == "R4")
    assert (in_force.version, in_force.repeat and in_force.repeat.at_least) == (2, 4)
    (before,) = rulebook.at_versions([(rule.pk, 1)])
    assert before.repeat is not None
    assert before.repeat.at_least == 3
    assert AuditEntry.objects.filter(verb="publish", noun="incidents.rule", actor=acme.people["adam"]).count() == 1


def test_publishing_needs_a_note_and_a_rule_that_can_be_read(acme: Company) -> None:
    rule = Rule.objects.get(key="R4")
    with pytest.raises(rulebook.NoteMissing):
        rulebook.publish(rule, rule.versions.get().definition, note=" ", actor=None, now=NINE)
    with pytest.raises(RuleError):
        rulebook.publish(rule, {"kind": "escalation"}, note="Broken", actor=None, now=NINE)
    assert rule.versions.count() == 1


def test_a_draft_is_not_in_force_and_a_shadow_is(acme: Company) -> None:
    rulebook.set_mode(Rule.objects.get(key="R3"), Rule.Mode.DRAFT, actor=acme.people["adam"], now=NINE)
    keys = {rule.key: rule.mode for rule in rulebook.in_force("escalation")}
    assert "R3" not in keys
    assert keys["R6"] == "shadow"
