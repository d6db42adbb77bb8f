"""What was changed in the configuration between two moments, read from the audit trail: who, when, what it was, what it became."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import Model, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from servicedesk.audit.models import AuditEntry

MATERIAL = (
    "incidents.rule", "incidents.policy", "incidents.policystep", "incidents.severitylevel", "incidents.plan", "incidents.vendor",
    "incidents.servicelevel",
    "oncall.schedule", "oncall.rotation", "notifications.contactmethod", "tokens.apitoken",
    "directory.user", "directory.team", "directory.service", "directory.site", "directory.organisation",
)  # fmt: skip
DAILY = (
    "found", "founded", "edit", "discard", "confirm reading", "override", "withdraw override", "verify", "flag",
    "arrange ladder", "quiet hours", "choose notices", "subscribe", "start", "cancel",
    "signed in", "password changed", "password reset", "totp activated", "recovery codes generated",
)  # fmt: skip
BY_DIRECTORY = (
    "granted by a group", "lost with a group", "known in the directory", "changed by the directory", "came from the directory",
    "came by the company's sign-in",
)  # fmt: skip
"""Verbs that are no change of what is configured: drafts, people's own settings and sign-ins, the daily exchange of shifts."""
TOGETHER = timedelta(seconds=10)  # one press of Save writes several rows
MOST = 500
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass
class Change:
    """`before` and `after` are words by field name; `note` is why it was published, where somebody wrote it down."""

    at: datetime
    who: str
    what: str
    href: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(), "who": self.who, "what": self.what, "before": self.before, "after": self.after, "note": self.note,
        }  # fmt: skip


def between(since: datetime, until: datetime) -> list[Change]:
    """Oldest first. What one person did to one thing within seconds is one change."""
    groups = list(_together(_rows(since, until).order_by("at", "id")[:MOST]))
    known = _things(groups)
    return [_change(entries, known) for entries in groups]


def left_out(since: datetime, until: datetime) -> int:
    """How many entries of the trail `between` does not tell, as they came after the first MOST."""
    return max(_rows(since, until).count() - MOST, 0)


def trail(since: datetime, until: datetime) -> str:
    """Where all of them stand: the trail of that time and those things, what is no change of a configuration among it."""
    asked = {"at__gte": since.isoformat(), "at__lte": until.isoformat(), "noun__in": ",".join(MATERIAL)}
    return f"{reverse('admin:audit_auditentry_changelist')}?{urlencode(asked)}"


def _rows(since: datetime, until: datetime) -> QuerySet[AuditEntry]:
    by_somebody = Q(actor__isnull=False) | Q(verb__in=BY_DIRECTORY)
    return AuditEntry.objects.filter(by_somebody, noun__in=MATERIAL, at__gt=since, at__lte=until).exclude(verb__in=DAILY)


def _things(groups: Iterable[list[AuditEntry]]) -> dict[tuple[str, str], Model]:
    """What was changed, where it still is: one statement a kind."""
    keys: dict[str, set[str]] = {}
    for first, *_rest in groups:
        if first.object_id.isdecimal():
            keys.setdefault(first.noun, set()).add(first.object_id)
    found = {noun: apps.get_model(noun)._default_manager.in_bulk(list(ids)) for noun, ids in keys.items()}
    return {(noun, str(pk)): row for noun, rows in found.items() for pk, row in rows.items()}


def _together(rows: Iterable[AuditEntry]) -> Iterator[list[AuditEntry]]:
    kept: list[AuditEntry] = []
    for row in rows:
        if kept and not _belongs(kept[-1], row):
            yield kept
            kept = []
        kept.append(row)
    if kept:
        yield kept


def _belongs(one: AuditEntry, other: AuditEntry) -> bool:
    is_same = (one.noun, one.object_id, one.actor_id) == (other.noun, other.object_id, other.actor_id)
    return is_same and other.at - one.at <= TOGETHER


def _change(rows: list[AuditEntry], known: Mapping[tuple[str, str], Model]) -> Change:
    first = rows[0]
    model = apps.get_model(first.noun)
    made = Change(
        first.at, first.actor_label, _what(model, first.object_id, known.get((first.noun, first.object_id))), _href(model, first.object_id)
    )
    for row in rows:
        made.note = str(row.after.get("note") or made.note)
        for name in [*row.before, *(name for name in row.after if name not in row.before)]:
            if name != "note" and row.before.get(name) != row.after.get(name):
                _put(made, model, name, row)
    if not (made.before or made.after):
        made.after[_("done")] = first.verb
    return made


def _put(made: Change, model: type[Model], name: str, row: AuditEntry) -> None:
    label = _label(model, name)
    if row.before.get(name) not in EMPTY:
        made.before.setdefault(label, _said(row.before[name]))
    if row.after.get(name) not in EMPTY:
        made.after[label] = _said(row.after[name])


def _what(model: type[Model], key: str, found: Model | None) -> str:
    """The kind of thing and its name as it is now; its number where it is gone."""
    return f"{capfirst(model._meta.verbose_name)} {found or key}"


def _href(model: type[Model], key: str) -> str:
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_history", args=[key])
    except NoReverseMatch:
        return ""


def _label(model: type[Model], name: str) -> str:
    known = {one.name: one for one in model._meta.get_fields()}
    return str(getattr(known.get(name), "verbose_name", name))


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_said(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
