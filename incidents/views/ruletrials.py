"""What the pages of rules show beside the rows: hits, words, versions side by side, a rule tried on one thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from incidents import builder, rulebook, rules, wording
from incidents.models import Firing, Rule, RuleVersion
from servicedesk.directory.models import User

HITS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of the list."""

    rule: Rule
    sentence: str
    hits: int
    last_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Words:
    """The newest words of a rule: its sentence, what they change, what is wrong with them."""

    sentence: str
    added: Sequence[str]
    removed: Sequence[str]
    lint: Sequence[str]
    error: str = ""
    cap: int | None = None
    parts: Sequence[str] = ()

    @property
    def telling(self) -> SafeString:
        """The sentence with its telling parts in bold."""
        longest_first = "|".join(re.escape(part) for part in sorted(set(self.parts), key=len, reverse=True))
        pieces = re.split(rf"(?<!\w)({longest_first})(?!\w)", self.sentence) if longest_first else [self.sentence]
        return format_html_join("", "{}", ((format_html("<b>{}</b>", piece) if at % 2 else piece,) for at, piece in enumerate(pieces)))


@dataclass(frozen=True, slots=True)
class Version:
    row: RuleVersion
    added: Sequence[str]
    removed: Sequence[str]
    is_in_force: bool


def lines(*, now: datetime) -> list[Line]:
    """Every rule in the order of evaluation; four queries however many there are."""
    fired = {row["rule"]: row for row in _fired(now)}
    published = dict(RuleVersion.objects.values_list("rule").annotate(Max("published_at")))
    in_force = RuleVersion.objects.filter(version=F("rule__version")).select_related("rule")
    versions = {version.rule_id: version for version in in_force}
    found = []
    for rule in Rule.objects.order_by("-kind", "position", "pk"):
        hit = fired.get(rule.pk, {"hits": 0, "last": None})
        sentence = _sentence(versions[rule.pk]) if rule.pk in versions else _("Never published.")
        found.append(Line(rule, sentence, hit["hits"], hit["last"], rule.draft_at or published.get(rule.pk)))
    return found


def _fired(now: datetime) -> Any:
    return Firing.objects.order_by().values("rule").annotate(hits=Count("pk", filter=Q(at__gte=now - HITS)), last=Max("at"))


def hits(rule: Rule, *, now: datetime) -> dict[str, Any]:
    return Firing.objects.filter(rule=rule).aggregate(number=Count("pk", filter=Q(at__gte=now - HITS)), last=Max("at"))


def _sentence(version: RuleVersion) -> str:
    try:
        return wording.rule_sentence(rulebook.read(version))
    except rules.RuleError as error:
        return _("It cannot be read: %(error)s") % {"error": wording.refusal(error)}


def definition(rule: Rule) -> dict[str, Any]:
    """What the editor begins with."""
    kept = rule.draft if rule.draft is not None else rule.versions.get(version=rule.version).definition
    return {name: part for name, part in kept.items() if name not in rulebook.COLUMNS}


def words_as(rule: Rule, definition: dict[str, Any], owner: User | None) -> Words:
    """As words, were that its draft and this its owner; nothing is kept. Raises rules.RuleError."""
    tried = _with_draft(rule, definition)
    tried.owner = owner
    rulebook.candidate(tried)
    return words(tried)


def is_said_otherwise(rule: Rule, definition: dict[str, Any]) -> bool:
    """Whether these are other words than its newest; one of one is that one."""
    try:
        both = [rules.rule_to_json(rulebook.candidate(one)) for one in (rule, _with_draft(rule, definition))]
    except rules.RuleError:
        return True
    was, becomes = (builder.essence({**said, "version": 0}) for said in both)
    return bool(was != becomes)


def _with_draft(rule: Rule, definition: dict[str, Any]) -> Rule:
    tried = copy(rule)
    tried.draft = {name: part for name, part in definition.items() if name not in rulebook.COLUMNS}
    return tried


def words(rule: Rule) -> Words:
    try:
        newest = rulebook.candidate(rule)
        found = rulebook.lint(rule)
    except rules.RuleError as error:
        return Words("", (), (), (), wording.refusal(error))
    before = rule.versions.filter(version=rule.version).first() if rule.draft is not None else None
    added, removed = _difference(before, newest)
    return Words(wording.rule_sentence(newest), added, removed, found, cap=newest.fire_cap, parts=wording.telling(newest))


def versions(rule: Rule) -> list[Version]:
    """Newest first, each with what it changed."""
    rows = list(rule.versions.select_related("rule", "author"))
    before = [*rows[1:], None] if rows else []
    return [Version(row, *_difference(old, rulebook.read(row)), row.version == rule.version) for row, old in zip(rows, before, strict=True)]


def _difference(before: RuleVersion | None, after: rules.Rule) -> tuple[list[str], list[str]]:
    """The lines that came and those that went."""
    if before is None:
        return [], []
    was, becomes = wording.rule_lines(rulebook.read(before)), wording.rule_lines(after)
    return [line for line in becomes if line not in was], [line for line in was if line not in becomes]
