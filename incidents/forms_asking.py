"""Forms made of a category's questions, and what is decided and handed over on a ticket."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents import fields
from incidents.forms import LONGEST, KeyedForm, WordsField, one_person
from incidents.models import CustomField, Vendor
from servicedesk.directory.models import User

UNANSWERED = _("Answer this one")


def _control(row: CustomField, *, is_needed: bool) -> forms.Field:
    told: dict[str, Any] = {"label": row.label, "required": is_needed, "error_messages": {"required": UNANSWERED}}
    if row.kind == CustomField.Kind.NUMBER:
        return forms.FloatField(**told)
    if row.kind == CustomField.Kind.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **told)
    if row.kind == CustomField.Kind.CHOICE:
        return forms.ChoiceField(choices=[("", _("Choose")), *((str(one), str(one)) for one in row.choices)], **told)
    if row.kind == CustomField.Kind.YES:
        return forms.ChoiceField(choices=[("", _("Choose")), (fields.YES, _("Yes")), (fields.NO, _("No"))], **told)
    return WordsField(max_length=500, **told)


class QuestionsForm(forms.Form):
    """The questions of a category. `when`: asked, where it is made, or solved; None asks for nothing to be answered."""

    def __init__(self, *args: Any, rows: list[CustomField], when: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows, self.when = rows, when
        for row in rows:
            always = when is not None and not row.when_key and fields.is_needed(row, {}, when=when)
            self.fields[f"f-{row.key}"] = _control(row, is_needed=always)

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[f"f-{row.key}"] for row in self.rows]

    @property
    def answers(self) -> dict[str, Any]:
        """As they are stored."""
        return fields.cleaned(self.rows, {row.key: self.cleaned_data.get(f"f-{row.key}") for row in self.rows})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        answers = fields.cleaned(self.rows, {row.key: cleaned.get(f"f-{row.key}") for row in self.rows})
        for row in self.rows:
            name = f"f-{row.key}"
            if (
                self.when
                and name not in self.errors
                and answers.get(row.key) in (None, "")
                and fields.is_needed(row, answers, when=self.when)
            ):
                self.add_error(name, UNANSWERED)
        return cleaned


class AskForm(KeyedForm, QuestionsForm):
    """A request of a known type."""

    what = WordsField(
        label=_("What do you need, and what for?"), max_length=LONGEST, error_messages={"required": _("Tell us what you need")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    reporting_for = forms.CharField(
        label=_("It is for somebody else"), required=False, max_length=254, help_text=_("Their name, user name or e-mail address.")
    )

    def clean_reporting_for(self) -> User | None:
        words = self.cleaned_data["reporting_for"]
        return one_person(words) if words else None


class DecisionForm(forms.Form):
    reason = WordsField(label=_("Why"), required=False, max_length=240, help_text=_("Needed where you refuse."))
    to = WordsField(
        label=_("Somebody else decides"), required=False, max_length=254, help_text=_("Their name, user name or e-mail address.")
    )

    def clean_to(self) -> User | None:
        words = self.cleaned_data["to"]
        return one_person(words) if words else None


class VendorForm(forms.Form):
    vendor = forms.ModelChoiceField(
        Vendor.objects.filter(is_active=True), label=_("Vendor"), error_messages={"required": _("Choose a vendor")}
    )
    number = forms.CharField(label=_("Their case number"), required=False, max_length=80)


class LineForm(forms.Form):
    text = WordsField(label=_("One more line"), max_length=200, error_messages={"required": _("Write what is to do")})


class CategoryForm(forms.Form):
    category = forms.CharField(label=_("Category"), required=False, max_length=60)


class ApproverForm(forms.Form):
    person = WordsField(label=_("Who approves it"), max_length=254, error_messages={"required": _("Write who approves it")})

    def clean_person(self) -> User:
        return one_person(self.cleaned_data["person"])
