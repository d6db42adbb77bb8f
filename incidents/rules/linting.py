"""What is wrong with a rule that can be read: sentences for its author. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple, cast

from incidents.rules.conditions import NEGATIONS, parts
from incidents.rules.fields import FIELDS
from incidents.rules.shapes import Rule, Tree

LONG_WINDOW_S = 31 * 86_400
MOST_CASES = 256  # ways to satisfy a tree that are looked at; beyond, nothing is said


def _(msgid: str) -> str:
    """Marks a sentence for translation; wording translates it where it is shown."""
    return msgid


NEVER = _("It can never match: its conditions exclude each other.")
SHADOWED = _("It never decides: rule %(key)s before it matches whenever it would.")
LONG = _("Its window is longer than 31 days: what happened so long ago is hardly the same problem.")
IDLE = _("It does nothing: give it an action.")
RANGES = {"ticket.severity": (1, 4), "service.tier": (1, 3)}


class Finding(str):
    """A sentence, with what it was made of, so that it can be said in another language."""

    msgid: str
    said: dict[str, str]

    def __new__(cls, msgid: str, **said: str) -> Finding:
        made = super().__new__(cls, msgid % said if said else msgid)
        made.msgid, made.said = msgid, said
        return made


class Demand(NamedTuple):
    """One condition that must hold, or must not."""

    field: str
    op: str
    value: Any
    holds: bool


Case = frozenset[Demand]


def lint(rule: Rule, earlier: Sequence[Rule] = ()) -> list[Finding]:
    """`earlier`: the live rules before it, in order. Empty when there is nothing to say."""
    cases = _cases(rule.conditions)
    possible = None if cases is None else [case for case in cases if not _is_contradiction(case)]
    found = []
    if possible == []:
        found.append(Finding(NEVER))
    found += [Finding(SHADOWED, key=other.key) for other in _shadowing(rule, possible, earlier)[:1]]
    if rule.repeat is not None and rule.repeat.within_s > LONG_WINDOW_S:
        found.append(Finding(LONG))
    if not rule.actions:
        found.append(Finding(IDLE))
    return found


def _cases(tree: Tree, holds: bool = True) -> list[Case] | None:
    """The ways the tree can hold (or not hold), each a set of demands; None: too many to look at."""
    if "field" in tree:
        return [frozenset({_demand(tree, holds)})]
    if "not" in tree:
        return _cases(cast("Tree", tree["not"]), not holds)
    found = [_cases(part, holds) for part in parts(tree)]
    if any(part is None for part in found):
        return None
    known = cast("list[list[Case]]", found)
    return _every(known) if ("all" in tree) is holds else _either(known)


def _every(known: Iterable[list[Case]]) -> list[Case] | None:
    cases: list[Case] = [frozenset()]
    for more in known:
        if len(cases) * len(more) > MOST_CASES:
            return None
        cases = [one | other for one, other in product(cases, more)]
    return cases


def _either(known: Iterable[list[Case]]) -> list[Case] | None:
    cases = [case for more in known for case in more]
    return cases if len(cases) <= MOST_CASES else None


def _demand(leaf: Tree, holds: bool) -> Demand:
    op, value = cast("str", leaf["op"]), leaf.get("value")
    if op in NEGATIONS:
        op, holds = NEGATIONS[op], not holds
    if FIELDS[cast("str", leaf["field"])].kind == "flag":
        value, holds = bool(value) is holds, True
    if op == "is" and isinstance(value, str):
        op, value = "in", (value,)
    return Demand(cast("str", leaf["field"]), op, tuple(value) if isinstance(value, (list, tuple)) else value, holds)


def _is_contradiction(case: Case) -> bool:
    if any(demand._replace(holds=not demand.holds) in case for demand in case):
        return True
    return any(_no_value_is_left([demand for demand in case if demand.field == name]) for name in {demand.field for demand in case})


def _no_value_is_left(demands: Sequence[Demand]) -> bool:
    field = FIELDS[demands[0].field]
    if field.kind == "number":
        return _no_number_is_left(demands)
    allowed: set[Any] | None = None  # what is nothing satisfies every refusal
    for demand in demands:
        if demand.op == "in" and demand.holds:
            allowed = set(demand.value) if allowed is None else allowed & set(demand.value)
    refused = {value for demand in demands if demand.op == "in" and not demand.holds for value in demand.value}
    flags = {demand.value for demand in demands if field.kind == "flag"}
    return len(flags) > 1 or (allowed is not None and not allowed - refused)


def _no_number_is_left(demands: Sequence[Demand]) -> bool:
    least, most = RANGES.get(demands[0].field, (float("-inf"), float("inf")))
    for demand in demands:
        if demand.holds and demand.op in ("is", "at_least"):
            least = max(least, demand.value)
        if demand.holds and demand.op in ("is", "at_most"):
            most = min(most, demand.value)
    return least > most


def _shadowing(rule: Rule, possible: Sequence[Case] | None, earlier: Sequence[Rule]) -> list[Rule]:
    """Earlier severity rules, one of which holds in every case in which this one does."""
    if rule.kind != "severity" or not possible:
        return []
    return [other for other in earlier if _ends_the_search(other) and _covers(other, possible)]


def _ends_the_search(other: Rule) -> bool:
    """Severity rules stop at the first that sets a severity without further need."""
    sets = any(action.do == "set_severity" and action.when is None for action in other.actions)
    return other.kind == "severity" and other.mode == "live" and other.repeat is None and sets


def _covers(other: Rule, possible: Sequence[Case]) -> bool:
    cases = _cases(other.conditions)
    return cases is not None and all(any(case <= one for case in cases) for one in possible)
