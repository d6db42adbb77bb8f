"""One condition in words, as a rule asks it or as a decision saw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, cast

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later
from django.utils.translation import ngettext

from incidents.rules import FIELDS, JSON, Field, Seen, Tree
from servicedesk.directory import moments

Phrases: TypeAlias = Mapping[str, tuple["str | Promise", "str | Promise"]]

HOUR, DAY = 3600, 86_400
NEGATIONS = {"is_not": "is", "not_in": "in"}

PHRASES: Phrases = {  # what it says where it holds, and where it does not
    "is": (later("%(field)s is %(value)s"), later("%(field)s is not %(value)s")),
    "in": (later("%(field)s is %(value)s"), later("%(field)s is not %(value)s")),
    "at_least": (later("%(field)s is at least %(value)s"), later("%(field)s is less than %(value)s")),
    "at_most": (later("%(field)s is at most %(value)s"), later("%(field)s is more than %(value)s")),
    "contains": (later("%(field)s contains “%(value)s”"), later("%(field)s does not contain “%(value)s”")),
    "matches": (later("%(field)s matches “%(value)s”"), later("%(field)s does not match “%(value)s”")),
    "has": (later("%(field)s have “%(value)s”"), later("%(field)s do not have “%(value)s”")),
    "between": (later("%(field)s is between %(value)s"), later("%(field)s is not between %(value)s")),
    "passed": (later("%(field)s has passed"), later("%(field)s has not passed")),
    "for_at_least": (later("%(field)s for at least %(value)s"), later("%(field)s for less than %(value)s")),
    "known": (later("%(field)s is known"), later("%(field)s is not known")),
}
RANKS: Phrases = {  # a smaller rank is a higher severity
    **PHRASES,
    "at_least": (later("%(field)s is %(value)s or lower"), later("%(field)s is higher than %(value)s")),
    "at_most": (later("%(field)s is %(value)s or higher"), later("%(field)s is lower than %(value)s")),
}


def duration(seconds: float) -> str:
    """ "5 min", "24 h" and "7 days" for round spans, else "1 h 05 min"."""
    whole = int(seconds)
    if whole > DAY and whole % DAY == 0:
        return ngettext("%(n)d day", "%(n)d days", whole // DAY) % {"n": whole // DAY}
    if HOUR <= whole <= DAY and whole % HOUR == 0:
        return _("%(n)d h") % {"n": whole // HOUR}
    return moments.duration(timedelta(seconds=whole))


def severity(rank: int | None) -> str:
    return _("Not rated") if rank is None else f"SEV{rank}"


def clause(leaf: Tree, *, holds: bool = True) -> str:
    """One field-operator-value: "everyone is impacted", "the severity is SEV2 or higher"; or that it does not hold."""
    field, op, wanted = FIELDS[cast("str", leaf["field"])], cast("str", leaf["op"]), leaf.get("value")
    if op in NEGATIONS:
        op, holds = NEGATIONS[op], not holds
    if op == "is_set":
        op, holds = "known", holds is bool(wanted)
    if field.kind == "flag":
        return _flag(field, bool(wanted) is holds)
    if holds and op in ("is", "in") and field.clauses:
        return alternatives([_(field.clauses[value]) for value in _listed(wanted)])
    return phrase(field, op, values(field, op, wanted), holds=holds)


def told(leaf: Tree) -> list[str]:
    """What tells a clause from others of the same field: its value, or the whole of it where the value is a clause."""
    field, op, wanted = FIELDS[cast("str", leaf["field"])], cast("str", leaf["op"]), leaf.get("value")
    if field.kind == "flag":
        return [_flag(field, bool(wanted))]
    if wanted is None or op == "is_set":
        return []
    if op in ("is", "in") and field.clauses:
        return [_(field.clauses[value]) for value in _listed(wanted)]
    return [values(field, op, wanted)]


def seen_words(seen: Seen) -> str:
    """One condition by the value it saw: "only one person", "cannot work", "the service is email"."""
    field = FIELDS[seen.field]
    if seen.seen in (None, "", []) and field.kind != "flag":
        return phrase(field, "known", "", holds=False)
    if field.kind in ("time", "text", "list"):
        return clause({"field": seen.field, "op": seen.op, "value": seen.wanted}, holds=bool(seen.passed))
    if seen.field == "ticket.impact":
        return _(field.choices.get(cast("str", seen.seen), str(seen.seen)))
    return clause({"field": seen.field, "op": "is", "value": seen.seen})


def phrase(field: Field, op: str, value: str, *, holds: bool) -> str:
    said, unsaid = (RANKS if field.name == "ticket.severity" else PHRASES)[op]
    return str((said if holds else unsaid) % {"field": _(field.label), "value": value})


def values(field: Field, op: str, wanted: JSON) -> str:
    """The value as people write it: words for choices, SEV2 for ranks, a span for seconds."""
    if op == "for_at_least":
        return duration(cast("float", wanted))
    if op == "between":
        return _("%(start)s and %(end)s") % dict(zip(("start", "end"), cast("Sequence[str]", wanted), strict=True))
    if field.name == "ticket.severity" and wanted is not None:
        return severity(cast("int", wanted))
    return alternatives([_(field.choices[value]) if value in field.choices else f"{value}" for value in _listed(wanted)])


def listed(words: Sequence[str]) -> str:
    """ "a, b and c" """
    return _together(words, _("%(most)s and %(last)s"))


def alternatives(words: Sequence[str]) -> str:
    """ "a, b or c" """
    return _together(words, _("%(most)s or %(last)s"))


def _together(words: Sequence[str], pattern: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return pattern % {"most": ", ".join(words[:-1]), "last": words[-1]}


def _flag(field: Field, value: bool) -> str:
    """A flag has a clause for yes and may have one for no."""
    word = field.clauses.get("true" if value else "false")
    if word:
        return _(word)
    return _(field.label) if value else _("not: %(what)s") % {"what": _(field.label)}


def _listed(wanted: JSON) -> list[Any]:
    return list(wanted) if isinstance(wanted, (list, tuple)) else [wanted]
