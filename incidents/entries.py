"""What people type in the rows of a rule, and what the rule keeps of it: words for choices, SEV2, 5 min, yes.

Both ways in the language that is active; the rule's own words are understood in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from incidents.rules import ACTIONS, AUDIENCES, FIELDS, JSON

SPANS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "day": 86_400, "days": 86_400}
SPAN = re.compile(r"^\s*(\d+)\s*(\w*)\s*$")
BETWEEN = re.compile(r"\s*(?:-|\u2013|\bto\b|\bbis\b|\bà\b)\s*")
RANK = re.compile(r"^(?:sev\s*)?(\d+)$", re.IGNORECASE)
WHOLE = re.compile(r"^[+-]?\d+$", re.ASCII)
RANKS = ("SEV1", "SEV2", "SEV3", "SEV4")


class Deed(NamedTuple):
    """An action as people choose it: `main` is the argument the value box holds."""

    do: str
    main: str
    label: str | Promise


DEEDS: Mapping[str, Deed] = {
    "set_severity": Deed("set_severity", "to", later("set severity to")),
    "raise_to": Deed("raise_severity", "at_least", later("raise severity to at least")),
    "raise_by": Deed("raise_severity", "levels", later("raise severity by levels")),
    "propose": Deed("propose", "", later("propose an incident")),
    "declare": Deed("declare", "policy", later("declare an incident")),
    "declare_with": Deed("declare", "policy", later("declare with policy")),
    "assign_team": Deed("assign_team", "team", later("assign to team")),
    "notify": Deed("notify", "audience", later("notify")),
    "add_tag": Deed("add_tag", "tag", later("add tag")),
    "confidential": Deed("confidential", "", later("make confidential")),
    "set_kind": Deed("set_kind", "to", later("set kind to")),
    "category": Deed("category", "to", later("set category")),
    "policy": Deed("policy", "to", later("use policy")),
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words for a few known values; `read` leaves alone what it does not know."""

    words: Mapping[str, str]

    def say(self, value: Any) -> str:
        return self.words.get(value, f"{value}")

    def read(self, typed: str) -> str:
        if typed in self.words:
            return typed
        return next((value for value, word in self.words.items() if word.casefold() == typed.casefold()), typed)


def vocabulary(name: str) -> Vocabulary:
    """The words of a field with known values, in the language that is active; of any other field none."""
    return Vocabulary({value: _(word) for value, word in FIELDS[name].choices.items()} if name in FIELDS else {})


def audiences() -> Vocabulary:
    return Vocabulary({value: _(word) for value, word in AUDIENCES.items()})


# Values of conditions


def shown(name: str, op: str, value: JSON) -> str:
    """A value as people type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if op == "between":
        return " - ".join(cast("list[str]", value))
    if op == "for_at_least":
        return span(cast("int", value))
    listed = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(_severity(one) if name == "ticket.severity" else vocabulary(name).say(one) for one in listed)


def span(seconds: int) -> str:
    """ "5 min", "4 h", "7 days" """
    for unit, length in ((_("days"), 86_400), ("h", 3600), ("min", 60)):
        if seconds % length == 0 and seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def seconds_of(words: str) -> int | str:
    """Seconds; the words themselves where they are no span."""
    found = SPAN.match(words)
    units = {**SPANS, _("days").casefold(): SPANS["days"], "": 1}
    length = units.get(found[2].casefold()) if found else None
    return int(found[1]) * length if found and length else words


def typed(name: str, op: str, words: str) -> Any:
    """A value as the rule keeps it; what cannot be read stays as it is, and is refused with its place."""
    words, kind = words.strip(), FIELDS[name].kind if name in FIELDS else "text"
    if op == "passed":
        return None
    if op == "is_set" or kind == "flag":
        return {"yes": True, "no": False, _("yes").casefold(): True, _("no").casefold(): False}.get(words.casefold(), words)
    if op == "between":
        return BETWEEN.split(words)
    if op in ("in", "not_in"):
        return [vocabulary(name).read(part.strip()) for part in words.split(",") if part.strip()]
    if op == "for_at_least":
        return seconds_of(words)
    if kind != "number":
        return vocabulary(name).read(words)
    return _rank(words) if name == "ticket.severity" else _number(words)


def _severity(rank: Any) -> str:
    return f"SEV{rank}" if rank in (1, 2, 3, 4) else f"{rank}"


def _rank(words: str) -> Any:
    found = RANK.match(words)
    return int(found[1]) if found else _number(words)


def _number(words: str) -> Any:
    if WHOLE.match(words):
        return int(words)
    try:
        return float(words)
    except ValueError:
        return words


# Actions and their arguments


def deed_of(do: str, args: Mapping[str, JSON]) -> tuple[str, str]:
    """The deed people choose, and what stands in its value box: "SEV2", or "1, cap=SEV2"."""
    key = do
    if do == "raise_severity":
        key = "raise_to" if args.get("at_least") is not None else "raise_by"
    elif do == "declare" and args.get("policy") is not None:
        key = "declare_with"
    main = DEEDS[key].main
    said = {name: _argument_shown(ACTIONS[do][name], value) for name, value in args.items() if value is not None}
    first = [said.pop(main)] if main in said else []
    return key, ", ".join([*first, *(f"{name}={word}" for name, word in said.items())])


def action_of(key: str, words: str) -> tuple[str, dict[str, Any]]:
    """What to do and its arguments. Unknown names stay, and are refused with their place."""
    deed = DEEDS.get(key) or Deed(key, "levels" if key == "raise_severity" else "", "")
    kinds = ACTIONS.get(deed.do, {})
    words = words.strip()
    if not words:
        return deed.do, {}
    if len(kinds) == 1:
        name = next(iter(kinds))
        return deed.do, {name: _argument(kinds[name], words.removeprefix(f"{name}="))}
    args: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in words.split(","))):
        name, sep, value = (each.strip() for each in part.partition("="))
        named = (name, value) if sep else (deed.main if deed.main not in args else "", part)
        args[named[0]] = _argument(kinds.get(named[0], "name"), named[1])
    return deed.do, args


def _argument(kind: str, words: str) -> Any:
    match kind.rstrip("?"):
        case "rank":
            return _rank(words)
        case "levels":
            return _number(words)
        case "kind":
            return vocabulary("ticket.kind").read(words)
        case "audience":
            return audiences().read(words)
    return words


def _argument_shown(kind: str, value: JSON) -> str:
    match kind.rstrip("?"):
        case "rank":
            return _severity(value)
        case "kind":
            return vocabulary("ticket.kind").say(value)
        case "audience":
            return audiences().say(value)
    return f"{value}"
