"""Taking a person's name, addresses and numbers out of every text: of the desk's rows, and of the trail without breaking its chain."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from servicedesk.audit import chain
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import User

# signed, frozen or published by somebody: kept as they were signed
FROZEN = {
    "incidents.planreview", "incidents.reviewitem", "incidents.reviewfile", "incidents.planversion", "incidents.policyversion",
    "incidents.ruleversion", "audit.auditentry", "audit.legalhold", "directory.user",
}  # fmt: skip
NOT_OURS = {"auth", "contenttypes", "sessions", "account", "mfa", "socialaccount", "usersessions", "admin"}
LEAST_WORDS = 2  # a name of one word may be any word: it is left to the list that people look through
LEAST_DIGITS = 7
AT_ONCE = 500
TEXT = "_as_text"


@dataclass(frozen=True, slots=True)
class Names:
    """What a person is called, and what they are called from now on."""

    username: str
    name: str
    addresses: frozenset[str]
    pseudonym: str

    def needles(self) -> list[re.Pattern[str]]:
        """What names them beyond doubt: addresses, numbers, and a name of several words."""
        sure = [one for one in sorted(self.addresses, key=len, reverse=True) if "@" in one or len(re.sub(r"\D", "", one)) >= LEAST_DIGITS]
        found = [re.compile(re.escape(one), re.IGNORECASE) for one in sure]
        if len(self.name.split()) >= LEAST_WORDS:
            found.append(re.compile(rf"\b{re.escape(self.name)}\b", re.IGNORECASE))
        return found

    def clean(self, value: Any, *, is_json: bool = False) -> Any:
        """The same without them. Within JSON their user name goes too, where it is a whole value."""
        if isinstance(value, dict):
            return {key: self.clean(one, is_json=True) for key, one in value.items()}
        if isinstance(value, list):
            return [self.clean(one, is_json=True) for one in value]
        if not isinstance(value, str):
            return value
        if is_json and value in (self.username, self.name):
            return self.pseudonym
        for needle in self.needles():
            value = needle.sub(self.pseudonym, value)
        return value


def scrub(names: Names) -> int:
    """How many rows were changed, of all models but the signed ones and the trail."""
    return sum(_scrub(model, columns, names) for model, columns in _texts())


def redact(names: Names, person: User) -> tuple[int, dict[str, str]]:
    """How many rows of the trail were changed; of the sealed ones, by number, the hash of what each says now."""
    columns = [AuditEntry._meta.get_field(name) for name in ("before", "after")]
    rows = _annotated(AuditEntry.objects.all(), columns).filter(_naming(columns, names) | Q(actor=person))
    changed, sealed = 0, dict[str, str]()
    for row in rows.order_by("pk").iterator(chunk_size=AT_ONCE):
        new = {name: names.clean(getattr(row, name), is_json=True) for name in ("before", "after")}
        new["actor_label"] = names.pseudonym if row.actor_id == person.pk else row.actor_label
        if any(getattr(row, name) != value for name, value in new.items()):
            changed += AuditEntry.objects.filter(pk=row.pk).update(**new)
            row.before, row.after, row.actor_label = new["before"], new["after"], new["actor_label"]
            sealed |= {str(row.pk): chain.words_digest(row)} if row.sequence else {}
    return changed, sealed


def _texts() -> Iterator[tuple[Any, list[Any]]]:
    """Every model with the columns people's words stand in."""
    for model in apps.get_models():
        if model._meta.app_label not in NOT_OURS and model._meta.label_lower not in FROZEN:
            columns = [one for one in model._meta.concrete_fields if _is_text(one)]
            if columns:
                yield model, columns


def _is_text(column: Any) -> bool:
    if isinstance(column, models.JSONField):
        return True
    return isinstance(column, models.CharField | models.TextField) and not (column.choices or column.primary_key or column.unique)


def _scrub(model: Any, columns: list[Any], names: Names) -> int:
    done = 0
    rows = _annotated(model._base_manager.filter(pk__isnull=False), columns).filter(_naming(columns, names))
    for row in rows.order_by("pk").iterator(chunk_size=AT_ONCE):
        new = {one.attname: _fit(names.clean(getattr(row, one.attname)), one) for one in columns}
        other = {name: value for name, value in new.items() if value != getattr(row, name)}
        done += model._base_manager.filter(pk=row.pk).update(**other) if other else 0
    return done


def _fit(value: Any, column: Any) -> Any:
    return value[: column.max_length] if isinstance(value, str) and column.max_length else value


def _annotated(rows: Any, columns: Iterable[Any]) -> Any:
    """JSON as the text it is stored as, to look for words in it."""
    return rows.annotate(**{one.attname + TEXT: Cast(one.name, models.TextField()) for one in columns if isinstance(one, models.JSONField)})


def _naming(columns: Iterable[Any], names: Names) -> Q:
    """Rows in which one of their names stands, before anybody looks closer."""
    asked = Q(pk__in=[])
    for column in columns:
        is_json = isinstance(column, models.JSONField)
        for word in {names.name, *names.addresses, *([names.username] if is_json else [])} - {""}:
            for form in {word, json.dumps(word)[1:-1]} if is_json else {word}:
                asked |= Q(**{f"{column.attname}{TEXT if is_json else ''}__icontains": form})
    return asked
