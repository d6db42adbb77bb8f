"""Conditions under three values: true, false, and None, which is not decidable. Kleene's tables; nothing is guessed.

A fact that is absent is not known (None). A fact that is null is known to be nothing, so comparisons with it are false;
only a flag has no such thing as nothing, so a null one is not known either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, TypeAlias, cast
from zoneinfo import ZoneInfo

import re2

from incidents.rules.fields import FIELDS, Field
from incidents.rules.shapes import JSON, Facts, Seen, Tree
from servicedesk import plain

Test: TypeAlias = Callable[[Any, Any, "datetime | None"], "bool | None"]

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
READABLE = 20_000  # characters of a text that a pattern reads


def truth(tree: Tree, facts: Facts, now: datetime | None) -> bool | None:
    """Whether the tree holds. Without `now` every condition on time is undecided."""
    return weigh(tree, facts, now, [])[0]


def weigh(tree: Tree, facts: Facts, now: datetime | None, trace: list[Seen]) -> tuple[bool | None, tuple[int, ...]]:
    """The tree's value, and the places in `trace` of the conditions that make it so: all of those it needs, else the first
    that does. Every condition is read, so that the trace is whole.
    """
    if "field" in tree:
        trace.append(_leaf(tree, facts, now))
        return trace[-1].passed, (len(trace) - 1,)
    if "not" in tree:
        value, why = weigh(cast("Tree", tree["not"]), facts, now, trace)
        return negated(value), why
    found = [weigh(part, facts, now, trace) for part in parts(tree)]
    decisive = "any" in tree  # one true part decides an any, one false part decides an all
    for decided in (decisive, None):
        for held, why in found:
            if held is decided:
                return decided, why
    return not decisive, tuple(place for _held, why in found for place in why)


def parts(tree: Tree) -> Sequence[Tree]:
    return cast("Sequence[Tree]", tree.get("all", tree.get("any", ())))


def leaves(tree: Tree) -> Iterator[Tree]:
    """Every field-operator-value of the tree, left to right."""
    if "field" in tree:
        yield tree
    elif "not" in tree:
        yield from leaves(cast("Tree", tree["not"]))
    else:
        for part in parts(tree):
            yield from leaves(part)


def negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _leaf(leaf: Tree, facts: Facts, now: datetime | None) -> Seen:
    name, op, wanted = leaf["field"], leaf["op"], leaf.get("value")
    field = FIELDS[name]  # type: ignore[index]  # reading.py lets only known names in
    known, seen = fact(field, facts, now)
    return Seen(field.name, op, wanted, seen, _negatable(op, seen, wanted, now) if known else None)  # type: ignore[arg-type]


def fact(field: Field, facts: Facts, now: datetime | None) -> tuple[bool, JSON]:
    """Whether the fact is known, and its value. Times of day come from `now` in the fact `time.zone`."""
    if field.kind in ("clock", "weekday"):
        return _by_the_clock(field, facts, now)
    if field.name not in facts:
        return False, None
    return field.changes_at is None or not _is_stale(facts.get(field.changes_at), now), facts[field.name]


def _by_the_clock(field: Field, facts: Facts, now: datetime | None) -> tuple[bool, JSON]:
    zone = facts.get("time.zone")
    if now is None or not isinstance(zone, str):
        return False, None
    local = now.astimezone(ZoneInfo(zone))
    return True, WEEK[local.weekday()] if field.kind == "weekday" else local.strftime("%H:%M:%S")


def _is_stale(changes_at: JSON, now: datetime | None) -> bool:
    """The fact says when it ends, and that moment has come (or there is no telling)."""
    end = moment(changes_at)
    return end is not None and (now is None or now >= end)


def moment(value: JSON) -> datetime | None:
    """An ISO date and time with its offset; anything else is no moment."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None


def _negatable(op: str, seen: JSON, wanted: JSON, now: datetime | None) -> bool | None:
    if op in NEGATIONS:
        return negated(_negatable(NEGATIONS[op], seen, wanted, now))
    if op == "is_set":
        return (seen not in (None, "", [])) is bool(wanted)
    if seen is None:
        return None if isinstance(wanted, bool) else False
    return TESTS[op](seen, wanted, now)


def _is(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    return bool(seen == wanted) if type(seen) is type(wanted) or _both_numbers(seen, wanted) else None


def _in(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    return seen in wanted if isinstance(seen, str) else None


def _at_least(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    return bool(seen >= wanted) if _both_numbers(seen, wanted) else None


def _at_most(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    return bool(seen <= wanted) if _both_numbers(seen, wanted) else None


def _contains(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    return _plain(wanted) in _plain(seen) if isinstance(seen, str) else None


def _plain(text: str) -> str:
    """The two ways of writing an accent are one, and so are large and small letters."""
    return plain.composed(text).casefold()


def _matches(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    return pattern(wanted).search(seen[:READABLE]) is not None if isinstance(seen, str) else None


def _has(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    return wanted in seen if isinstance(seen, (list, tuple)) else None


def _passed(seen: Any, _wanted: Any, now: datetime | None) -> bool | None:
    return _for_at_least(seen, 0, now)


def _for_at_least(seen: Any, wanted: Any, now: datetime | None) -> bool | None:
    since = moment(seen)
    return None if since is None or now is None else now - since >= timedelta(seconds=wanted)


def _between(seen: Any, wanted: Any, _now: datetime | None) -> bool | None:
    """From the first time of day up to, not including, the second; over midnight where the second is earlier."""
    at, start, end = time.fromisoformat(seen), *map(time.fromisoformat, wanted)
    return start <= at < end if start <= end else at >= start or at < end


def _both_numbers(one: Any, other: Any) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (one, other))


@cache
def pattern(wanted: str) -> Any:
    """RE2 only: no pattern of a user can take more than linear time. Raises re2.error."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(wanted, options)


NEGATIONS: Mapping[str, str] = {"is_not": "is", "not_in": "in"}
TESTS: Mapping[str, Test] = {
    "is": _is,
    "in": _in,
    "at_least": _at_least,
    "at_most": _at_most,
    "contains": _contains,
    "matches": _matches,
    "has": _has,
    "passed": _passed,
    "for_at_least": _for_at_least,
    "between": _between,
}
