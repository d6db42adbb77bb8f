"""The form of a service level: for which tickets it is, and its times as people write them (30 min, 4 h, 1 h 30 min)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import legible, levels
from incidents.models import ServiceLevel

SPAN = re.compile(r"(?:(\d{1,5})\s*h)?\s*(?:(\d{1,6})\s*min)?", re.IGNORECASE)
MOST_S = 366 * 24 * 3600
RANKS = (1, 2, 3, 4)
TIMES = {
    "first": gettext_lazy("First answer within"),
    "next": gettext_lazy("Every next answer within"),
    "solution": gettext_lazy("Solution within"),
}
ASKED = ("kind", *levels.CHOSEN, *levels.WRITTEN)


class SpanField(forms.Field):
    """Seconds, written as hours and minutes."""

    widget = forms.TextInput(attrs={"size": 12, "maxlength": 20})

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        found = SPAN.fullmatch(text)
        if not text or found is None or not any(found.groups()):
            raise forms.ValidationError(_("Write hours and minutes, such as 30 min, 4 h or 1 h 30 min."))
        seconds = int(found[1] or 0) * 3600 + int(found[2] or 0) * 60
        if not 0 < seconds <= MOST_S:
            raise forms.ValidationError(_("Longer than nothing, and at most a year."))
        return seconds

    def prepare_value(self, value: Any) -> Any:
        return levels.span(value) if isinstance(value, int) else value


class LinesField(forms.Field):
    """Words, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> Any:
        return legible.lines(str(value or "").splitlines())

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class LevelForm(forms.ModelForm):  # type: ignore[type-arg]
    categories = LinesField(label=gettext_lazy("Categories"), required=False, help_text=gettext_lazy("One a line."))
    departments = LinesField(label=gettext_lazy("Departments of who asks"), required=False, help_text=gettext_lazy("One a line."))
    pauses = forms.MultipleChoiceField(
        label=gettext_lazy("Clocks stand still while"),
        choices=ServiceLevel.Pause.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = ServiceLevel
        fields = ("name", "slug", "position", "is_active", *ASKED, "pauses")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        rest = ServiceLevel.objects.filter(is_rest=True).first() if is_new else None
        for name, value in _written(rest.targets if rest else self.instance.targets):
            self.initial.setdefault(name, value)
        if is_new:
            self.initial["pauses"] = list(ServiceLevel.Pause.values)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for rank in RANKS:
            first, last = cleaned.get(f"first_{rank}"), cleaned.get(f"solution_{rank}")
            if first and last and last < first:
                self.add_error(f"solution_{rank}", _("Nothing is solved before it is answered: at least the time of the first answer."))
        if not self.instance.is_rest and not any(cleaned.get(name) for name in ASKED):
            text = _("Say for which tickets it is. For all that no other fits there is the last level, which is always there.")
            raise forms.ValidationError(text, code="for_nothing")
        return cleaned

    def save(self, commit: bool = True) -> Any:
        said = self.cleaned_data
        self.instance.targets = {str(rank): [*(said[f"{name}_{rank}"] for name in TIMES), said[f"always_{rank}"]] for rank in RANKS}
        return super().save(commit)


def _written(targets: dict[str, list[Any]]) -> Iterator[tuple[str, Any]]:
    """What stands in the fields of the times."""
    for rank, times in targets.items():
        yield from ((f"{name}_{rank}", seconds) for name, seconds in zip(TIMES, times, strict=False))
        yield f"always_{rank}", times[-1]


def _field(rank: int, name: str) -> forms.Field:
    if name == "always":
        text = gettext_lazy("Else the clocks run in the desk hours of who asks.")
        return forms.BooleanField(label=gettext_lazy("Round the clock"), required=False, help_text=text)
    return SpanField(label=TIMES[name])


FIELDS = {f"{name}_{rank}": _field(rank, name) for rank in RANKS for name in (*TIMES, "always")}
LevelForm.base_fields |= FIELDS
LevelForm.declared_fields |= FIELDS
