"""The rules as rows: reading those in force, and publishing a new version. A version is never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import F, Max, Q, QuerySet
from django.utils.translation import gettext as _

from incidents import rules, wording
from incidents.models import Rule, RuleVersion
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Role, User

COLUMNS = ("id", "version", "key", "kind", "position", "mode")  # kept in the row, not in a version


class KeyTaken(ValueError):
    """Another rule has this short name."""


class NothingPublished(ValueError):
    """A rule that was never published has nothing to put in force."""


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


@tongues.deed
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
    row.draft = row.draft_by = row.draft_at = None
    row.save(update_fields=["name", "version", "draft", "draft_by", "draft_at"])
    trail.record(row, "publish", actor=actor, now=now, before={"version": before}, after={"version": number, "note": version.note})
    return version


@tongues.deed
def set_mode(rule: Rule, mode: str, *, actor: User | None, now: datetime) -> Rule:
    """Draft, shadow or live. The same mode again changes nothing. Raises NothingPublished."""
    row = Rule.objects.select_for_update().get(pk=rule.pk)
    if not row.version and mode != Rule.Mode.DRAFT:
        raise NothingPublished
    if row.mode != mode:
        before, row.mode = row.mode, mode
        row.save(update_fields=["mode"])
        trail.record(row, "set_mode", actor=actor, now=now, before={"mode": before}, after={"mode": mode})
    return row


# Edits: a draft is nobody's rule yet


@tongues.deed
def found(*, key: str, kind: str, name: str, actor: User, now: datetime) -> Rule:
    """A new rule at the end of its kind, a draft without a published word. Raises KeyTaken."""
    if Rule.objects.filter(key__iexact=key).exists():
        raise KeyTaken
    last = Rule.objects.filter(kind=kind).aggregate(last=Max("position"))["last"]
    draft = {"schema": rules.SCHEMA, "name": name, "conditions": {"all": []}, "actions": [], "repeat": None}
    row = Rule.objects.create(
        key=key, kind=kind, name=name, position=0 if last is None else last + 1, owner=actor, version=0,
        draft=draft, draft_by=actor, draft_at=now,
    )  # fmt: skip
    trail.record(row, "found", actor=actor, now=now, after={"key": key, "kind": kind})
    return row


@tongues.deed
def save_draft(rule: Rule, definition: Mapping[str, Any], *, actor: User, now: datetime) -> Rule:
    """What is edited, beside the version in force. Raises rules.RuleError where it cannot be read."""
    row = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    draft = {name: part for name, part in definition.items() if name not in COLUMNS}
    read(RuleVersion(rule=row, version=row.version + 1, definition=draft))
    row.draft, row.draft_by, row.draft_at = draft, actor, now
    row.save(update_fields=["draft", "draft_by", "draft_at"])
    trail.record(row, "edit", actor=actor, now=now, after={"draft": draft})
    return row


def may_own(rule: Rule) -> QuerySet[User]:
    """Who may review a rule: managers and administrators, and whoever owns it now."""
    able = User.objects.get_queryset().holding(Role.ADMIN, Role.MANAGER)
    return User.objects.filter(Q(pk__in=able.values("pk")) | Q(pk=rule.owner_id)).order_by("name")


@tongues.deed
def entrust(rule: Rule, owner: User | None, *, review_on: date | None, actor: User, now: datetime) -> Rule:
    """Who reviews it, and by which day: of the rule, not of a version, so it counts at once. The same again changes nothing."""
    row = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    before = {"owner": row.owner_id, "review_on": row.review_on}
    after = {"owner": owner.pk if owner else None, "review_on": review_on}
    if before != after:
        row.owner, row.review_on = owner, review_on
        row.save(update_fields=["owner", "review_on"])
        said = [{name: f"{value}" if isinstance(value, date) else value for name, value in part.items()} for part in (before, after)]
        trail.record(row, "entrust", actor=actor, now=now, before=said[0], after=said[1])
    return row


@tongues.deed
def discard_draft(rule: Rule, *, actor: User, now: datetime) -> Rule:
    """The version in force is all there is again. A rule never published keeps its draft."""
    row = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if row.draft is not None and row.version:
        row.draft = row.draft_by = row.draft_at = None
        row.save(update_fields=["draft", "draft_by", "draft_at"])
        trail.record(row, "discard", actor=actor, now=now)
    return row


@tongues.deed
def roll_back(rule: Rule, number: int, *, note: str, actor: User, now: datetime) -> RuleVersion:
    """What an earlier version said, as a new version. Raises RuleVersion.DoesNotExist, NoteMissing."""
    return publish(rule, rule.versions.get(version=number).definition, note=note, actor=actor, now=now)


@tongues.deed
def move(rule: Rule, places: int, *, actor: User, now: datetime) -> Rule:
    """Earlier (negative) or later among the rules of its kind. At the end of the line nothing changes."""
    line = list(Rule.objects.select_for_update(of=("self",)).filter(kind=rule.kind).order_by("position", "pk"))
    at = next(nth for nth, row in enumerate(line) if row.pk == rule.pk)
    to = min(max(at + places, 0), len(line) - 1)
    row = line.pop(at)
    if to == at:
        return row
    line.insert(to, row)
    for position, each in enumerate(line):
        each.position = position
    Rule.objects.bulk_update(line, ["position"])
    trail.record(row, "move", actor=actor, now=now, before={"position": at}, after={"position": to})
    return row


def lint(rule: Rule) -> list[str]:
    """What its author should know. Raises rules.RuleError."""
    owned = [] if rule.owner_id else [_("Nobody owns it: say who reviews it.")]
    return [*faults(rule), *owned]


def faults(rule: Rule) -> list[str]:
    """Why its newest words should not be published. Raises rules.RuleError."""
    words = candidate(rule)
    earlier = [one for one in in_force(rule.kind) if one.mode == "live" and (one.position, one.id) < (words.position, words.id)]
    return [wording.finding_words(found) for found in rules.lint(words, earlier)]
