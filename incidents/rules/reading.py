"""Rules from JSON and back. What cannot be read is refused with the part and what to do: RuleError(path, problem)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import time
from typing import Any, cast

import re2

from incidents.rules.conditions import WEEK, pattern
from incidents.rules.fields import ACTIONS, AUDIENCES, FIELDS, OPERATORS, SHARED, Field
from incidents.rules.shapes import DEFAULT_GROUP, JSON, SCHEMA, Action, Repeat, Rule, RuleError, Tree


def _(msgid: str) -> str:
    """Marks a sentence for translation; wording translates it where it is shown."""
    return msgid


DEPTH = 8
LONGEST_WINDOW_S = 366 * 86_400
RULE_KEYS = {"schema", *(entry.name for entry in fields(Rule))}
NAMED = {"kind": ("severity", "escalation"), "mode": ("draft", "shadow", "live")}


def rule_from_json(data: object, **row: JSON) -> Rule:
    """The rule a definition says; `row` gives or overrides parts kept in columns (id, version, position, mode …)."""
    given = {"schema": SCHEMA, **_mapping(data, "rule"), **row}
    _refuse_unknown(given, RULE_KEYS, "rule")
    _choose(given["schema"], (SCHEMA,), "schema")
    whole = {name: _whole(given.get(name), name, 0) for name in ("id", "version", "position")}
    chosen = {name: _choose(given.get(name), allowed, name) for name, allowed in NAMED.items()}
    words = {name: _word(given.get(name), name) for name in ("key", "name")}
    actions = _items(given.get("actions"), "actions")
    parts: dict[str, Any] = {**whole, **chosen, **words}
    return Rule(
        **parts,
        conditions=conditions_from_json(given.get("conditions"), "conditions"),
        repeat=None if given.get("repeat") is None else repeat_from_json(given["repeat"]),
        actions=tuple(action_from_json(action, f"actions[{at}]") for at, action in enumerate(actions)),
        group=_word(given.get("group", DEFAULT_GROUP), "group"),
        fire_cap=None if given.get("fire_cap") is None else _whole(given["fire_cap"], "fire_cap", 1),
    )


def rule_to_json(rule: Rule) -> dict[str, Any]:
    return {"schema": SCHEMA, **_plain(asdict(rule))}


def conditions_from_json(data: object, path: str = "conditions", *, in_when: bool = False, depth: int = 0) -> Tree:
    """A tree of {"all": […]}, {"any": […]}, {"not": …} and {"field", "op", "value"}, checked throughout."""
    tree = _mapping(data, path)
    if depth > DEPTH:
        raise RuleError(path, _("is nested more than %(most)s deep; split the rule in two"), most=f"{DEPTH}")
    if "field" in tree:
        return _leaf(tree, path, in_when)
    if len(tree) != 1 or next(iter(tree)) not in ("all", "any", "not"):
        raise RuleError(path, _("needs exactly one of all, any, not, or a field with op and value"))
    word = next(iter(tree))
    if word == "not":
        return {"not": conditions_from_json(tree["not"], f"{path}.not", in_when=in_when, depth=depth + 1)}
    listed = enumerate(_items(tree[word], f"{path}.{word}"))
    return {word: [conditions_from_json(part, f"{path}.{word}[{at}]", in_when=in_when, depth=depth + 1) for at, part in listed]}


def _leaf(leaf: Mapping[str, Any], path: str, in_when: bool) -> Tree:
    _refuse_unknown(leaf, {"field", "op", "value"}, path)
    field = FIELDS.get(leaf["field"]) if isinstance(leaf["field"], str) else None
    if field is None:
        raise RuleError(f"{path}.field", _("there is no field %(name)s; choose one of the register"), name=f"{leaf['field']!r}")
    if field.only_in_when and not in_when:
        raise RuleError(f"{path}.field", _("is known only after counting; use it in the when of an action, or a repeat clause"))
    op = _choose(leaf.get("op"), OPERATORS[field.kind], f"{path}.op")
    VALUES[op](leaf.get("value"), field, f"{path}.value")
    return {"field": field.name, "op": op, **({"value": _plain(leaf["value"])} if leaf.get("value") is not None else {})}


def repeat_from_json(data: object, path: str = "repeat") -> Repeat:
    given = dict(_mapping(data, path))
    _refuse_unknown(given, {entry.name for entry in fields(Repeat)}, path)
    same = tuple(_choose(name, tuple(SHARED), f"{path}.same") for name in _items(given.get("same"), f"{path}.same"))
    if not same:
        raise RuleError(f"{path}.same", _("needs at least one of %(known)s"), known=", ".join(SHARED))
    window = _whole(given.get("within_s"), f"{path}.within_s", 1)
    if window > LONGEST_WINDOW_S:
        raise RuleError(f"{path}.within_s", _("is longer than a year; give a shorter window"))
    usual, loose = given.get("times_usual"), given.get("at_least_without_history")
    return Repeat(
        at_least=_whole(given.get("at_least"), f"{path}.at_least", 1),
        within_s=window,
        same=same,
        of=_choose(given.get("of", "tickets"), ("tickets", "alerts"), f"{path}.of"),
        distinct_people=_flag(given.get("distinct_people", False), f"{path}.distinct_people"),
        times_usual=None if usual is None else _positive(usual, f"{path}.times_usual"),
        weeks_of_history=_positive(given.get("weeks_of_history", 8), f"{path}.weeks_of_history"),
        at_least_without_history=None if loose is None else _whole(loose, f"{path}.at_least_without_history", 1),
        after_solved=_flag(given.get("after_solved", False), f"{path}.after_solved"),
    )


def action_from_json(data: object, path: str) -> Action:
    given = _mapping(data, path)
    _refuse_unknown(given, {"do", "args", "when"}, path)
    do = _choose(given.get("do"), tuple(ACTIONS), f"{path}.do")
    args = dict(_mapping(given.get("args") or {}, f"{path}.args"))
    _refuse_unknown(args, set(ACTIONS[do]), f"{path}.args")
    for name, kind in ACTIONS[do].items():
        if args.get(name) is not None or not kind.endswith("?"):
            ARGUMENTS[kind.rstrip("?")](args.get(name), f"{path}.args.{name}")
    if do == "raise_severity" and ("levels" in args) == ("at_least" in args):
        raise RuleError(f"{path}.args", _("needs either levels or at_least"))
    when = given.get("when")
    return Action(do, args, None if when is None else conditions_from_json(when, f"{path}.when", in_when=True))


def _mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RuleError(path, _("needs an object with named parts"))
    return value


def _items(value: object, path: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise RuleError(path, _("needs a list"))
    return value


def _refuse_unknown(given: Mapping[str, Any], allowed: set[str], path: str) -> None:
    for name in given:
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            problem = _("is not known here; use %(known)s") if known else _("is not known here; leave it out")
            raise RuleError(f"{path}.{name}", problem, **({"known": known} if known else {}))


def _choose(value: Any, allowed: Sequence[Any], path: str) -> Any:
    if isinstance(value, bool) or value not in allowed:
        raise RuleError(path, _("%(value)s is not one of %(known)s"), value=f"{value!r}", known=", ".join(map(str, allowed)))
    return value


def _word(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RuleError(path, _("needs a text"))
    return value


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise RuleError(path, _("needs true or false"))
    return value


def _whole(value: Any, path: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RuleError(path, _("needs a whole number from %(least)s up"), least=f"{least}")
    return value


def _positive(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise RuleError(path, _("needs a number greater than 0"))
    return value


def _number(value: Any, _field: Field, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) == float("inf"):
        raise RuleError(path, _("needs a number"))


def _one(value: Any, field: Field, path: str) -> None:
    """A value the field can have, for `is`."""
    if field.kind == "flag":
        _flag(value, path)
    elif field.kind == "number":
        _number(value, field, path)
    elif field.choices:
        _choose(value, tuple(field.choices), path)
    else:
        _word(value, path)


def _several(value: Any, field: Field, path: str) -> None:
    listed = _items(value, path)
    if not listed:
        raise RuleError(path, _("needs at least one value"))
    for at, item in enumerate(listed):
        _choose(item, WEEK, f"{path}[{at}]") if field.kind == "weekday" else _one(item, field, f"{path}[{at}]")


def _text(value: Any, _field: Field, path: str) -> None:
    _word(value, path)


def _expression(value: Any, _field: Field, path: str) -> None:
    try:
        pattern(_word(value, path))
    except re2.error as error:
        raise RuleError(path, _("is not a pattern that RE2 reads: %(why)s"), why=f"{error}") from error


def _seconds(value: Any, _field: Field, path: str) -> None:
    _whole(value, path, 0)


def _times(value: Any, _field: Field, path: str) -> None:
    try:
        start, end = map(time.fromisoformat, _items(value, path))
    except (TypeError, ValueError) as error:
        raise RuleError(path, _('needs two times of day, as ["22:00", "07:00"]')) from error
    if start.tzinfo or end.tzinfo or start == end:
        raise RuleError(path, _("needs two different times of day without a zone"))


def _nothing(value: Any, _field: Field, path: str) -> None:
    if value is not None:
        raise RuleError(path, _("is not needed; leave it out"))


def _yes_or_no(value: Any, _field: Field, path: str) -> None:
    _flag(value, path)


def _plain(value: Any) -> Any:
    """Tuples as lists, throughout, so that what is kept equals what was read."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


VALUES: Mapping[str, Callable[[Any, Field, str], None]] = {
    "is": _one,
    "is_not": _one,
    "in": _several,
    "not_in": _several,
    "at_least": _number,
    "at_most": _number,
    "contains": _text,
    "matches": _expression,
    "has": _text,
    "passed": _nothing,
    "for_at_least": _seconds,
    "between": _times,
    "is_set": _yes_or_no,
}
ARGUMENTS: Mapping[str, Callable[[Any, str], object]] = {
    "rank": lambda value, path: _choose(value, (1, 2, 3, 4), path),
    "levels": lambda value, path: _choose(value, (1, 2, 3), path),
    "kind": lambda value, path: _choose(value, tuple(cast("Any", FIELDS["ticket.kind"].choices)), path),
    "audience": lambda value, path: _choose(value, tuple(AUDIENCES), path),
    "name": _word,
}
