"""What an administrator may send about a rule: its short name, and the sheet of its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from incidents import builder, rules
from incidents.builder import ActionRow, Row, Sheet
from incidents.models import Rule
from incidents.wording.sentences import SAME

SPARE_ROWS, SPARE_ACTIONS = 3, 2
MOST_ROWS = 60


class RuleForm(forms.Form):
    """A new rule."""

    key = forms.SlugField(label=_("Short name"), max_length=20, help_text=_("As R7: it is how people and letters name it."))
    kind = forms.ChoiceField(label=_("Kind"), choices=Rule.Kind)
    name = forms.CharField(label=_("Name"), max_length=120)


class RuleSheetForm(forms.Form):
    """The rows, the repeat clause and the rest. `definition()` is what they say; what rules refuse comes back by `refuse`."""

    name = forms.CharField(label=_("Name"), max_length=120)
    match = forms.ChoiceField(
        label=_("Which groups must hold?"),
        choices=[("all", _("All of these groups; one row of each is enough")), ("any", _("Any of these groups; all of its rows"))],
    )
    at_least = forms.IntegerField(label=_("At least"), required=False, min_value=1, help_text=_("Empty: no repeat is needed."))
    within = forms.CharField(label=_("Within"), required=False, max_length=20, help_text=_("30 min, 24 h, 7 days"))
    same = forms.MultipleChoiceField(label=_("Sharing"), required=False, choices=list(SAME.items()), widget=forms.CheckboxSelectMultiple)
    of = forms.ChoiceField(label=_("Counting"), choices=[("tickets", _("tickets")), ("alerts", _("alerts"))], required=False)
    distinct_people = forms.BooleanField(label=_("Different people only"), required=False)
    after_solved = forms.BooleanField(label=_("Only tickets that were solved before this one came"), required=False)
    times_usual = forms.FloatField(label=_("Times the usual"), required=False, min_value=0.1)
    at_least_without_history = forms.IntegerField(
        label=_("Enough without similar text"),
        required=False,
        min_value=1,
        help_text=_("While there are not yet so many weeks of history."),
    )
    weeks_of_history = forms.FloatField(label=_("Weeks of history"), required=False, min_value=0.1)
    group = forms.CharField(label=_("One incident for each"), max_length=80, help_text=_("<slug> is the service; any field may stand so."))
    fire_cap = forms.IntegerField(
        label=_("Incidents an hour, at most"), required=False, min_value=1, help_text=_("Above that everything joins one incident.")
    )
    text = forms.CharField(label=_("The whole rule as JSON"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 14}))

    def __init__(self, data: Any = None, *, definition: Mapping[str, Any]) -> None:
        self.kept = definition
        found = builder.sheet_of(definition)
        self.has_rows = found is not None
        super().__init__(data, initial=_initial(definition, found))
        self.sheet = self._posted() if data is not None and self.has_rows else found or Sheet()
        for name in () if self.has_rows else ("match", "group"):
            self.fields[name].required = False

    @property
    def fields_known(self) -> list[tuple[str, str]]:
        return [(name, f"{name}: {_plain(field.label)}") for name, field in rules.FIELDS.items()]

    @property
    def operators(self) -> list[tuple[str, str]]:
        return [(op, op.replace("_", " ")) for op in builder.operators()]

    @property
    def targets(self) -> list[tuple[str, str]]:
        groups = [(letter, _("group %(letter)s") % {"letter": letter}) for letter in builder.LETTERS]
        return [*groups, *((number, _("when of action %(number)s") % {"number": number}) for number in builder.NUMBERS)]

    @property
    def deeds(self) -> list[tuple[str, str]]:
        return [(do, f"{do.replace('_', ' ')} ({', '.join(args)})" if args else do.replace("_", " ")) for do, args in rules.ACTIONS.items()]

    @property
    def rows(self) -> list[Row]:
        return [*self.sheet.rows, *(Row(target=builder.LETTERS[0]) for _nth in range(SPARE_ROWS))]

    @property
    def actions(self) -> list[ActionRow]:
        return [*self.sheet.actions, *(ActionRow() for _nth in range(SPARE_ACTIONS))]

    def definition(self) -> dict[str, Any]:
        """Raises rules.RuleError."""
        if not self.has_rows or "as_text" in self.data:
            return _read(self.cleaned_data["text"])
        return builder.definition_of(self._whole())

    def refuse(self, error: rules.RuleError) -> None:
        """The error on its row, and on top of the page."""
        self.sheet = builder.marked(self.sheet, error)
        self.add_error(None, str(error))

    def _whole(self) -> Sheet:
        said = self.cleaned_data
        named = {name: said[name] for name in ("name", "group", "fire_cap")}
        rest = {"schema": rules.SCHEMA, "repeat": self._repeat(), **named}
        return Sheet(said["match"], self.sheet.rows, self.sheet.actions, rest)

    def _repeat(self) -> dict[str, Any] | None:
        said = self.cleaned_data
        if not said["at_least"]:
            return None
        optional = {name: said[name] for name in ("times_usual", "at_least_without_history", "weeks_of_history") if said[name]}
        flags = {name: said[name] for name in ("distinct_people", "after_solved")}
        counted = {
            "at_least": said["at_least"],
            "within_s": builder.seconds_of(said["within"]),
            "same": said["same"],
            "of": said["of"] or "tickets",
        }
        return {**counted, **flags, **optional}

    def _posted(self) -> Sheet:
        posted = cast("QueryDict", self.data)
        lists = [posted.getlist(name)[:MOST_ROWS] for name in ("target", "field", "op", "value")]
        rows = [Row(*(part[:400] for part in parts)) for parts in zip_longest(*lists, fillvalue="") if parts[1]]
        deeds = zip_longest(posted.getlist("do")[:MOST_ROWS], posted.getlist("args")[:MOST_ROWS], fillvalue="")
        return Sheet(self.data.get("match", "all"), rows, [ActionRow(do, args[:240]) for do, args in deeds if do])


def _plain(label: str) -> str:
    return str(_(label))


def _initial(definition: Mapping[str, Any], sheet: Sheet | None) -> dict[str, Any]:
    repeat = definition.get("repeat") or {}
    within = builder.span(repeat["within_s"]) if repeat else ""
    first = {"match": sheet.match if sheet else "all", "group": definition.get("group") or rules.DEFAULT_GROUP}
    text = json.dumps(definition, indent=1, ensure_ascii=False)
    return {**first, **repeat, "within": within, "text": text, "name": definition.get("name"), "fire_cap": definition.get("fire_cap")}


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise rules.RuleError("text", f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise rules.RuleError("text", "needs an object with named parts")
    return found
