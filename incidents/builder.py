"""A rule as rows of a form, and such rows as a rule again. Pure words and values; rules.reading says what is wrong with them.

Rows of one letter belong together: where all groups must hold, any row of a group is enough, and the other way round.
Rows of a number are the condition of that action: one of them is enough. What is nested deeper has no rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from incidents.rules import FIELDS, OPERATORS, RuleError, Tree

LETTERS = "ABCDEFGH"
NUMBERS = "12345678"
OTHER = {"all": "any", "any": "all"}
NEGATED = {"is_not", "not_in"}
NOT = "not "
SPANS = {"s": 1, "min": 60, "h": 3600, "day": 86_400, "days": 86_400}
SPAN = re.compile(r"^\s*(\d+)\s*(s|min|h|days?)?\s*$")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition. `op` begins with "not " where it must not hold; `error` says what is wrong with it."""

    target: str = ""
    field: str = ""
    op: str = ""
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """`args`: "to=2", "levels=1, cap=2"."""

    do: str = ""
    args: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything of a rule that a form holds; `rest` is what other fields of it say (repeat, group, fire_cap, name)."""

    match: str = "all"
    rows: Sequence[Row] = ()
    actions: Sequence[ActionRow] = ()
    rest: Mapping[str, Any] = field(default_factory=dict)


def sheet_of(definition: Mapping[str, Any]) -> Sheet | None:
    """The rows of a definition; None: it is nested deeper than rows can say."""
    found = _groups(definition.get("conditions") or {"all": []})
    if found is None:
        return None
    match, groups = found
    rows = [_row(leaf, letter) for letter, group in zip(LETTERS, groups, strict=False) for leaf in group]
    actions = []
    for number, action in zip(NUMBERS, definition.get("actions") or [], strict=False):
        needs = _alternatives(action.get("when"))
        if needs is None:
            return None
        rows += [_row(leaf, number) for leaf in needs]
        actions.append(ActionRow(action["do"], ", ".join(f"{name}={value}" for name, value in (action.get("args") or {}).items())))
    if len(groups) > len(LETTERS) or len(definition.get("actions") or []) > len(NUMBERS):
        return None
    return Sheet(match, rows, actions, definition)


def _groups(tree: Tree) -> tuple[str, list[list[Tree]]] | None:
    if _is_leaf(tree):
        return "all", [[tree]]
    match = next(iter(tree))
    if match not in OTHER:
        return None
    groups: list[list[Tree]] = []
    for part in cast("Sequence[Tree]", tree[match]):
        inner = [part] if _is_leaf(part) else cast("list[Tree]", list(cast("Sequence[Tree]", part.get(OTHER[match]) or ())))
        if not inner or not all(map(_is_leaf, inner)):
            return None
        groups.append(inner)
    return match, groups


def _alternatives(when: Tree | None) -> list[Tree] | None:
    if when is None:
        return []
    parts = [when] if _is_leaf(when) else list(cast("Sequence[Tree]", when.get("any") or ()))
    return parts if parts and all(map(_is_leaf, parts)) else None


def _is_leaf(tree: Tree) -> bool:
    inner = cast("Tree", tree.get("not", {}))
    return "field" in tree or ("field" in inner and inner["op"] not in NEGATED)


def _row(tree: Tree, target: str) -> Row:
    leaf = tree if "field" in tree else cast("Tree", tree["not"])
    op = cast("str", leaf["op"])
    return Row(target, cast("str", leaf["field"]), op if leaf is tree else NOT + op, shown(op, leaf.get("value")))


def shown(op: str, value: Any) -> str:
    """A value as people type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if op == "between":
        return " to ".join(value)
    if op == "for_at_least":
        return span(value)
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def span(seconds: int) -> str:
    """ "5 min", "4 h", "7 days" """
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds % length == 0 and seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def seconds_of(words: str) -> int | str:
    """Seconds; the words themselves where they are no span."""
    found = SPAN.match(words)
    return int(found[1]) * SPANS[found[2] or "s"] if found else words


