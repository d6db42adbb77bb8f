"""What the rows of a rule offer: fields by thing, comparisons and values in words; and what is wrong with a row, said to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from incidents import builder, entries, wording
from incidents.builder import ActionRow, Row, Sheet
from incidents.models import CustomField, LinkedAlert, Policy, Ticket
from incidents.rules import ACTIONS, FIELDS, RuleError
from incidents.wording import clauses
from servicedesk.directory.models import Service, Site, Team

MOST_SUGGESTED = 100

Known = Sequence[tuple[str, str]]  # value, and what it is called where the value does not say

THINGS: Mapping[str, str | Promise] = {
    "ticket": later("Ticket"),
    "requester": later("Requester"),
    "service": later("Service"),
    "check": later("Check"),
    "alert": later("Alert"),
    "time": later("Time"),
    "repeat": later("Repeat (for an action)"),
}
THING_OF = {"desk": "time"}
COMPARISONS: Mapping[str, str | Promise] = {
    "is": later("is"),
    "is_not": later("is not"),
    "in": later("is one of"),
    "not_in": later("is none of"),
    "at_least": later("is at least"),
    "at_most": later("is at most"),
    "or_higher": later("is … or higher"),
    "or_lower": later("is … or lower"),
    "contains": later("contains"),
    "matches": later("matches the pattern"),
    "has": later("have"),
    "passed": later("has passed"),
    "for_at_least": later("for at least"),
    "between": later("is between"),
    "is_set": later("is known"),
    "not at_least": later("is not at least"),
    "not at_most": later("is not at most"),
    "not or_higher": later("is lower than"),
    "not or_lower": later("is higher than"),
    "not contains": later("does not contain"),
    "not matches": later("does not match the pattern"),
    "not has": later("do not have"),
    "not passed": later("has not passed"),
    "not for_at_least": later("not for at least"),
    "not between": later("is not between"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A condition as the page draws it."""

    row: Row
    suggested: Known


@dataclass(frozen=True, slots=True)
class DeedLine:
    row: ActionRow
    suggested: Known


# What can be chosen


