"""What an administrator may send about a rule: its short name, and the sheet of its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from incidents import builder, entries, rulebook, rulechoices, rules, wording
from incidents.builder import ActionRow, Row, Sheet
from incidents.models import Rule
from incidents.wording.sentences import SAME
from servicedesk.directory.models import User

MOST_ROWS = 60
BESIDE = ("show", "more", "remove")  # buttons that keep nothing
REPEAT_FIELDS = {"within_s": "within"}


class RuleForm(forms.Form):
    """A new rule."""

    key = forms.SlugField(label=_("Short name"), max_length=20, help_text=_("As R7: it is how people and letters name it."))
    kind = forms.ChoiceField(label=_("Kind"), choices=Rule.Kind)
    name = forms.CharField(label=_("Name"), max_length=120)


class RuleSheetForm(forms.Form):
    """The rows, the repeat clause and the rest. `definition()` is what they say; what rules refuse comes back by `refuse`."""

    name = forms.CharField(label=_("Name"), max_length=120)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False, empty_label=_("Nobody"))
    review_on = forms.DateField(label=_("Review due"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
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

    def __init__(self, data: QueryDict | None = None, *, rule: Rule, definition: Mapping[str, Any]) -> None:
        self.kept = definition
        found = builder.sheet_of(definition)
        self.has_rows = found is not None
        super().__init__(data, initial={**_initial(definition, found), "owner": rule.owner_id, "review_on": rule.review_on})
        cast("forms.ModelChoiceField[User]", self.fields["owner"]).queryset = rulebook.may_own(rule)
        for name in () if self.has_rows else ("match", "group"):
            self.fields[name].required = False
        self.beside = next((name for name in BESIDE if data is not None and name in data), "")
        self.sheet = self._with_room(self._posted() if data is not None and self.has_rows else found or Sheet())

    # What the page draws

    @property
    def rows(self) -> list[rulechoices.Line]:
        return rulechoices.lines(self.sheet)

    @property
    def actions(self) -> list[rulechoices.DeedLine]:
        return rulechoices.deed_lines(self.sheet)

    @property
    def slots(self) -> str:
        """The parts of the page beside its fields that follow what is typed."""
        rows = [f"#row-{number}" for number in range(1, len(self.sheet.rows) + 1)]
        return ",".join(["#suggestions", *rows, *(f"#deed-{number}" for number in range(1, len(self.sheet.actions) + 1))])

    @property
    def more_of(self) -> str:
        """Of what there is one more on the page, on a button: "condition" or "action"."""
        return self.data.get("more", "") if self.beside == "more" else ""

    @property
    def fields_known(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return rulechoices.fields_by_thing()

    @property
    def operators(self) -> list[tuple[str, str]]:
        return rulechoices.operators()

    @property
    def targets(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return rulechoices.targets(self.sheet)

    @property
    def deeds(self) -> list[tuple[str, str]]:
        return [(key, str(deed.label)) for key, deed in entries.DEEDS.items()]

    # What it says

    def definition(self) -> dict[str, Any]:
        """Raises rules.RuleError."""
        if not self.has_rows or "as_text" in self.data:
            return _read(self.cleaned_data["text"])
        return builder.definition_of(self._whole())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.has_rows and "as_text" not in self.data:
            self.sheet = rulechoices.checked(self.sheet)
            for problem in self.sheet.problems:
                self.add_error(None, problem)
        return cleaned

    def refuse(self, error: rules.RuleError) -> None:
        """The error on its row or at its field, and on top of the page."""
        before, self.sheet = self.sheet, rulechoices.marked(self.sheet, error)
        place = error.path.removeprefix("repeat.")
        name = REPEAT_FIELDS.get(place, place)
        if self.sheet is not before:
            self.add_error(None, self.sheet.problems[0])
        elif name in self.fields and self.has_rows:
            self.add_error(name, rulechoices.repeat_problem(name) or wording.problem_words(error))
        else:
            self.add_error(None, wording.refusal(error))

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
        order = [*(self.kept.get("repeat") or {}).get("same", ()), *SAME]
        counted = {
            "at_least": said["at_least"],
            "within_s": entries.seconds_of(said["within"]),
            "same": sorted(said["same"], key=order.index),
            "of": said["of"] or "tickets",
        }
        return {**counted, **flags, **optional}

    def _posted(self) -> Sheet:
        """Every row as it stands on the page, empty ones too, so that what is said of a row is said at its place."""
        posted = cast("QueryDict", self.data)
        lists = [posted.getlist(name)[:MOST_ROWS] for name in ("target", "field", "op", "value")]
        rows = [Row(*(part[: builder.LONGEST_VALUE] for part in parts)) for parts in zip_longest(*lists, fillvalue="")]
        deeds = zip_longest(posted.getlist("do")[:MOST_ROWS], posted.getlist("args")[:MOST_ROWS], fillvalue="")
        return Sheet(self.data.get("match", "all"), rows, [ActionRow(do, args[: builder.LONGEST_ARGUMENTS]) for do, args in deeds])

    def _with_room(self, sheet: Sheet) -> Sheet:
        """With one empty condition and one empty action at least; as many more, or fewer, as a button asked for."""
        asked = self.data.get(self.beside, "") if self.beside else ""
        what, _sep, number = asked.partition(":")
        if self.beside == "remove" and number.isdecimal():
            sheet = (builder.without_row if what == "row" else builder.without_action)(sheet, int(number) - 1)
        if asked == "condition" or all(row.field or row.value for row in sheet.rows):
            sheet = replace(sheet, rows=[*sheet.rows, Row(target=builder.free_letter(sheet), op="is")])
        if asked == "action" or all(action.do or action.args for action in sheet.actions):
            sheet = replace(sheet, actions=[*sheet.actions, ActionRow()])
        return sheet


def _initial(definition: Mapping[str, Any], sheet: Sheet | None) -> dict[str, Any]:
    repeat = definition.get("repeat") or {}
    within = entries.span(repeat["within_s"]) if repeat else ""
    first = {"match": sheet.match if sheet else "all", "group": definition.get("group") or rules.DEFAULT_GROUP}
    text = json.dumps(definition, indent=1, ensure_ascii=False)
    return {**first, **repeat, "within": within, "text": text, "name": definition.get("name"), "fire_cap": definition.get("fire_cap")}


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise rules.RuleError("text", gettext_noop("is not JSON: %(why)s"), why=f"{error}") from error
    if not isinstance(found, dict):
        raise rules.RuleError("text", "needs an object with named parts")
    return found