def typed(name: str, op: str, words: str) -> Any:
    """A value as the rule keeps it; what cannot be read stays as it is, and is refused with its place."""
    words, kind = words.strip(), FIELDS[name].kind if name in FIELDS else "text"
    if op == "passed":
        return None
    if op == "is_set" or kind == "flag":
        return {"yes": True, "no": False}.get(words.casefold(), words)
    if op == "between":
        return [part.strip() for part in re.split(r"\s+to\s+|\s*-\s*", words)]
    if op in ("in", "not_in"):
        return [part.strip() for part in words.split(",") if part.strip()]
    if op == "for_at_least":
        return seconds_of(words)
    return _number(words) if kind == "number" else words


def _number(words: str) -> Any:
    try:
        return int(words)
    except ValueError:
        return words


def definition_of(sheet: Sheet) -> dict[str, Any]:
    """The definition these rows say. Rows without a field, and actions without a deed, are left out."""
    return definition_and_places(sheet)[0]


def definition_and_places(sheet: Sheet) -> tuple[dict[str, Any], dict[str, int]]:
    """And where in it each row stands, by path."""
    places: dict[str, int] = {}
    groups: dict[str, list[tuple[int, Row]]] = {}
    for at, row in enumerate(sheet.rows):
        if row.field:
            groups.setdefault(row.target or LETTERS[0], []).append((at, row))
    letters = [letter for letter in sorted(groups) if letter in LETTERS]
    parts: list[dict[str, Any]] = []
    for letter in letters:
        path = f"conditions.{sheet.match}[{len(parts)}]"
        parts.append(_joined([_leaf(row) for _at, row in groups[letter]], OTHER[sheet.match]))
        _mark(places, path, OTHER[sheet.match], groups[letter])
    actions = [action for action in sheet.actions if action.do]
    said = [_action(action, groups.get(number, ())) for number, action in zip(NUMBERS, actions, strict=False)]
    for nth, number in enumerate(NUMBERS[: len(actions)]):
        _mark(places, f"actions[{nth}].when", "any", groups.get(number, ()))
    return {**sheet.rest, "conditions": {sheet.match: parts}, "actions": said}, places


def _mark(places: dict[str, int], path: str, word: str, rows: Sequence[tuple[int, Row]]) -> None:
    for nth, (at, _condition) in enumerate(rows):
        places[path if len(rows) == 1 else f"{path}.{word}[{nth}]"] = at


def _joined(leaves: list[dict[str, Any]], word: str) -> dict[str, Any]:
    return leaves[0] if len(leaves) == 1 else {word: leaves}


def _leaf(row: Row) -> dict[str, Any]:
    op = row.op.removeprefix(NOT)
    value = typed(row.field, op, row.value)
    leaf = {"field": row.field, "op": op, **({"value": value} if value is not None else {})}
    return {"not": leaf} if row.op.startswith(NOT) else leaf


def _action(action: ActionRow, needs: Iterable[tuple[int, Row]]) -> dict[str, Any]:
    args = {}
    for part in filter(None, (part.strip() for part in action.args.split(","))):
        name, _sep, value = part.partition("=")
        args[name.strip()] = _number(value.strip())
    when = [_leaf(row) for _at, row in needs]
    return {"do": action.do, **({"args": args} if args else {}), **({"when": _joined(when, "any")} if when else {})}


def marked(sheet: Sheet, error: RuleError) -> Sheet:
    """The sheet with the error on the row it is about; unchanged where it is about none."""
    places = definition_and_places(sheet)[1]
    near = [path for path in places if error.path == path or error.path.startswith((f"{path}.", f"{path}["))]
    if near:
        at = places[max(near, key=len)]
        rows = [replace(row, error=error.problem) if n == at else row for n, row in enumerate(sheet.rows)]
        return replace(sheet, rows=rows)
    found = re.match(r"actions\[(\d+)\]", error.path)
    kept = [at for at, action in enumerate(sheet.actions) if action.do]
    if found and int(found[1]) < len(kept):
        actions = [replace(one, error=error.problem) if n == kept[int(found[1])] else one for n, one in enumerate(sheet.actions)]
        return replace(sheet, actions=actions)
    return sheet


def operators() -> list[str]:
    """Every operator, and those that have no negation of their own negated."""
    known = list(dict.fromkeys(op for ops in OPERATORS.values() for op in ops))
    return [*known, *(NOT + op for op in known if op not in NEGATED and op not in ("is", "in", "is_set"))]
