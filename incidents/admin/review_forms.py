"""What is typed on the page of a review: one small form a question, and the password that signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import vault
from incidents.file_fields import FilesField
from incidents.models import ReviewItem
from incidents.reviews import Decision
from servicedesk.directory.again import ProofField
from servicedesk.directory.models import User
from servicedesk.uploads import MOST

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ItemForm(forms.Form):
    """A decision may be saved half done; it counts as open until it is whole."""

    verdict = forms.ChoiceField(label=gettext_lazy("Verdict"), choices=ReviewItem.Verdict.choices, required=False, widget=forms.RadioSelect)
    owner = forms.ChoiceField(label=gettext_lazy("Owner"), required=False)
    due_on = forms.DateField(label=gettext_lazy("Due"), required=False, widget=DAY)
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    files = FilesField(label=gettext_lazy("Files"), required=False)  # type: ignore[assignment]
    evidence_on = forms.DateField(label=gettext_lazy("Evidence of"), required=False, widget=DAY)

    def __init__(self, *sent: Any, item: ReviewItem, people: list[tuple[str, str]], today: date) -> None:
        """`sent`: what was posted, and its files."""
        self.item, self.today = item, today
        given = {"verdict": item.verdict, "owner": str(item.owner_id or ""), "due_on": item.due_on, "note": item.note}
        data, files = sent or (None, None)
        super().__init__(data, files, initial=given, prefix=f"i{item.number}")
        self.fields["owner"].choices = self._choices(people)  # type: ignore[attr-defined]

    def _choices(self, people: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those who work here, and whoever has it already, even where they left."""
        own = [(str(self.item.owner.pk), str(self.item.owner))] if self.item.owner else []
        return [("", "-"), *people, *(one for one in own if one not in people)]

    def clean_files(self) -> Any:
        sent = self.cleaned_data["files"] or []
        if len(sent) > MOST:
            raise forms.ValidationError(_("Send at most %(n)d files at once.") % {"n": MOST})
        return sent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day = cleaned.get("evidence_on")
        if cleaned.get("files") and not day and "evidence_on" not in self.errors:
            self.add_error("evidence_on", _("Say of which day the file is evidence; it is often not today."))
        if day and day > self.today:
            self.add_error("evidence_on", _("A day to come proves nothing yet. Give the day it happened."))
        return cleaned

    def decision(self) -> Decision:
        kept = self.cleaned_data
        is_action = kept["verdict"] == ReviewItem.Verdict.ACTION
        owner = User.objects.filter(pk=kept["owner"]).first() if is_action and kept["owner"] else None
        return Decision(kept["verdict"], kept["note"].strip(), owner, kept["due_on"] if is_action else None)

    def stored(self) -> list[vault.Kept]:
        """The files, on disk."""
        return [vault.put(file.name or "", file.chunks()) for file in self.cleaned_data["files"]]


class PasswordForm(forms.Form):
    """Who signs shows once more that it is they: by the password, or a passkey used on this page."""

    password = ProofField(
        error_messages={
            "required": gettext_lazy("Give your password: this counts as a signature."),
            "wrong": gettext_lazy("That is not your password. Nothing was signed."),
        }
    )

    def __init__(self, *args: Any, person: User, session: SessionBase | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proof = self.fields["password"]
        assert isinstance(proof, ProofField)
        proof.person, proof.session = person, session


class SignForm(PasswordForm):
    statement = forms.CharField(
        label=gettext_lazy("Statement"),
        max_length=240,
        initial=gettext_lazy("I have read the evidence and the answers, and agree with them."),
    )


@dataclass
class Sheet:
    """Every form of the page; of those sent only the questions that were on it."""

    forms: list[ItemForm]

    def is_valid(self) -> bool:
        wrong = [form for form in self.forms if not form.is_valid()]  # each of them, so that every fault is named at once
        return not wrong

    @property
    def faults(self) -> Iterator[tuple[str, str]]:
        """(address of the field, what is wrong)."""
        for form in self.forms:
            for name, errors in form.errors.items():
                yield form[name].auto_id, f"{form.item.number}. {errors[0]}"

    @property
    def decisions(self) -> Mapping[int, Decision]:
        return {form.item.pk: form.decision() for form in self.forms}
