"""A rule as rows of a form, and such rows as a rule again. Pure words and values; rules.reading says what is wrong with them.

Rows of one letter belong together: where all groups must hold, any row of a group is enough, and the other way round.
Rows of a number are the condition of the action at that place: one of them is enough. What is nested deeper has no rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from incidents import entries
from incidents.rules import FIELDS, OPERATORS, RuleError, Tree

LETTERS = "ABCDEFGH"
NUMBERS = "12345678"
OTHER = {"all": "any", "any": "all"}
NOT = "not "
BY_RANK = {"at_most": "or_higher", "at_least": "or_lower"}
OF_RANK = {word: op for op, word in BY_RANK.items()}
OWN_NEGATIONS = {"is": "is_not", "in": "not_in"}
DAY_OPS = ("is", "is_not")  # of a day, which rules ask for as one of several
LONGEST_VALUE, LONGEST_ARGUMENTS = 400, 240  # characters
UNTYPEABLE = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Row:
    """One condition. `op` is one of fitting(field), with "not " before what must not hold; `error` says what is wrong with it."""

    target: str = ""
    field: str = ""
    op: str = ""
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """`do` is a key of entries.DEEDS; `args` what stands in its value box: "SEV2", "1, cap=SEV2"."""

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

    @property
    def problems(self) -> list[str]:
        """What is wrong with its rows, then with its actions."""
        return [error for error in (*(row.error for row in self.rows), *(action.error for action in self.actions)) if error]


def sheet_of(definition: Mapping[str, Any]) -> Sheet | None:
    """The rows of a definition; None: rows cannot say it, as it is nested deeper, or a value is not one that can be typed."""
    sheet = _rows_of(definition)
    return sheet if sheet is not None and _says(sheet, definition) else None


def _rows_of(definition: Mapping[str, Any]) -> Sheet | None:
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
        actions.append(ActionRow(*entries.deed_of(action["do"], action.get("args") or {})))
    return Sheet(match, rows, actions, definition)


def _says(sheet: Sheet, definition: Mapping[str, Any]) -> bool:
    """Whether the rows, typed, are this definition again."""
    boxes = [(row.value, LONGEST_VALUE) for row in sheet.rows] + [(action.args, LONGEST_ARGUMENTS) for action in sheet.actions]
    if any(len(words) > longest or UNTYPEABLE.search(words) for words, longest in boxes):
        return False
    if any(row.op not in fitting(row.field) for row in sheet.rows):
        return False
    again = definition_of(sheet)
    said = {"conditions": definition.get("conditions") or {"all": []}, "actions": definition.get("actions") or []}
    return bool(essence(said) == essence({name: again[name] for name in said}))


def essence(part: Any) -> Any:
    """One of one is that one; a place where nothing stands is no place."""
    if isinstance(part, Mapping):
        only = next(iter(part.values())) if len(part) == 1 else None
        if set(part) <= {"all", "any"} and isinstance(only, (list, tuple)) and len(only) == 1:
            return essence(only[0])
        said = {name: essence(value) for name, value in part.items()}
        return {name: value for name, value in said.items() if value is not None and (name != "args" or value)}
    return [essence(each) for each in part] if isinstance(part, (list, tuple)) else part


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
    return "field" in tree or ("field" in inner and inner["op"] not in OWN_NEGATIONS.values())


def _row(tree: Tree, target: str) -> Row:
    leaf = tree if "field" in tree else cast("Tree", tree["not"])
    op = cast("str", leaf["op"])
    name = cast("str", leaf["field"])
    return Row(target, name, row_op(name, op, holds=leaf is tree), entries.shown(name, op, leaf.get("value")))


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
    said: list[dict[str, Any]] = []
    for number, action in enumerate(sheet.actions, 1):
        if action.do:
            _mark(places, f"actions[{len(said)}].when", "any", groups.get(str(number), ()))
            said.append(_action(action, groups.get(str(number), ())))
    return {**sheet.rest, "conditions": {sheet.match: parts}, "actions": said}, places


def _mark(places: dict[str, int], path: str, word: str, rows: Sequence[tuple[int, Row]]) -> None:
    for nth, (at, _condition) in enumerate(rows):
        places[path if len(rows) == 1 else f"{path}.{word}[{nth}]"] = at


def _joined(leaves: list[dict[str, Any]], word: str) -> dict[str, Any]:
    return leaves[0] if len(leaves) == 1 else {word: leaves}


def _leaf(row: Row) -> dict[str, Any]:
    op, holds = rule_op(row.field, row.op)
    value = entries.typed(row.field, op, row.value)
    leaf = {"field": row.field, "op": op, **({"value": value} if value is not None else {})}
    return leaf if holds else {"not": leaf}


def _action(action: ActionRow, needs: Iterable[tuple[int, Row]]) -> dict[str, Any]:
    do, args = entries.action_of(action.do, action.args)
    when = [_leaf(row) for _at, row in needs]
    return {"do": do, **({"args": args} if args else {}), **({"when": _joined(when, "any")} if when else {})}


def free_letter(sheet: Sheet) -> str:
    """The first group that nothing stands in; the last where all are taken."""
    taken = {row.target for row in sheet.rows if row.field}
    return next((letter for letter in LETTERS if letter not in taken), LETTERS[-1])


def without_row(sheet: Sheet, at: int) -> Sheet:
    """The sheet without its row at this place, from 0."""
    return replace(sheet, rows=[row for n, row in enumerate(sheet.rows) if n != at])


def without_action(sheet: Sheet, at: int) -> Sheet:
    """The sheet without its action at this place, from 0, and without the conditions of that action alone."""
    numbers = {number: str(int(number) - (int(number) > at + 1)) for number in NUMBERS if number != str(at + 1)}
    kept = [row for row in sheet.rows if row.target not in NUMBERS or row.target in numbers]
    rows = [replace(row, target=numbers.get(row.target, row.target)) for row in kept]
    return replace(sheet, rows=rows, actions=[action for n, action in enumerate(sheet.actions) if n != at])


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


def fitting(name: str) -> list[str]:
    """The comparisons that fit a field, as rows name them."""
    own = OPERATORS[FIELDS[name].kind] if name in FIELDS else ()
    negatable = [op for op in own if op not in OWN_NEGATIONS.values() and op != "is_set" and OWN_NEGATIONS.get(op) not in own]
    either = list(DAY_OPS) if name in FIELDS and FIELDS[name].kind == "weekday" else []
    return [*(row_op(name, op, holds=True) for op in own), *(row_op(name, op, holds=False) for op in negatable), *either]


def row_op(name: str, op: str, *, holds: bool) -> str:
    """A comparison of a rule as a row names it. A smaller rank is a higher severity, so it is never "at least" there."""
    said = BY_RANK.get(op, op) if name == "ticket.severity" else op
    own = OPERATORS[FIELDS[name].kind] if name in FIELDS else ()
    negation = OWN_NEGATIONS.get(said, "")
    return said if holds else negation if negation and negation not in own else NOT + said


def rule_op(name: str, said: str) -> tuple[str, bool]:
    """What a row's comparison is in the rule, and whether it must hold."""
    kind = FIELDS[name].kind if name in FIELDS else ""
    holds, op = not said.startswith(NOT), said.removeprefix(NOT)
    if name == "ticket.severity":
        op = OF_RANK.get(op, op)
    if op in OWN_NEGATIONS.values() and op not in OPERATORS.get(kind, ()):
        op, holds = next(base for base, negation in OWN_NEGATIONS.items() if negation == op), not holds
    return ("in" if kind == "weekday" and op == "is" else op), holds
