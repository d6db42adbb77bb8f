"""The rules as rows: reading those in force, and publishing a new version. A version is never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from incidents import rules
from incidents.models import Rule, RuleVersion
from servicedesk.audit import trail
from servicedesk.directory.models import User


class NoteMissing(ValueError):
    """A new version needs a note that says why it was made."""


def in_force(kind: str | None = None) -> tuple[rules.Rule, ...]:
    """Every live and shadow rule in its version in force, in order; one query."""
    found = RuleVersion.objects.filter(version=F("rule__version")).exclude(rule__mode=Rule.Mode.DRAFT).select_related("rule")
    chosen = found.filter(rule__kind=kind) if kind else found
    return tuple(read(version) for version in chosen.order_by("rule__kind", "rule__position", "rule_id"))


def at_versions(wanted: Iterable[tuple[int, int]]) -> tuple[rules.Rule, ...]:
    """The rules as they were: of each (rule id, version) that version, in the mode of today."""
    pairs = set(wanted)
    found = RuleVersion.objects.filter(rule__in={rule for rule, _version in pairs}).select_related("rule")
    return tuple(read(version) for version in found if (version.rule_id, version.version) in pairs)


def read(version: RuleVersion) -> rules.Rule:
    """One version as the pure rule. What stands in the row beats the definition."""
    row = version.rule
    columns: dict[str, rules.JSON] = {"key": row.key, "kind": row.kind, "position": row.position, "mode": row.mode}
    return rules.rule_from_json(version.definition, id=row.pk, version=version.version, **columns)


def candidate(rule: Rule) -> rules.Rule:
    """The rule's newest words: its draft where there is one, else its version in force. Raises rules.RuleError."""
    if rule.draft is None:
        return read(rule.versions.select_related("rule").get(version=rule.version))
    newest = rule.versions.values_list("version", flat=True).first() or 0
    return read(RuleVersion(rule=rule, version=newest + 1, definition=rule.draft))


@transaction.atomic
def publish(rule: Rule, definition: Mapping[str, Any], *, note: str, actor: User | None, now: datetime) -> RuleVersion:
    """Version n+1, in force from now on. Raises NoteMissing, and rules.RuleError where the definition cannot be read."""
    if not note.strip():
        raise NoteMissing
    row = Rule.objects.select_for_update().get(pk=rule.pk)
    number = (row.versions.values_list("version", flat=True).first() or 0) + 1
    version = RuleVersion(rule=row, version=number, definition=dict(definition), note=note.strip(), author=actor, published_at=now)
    row.name = read(version).name
    version.save()
    before, row.version = row.version, number
    row.save(update_fields=["name", "version"])
    trail.record(row, "publish", actor=actor, now=now, before={"version": before}, after={"version": number, "note": version.note})
    return version


@transaction.atomic
def set_mode(rule: Rule, mode: str, *, actor: User | None, now: datetime) -> Rule:
    """Draft, shadow or live. The same mode again changes nothing."""
    row = Rule.objects.select_for_update().get(pk=rule.pk)
    if row.mode != mode:
        before, row.mode = row.mode, mode
        row.save(update_fields=["mode"])
        trail.record(row, "set_mode", actor=actor, now=now, before={"mode": before}, after={"mode": mode})
    return row