def fields_by_thing() -> list[tuple[str, list[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = {thing: [] for thing in THINGS}
    for name, field in FIELDS.items():
        thing = name.partition(".")[0]
        groups[THING_OF.get(thing, thing)].append((name, capfirst(_(field.label))))
    return [(str(THINGS[thing]), listed) for thing, listed in groups.items()]


def operators() -> list[tuple[str, str]]:
    return [(op, str(word)) for op, word in COMPARISONS.items()]


def targets(sheet: Sheet) -> list[tuple[str, list[tuple[str, str]]]]:
    """Where a condition belongs: to a group of the rule, named by what it looks at, or to one action alone."""
    free = builder.free_letter(sheet)
    standing = {row.target for row in sheet.rows} | {free}
    groups = [(letter, _looks_at(sheet, letter)) for letter in builder.LETTERS if letter in standing]
    numbers = builder.NUMBERS[: max(1, len(sheet.actions))]
    return [
        (_("Of the rule"), groups),
        (_("Of one action alone"), [(number, _("action %(number)s") % {"number": number}) for number in numbers]),
    ]


def _looks_at(sheet: Sheet, letter: str) -> str:
    """ "Who is impacted; The effect": a group by its fields."""
    names = dict.fromkeys(row.field for row in sheet.rows if row.target == letter and row.field in FIELDS)
    return "; ".join(capfirst(_(FIELDS[name].label)) for name in names) or _("a group of its own")


def lines(sheet: Sheet) -> list[Line]:
    known: dict[str, Known] = {}
    for name in {row.field for row in sheet.rows}:
        known[name] = _values(name)
    return [Line(row, known[row.field]) for row in sheet.rows]


def deed_lines(sheet: Sheet) -> list[DeedLine]:
    return [DeedLine(row, _arguments(row.do)) for row in sheet.actions]


def _values(name: str) -> Known:
    """What a field's value may be, where that is known."""
    if name in RECORDS:
        return RECORDS[name]()
    field = FIELDS.get(name)
    if field is None:
        return ()
    if field.kind == "flag":
        return [(_("yes"), ""), (_("no"), "")]
    if field.kind == "clock":
        return [("22:00 - 07:00", "")]
    return [(_(word), "") for word in field.choices.values()]


def _arguments(key: str) -> Known:
    deed = entries.DEEDS.get(key)
    kind = ACTIONS[deed.do][deed.main].rstrip("?") if deed and deed.main else ""
    if deed is None or key == "declare":
        return ()
    if kind == "name":
        return NAMES[deed.do]() if deed.do in NAMES else ()
    known: dict[str, Known] = {
        "rank": _ranks(),
        "levels": [("1", ""), ("2", "")],
        "kind": _values("ticket.kind"),
        "audience": [(word, "") for word in entries.audiences().words.values()],
    }
    return known.get(kind, ())


def _ranks() -> Known:
    return [(rank, "") for rank in entries.RANKS]


def _services() -> Known:
    return list(Service.objects.order_by("name").values_list("slug", "name")[:MOST_SUGGESTED])


def _teams() -> Known:
    return list(Team.objects.order_by("name").values_list("slug", "name"))


def _sites() -> Known:
    return list(Site.objects.order_by("name").values_list("slug", "name"))


def _categories() -> Known:
    asked = CustomField.objects.order_by("category").values_list("category", flat=True).distinct()
    return [(category, "") for category in asked[:MOST_SUGGESTED]]


def _checks() -> Known:
    seen = LinkedAlert.objects.order_by("check_slug").values_list("check_slug", flat=True).distinct()
    return [(slug, "") for slug in seen[:MOST_SUGGESTED]]


def _policies() -> Known:
    return list(Policy.objects.order_by("name").values_list("slug", "name"))


RECORDS: Mapping[str, Callable[[], Known]] = {
    "ticket.severity": _ranks,
    "ticket.service": _services,
    "service.slug": _services,
    "service.tier": lambda: [("1", ""), ("2", ""), ("3", "")],
    "ticket.team": _teams,
    "ticket.category": _categories,
    "ticket.origin": lambda: [(value, str(word)) for value, word in Ticket.Origin.choices],
    "requester.site": _sites,
    "check.slug": _checks,
}
NAMES: Mapping[str, Callable[[], Known]] = {
    "declare": _policies,
    "policy": _policies,
    "assign_team": _teams,
    "category": _categories,
}


# What is wrong with a row


def checked(sheet: Sheet) -> Sheet:
    """With a word on each row that would be left out although something stands in it."""
    there = {str(number) for number, action in enumerate(sheet.actions, 1) if action.do}
    rows = [replace(row, error=_row_problem(row, there)) for row in sheet.rows]
    return replace(sheet, rows=rows, actions=[replace(action, error=_deed_problem(action)) for action in sheet.actions])


def _row_problem(row: Row, there: Iterable[str]) -> str:
    if not row.field:
        return _("Say what “%(value)s” is about.") % {"value": row.value} if row.value.strip() else ""
    if row.target in builder.NUMBERS and row.target not in there:
        return _("There is no action %(number)s.") % {"number": row.target}
    known = FIELDS.get(row.field)
    fitting = builder.fitting(row.field)
    if known is None or row.op in fitting:
        return ""
    said = {
        "op": COMPARISONS.get(row.op, row.op),
        "field": _(known.label),
        "ops": clauses.alternatives([f"“{COMPARISONS[op]}”" for op in fitting]),
    }
    return _("“%(op)s” does not fit here (%(field)s): choose %(ops)s.") % said


def _deed_problem(action: ActionRow) -> str:
    return _("Choose what to do with “%(value)s”.") % {"value": action.args} if action.args.strip() and not action.do else ""


def marked(sheet: Sheet, error: RuleError) -> Sheet:
    """As builder.marked; what is wrong with a value in words that say what to give instead."""
    found = builder.marked(sheet, error)
    if found is sheet:
        return sheet
    part = error.path.rpartition(".")[2]
    said = wording.problem_words(error)
    rows = [
        replace(row, error=_value_problem(row, error) if part.startswith("value") else said) if row.error else row for row in found.rows
    ]
    actions = [replace(row, error=_argument_problem(row, error)) if row.error else row for row in found.actions]
    return replace(found, rows=rows, actions=actions)


def _value_problem(row: Row, error: RuleError) -> str:
    needed = needs(row.field, builder.rule_op(row.field, row.op)[0])
    if not needed:
        return wording.problem_words(error)
    return _wrong(row.value, needed)


def needs(name: str, op: str) -> str:
    """What a value must be: "yes or no", "SEV1, SEV2, SEV3 or SEV4"; empty: there is more to say than that."""
    field = FIELDS.get(name)
    if field is None or op == "matches":
        return ""
    if op == "is_set" or field.kind == "flag":
        return _("yes or no")
    if op == "for_at_least":
        return _("a span, as 5 min, 2 h or 3 days")
    if op == "between":
        return _("two times of day, as 22:00 - 07:00")
    if name == "ticket.severity":
        return clauses.alternatives(entries.RANKS)
    if field.kind == "number":
        return _("a number")
    words = [_(word) for word in field.choices.values()]
    return clauses.alternatives(words) or _("a text")


def _argument_problem(row: ActionRow, error: RuleError) -> str:
    do, args = entries.action_of(row.do, row.args)
    name = error.path.rpartition(".")[2]
    if do not in ACTIONS:
        return wording.problem_words(error)
    if not ACTIONS[do]:
        return _("It needs no value: leave that empty.")
    kind = ACTIONS[do].get(name, "").rstrip("?")
    needed = {
        "rank": clauses.alternatives(entries.RANKS),
        "levels": clauses.alternatives(["1", "2", "3"]),
        "kind": clauses.alternatives(list(entries.vocabulary("ticket.kind").words.values())),
        "audience": clauses.alternatives(list(entries.audiences().words.values())),
        "name": _("a text"),
    }.get(kind)
    if do == "raise_severity" and not args:
        needed = clauses.alternatives(entries.RANKS if row.do == "raise_to" else ["1", "2", "3"])
    return _wrong(f"{args.get(name, '')}", needed) if needed else wording.problem_words(error)


def _wrong(value: str, needed: str) -> str:
    if not value.strip():
        return _("A value is missing: give %(what)s.") % {"what": needed}
    return _("“%(value)s” cannot be read here: give %(what)s.") % {"value": value, "what": needed}


def repeat_problem(name: str) -> str:
    """What is wrong with that field of the repeat clause; empty: rules say it themselves."""
    return {
        "within": _("Give a span of a year at most, as 30 min, 24 h or 7 days."),
        "same": _("Choose what they must share."),
    }.get(name, "")
