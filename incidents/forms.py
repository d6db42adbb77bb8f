"""What people may send: reports, answers, assignments. Each error says what to do."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from incidents import legible
from incidents.file_fields import FilesForm
from incidents.states import Effect, Impacted, Severity
from servicedesk.api.sent import digest
from servicedesk.directory.models import Role, Service, Site, Team, User

LONGEST = 10_000
MOST_NAMED = 5
TOO_LONG = _("This is %(show_value)s characters long. Shorten it to %(limit_value)s, or attach the rest as a file.")


class WordsField(forms.CharField):
    """Words that show: what is all blanks and invisible characters was not answered."""

    def to_python(self, value: Any) -> Any:
        words = super().to_python(value)
        return words if not isinstance(words, str) or legible.shows(words) else ""


class KeyedForm(forms.Form):
    """A form that is done once however often it is sent: it brings a key of its own."""

    form_key = forms.CharField(widget=forms.HiddenInput(attrs={"id": False}), max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("form_key", uuid.uuid4().hex)

    @property
    def key(self) -> str:
        return str(self.cleaned_data["form_key"])

    @property
    def press(self) -> str:
        """Of this key and these words, 40 characters; empty without a key. A form gone back to and written anew is another."""
        return digest(self.key, self.said)[:40] if self.key else ""

    @property
    def said(self) -> dict[str, Any]:
        """What was typed and chosen, without the key."""
        return {name: value for name, value in self.cleaned_data.items() if name != "form_key"}


class RatingForm(forms.Form):
    """Who is impacted, and how it affects them."""

    impacted = forms.ChoiceField(
        label=_("Who is impacted?"), choices=Impacted, widget=forms.RadioSelect, error_messages={"required": _("Choose who is impacted")}
    )
    impacted_count = forms.IntegerField(
        label=_("About how many?"),
        required=False,
        min_value=2,
        max_value=1_000_000,
        error_messages={"invalid": _("Enter a number, for example 3"), "min_value": _("Several people are at least 2")},
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    impacted_group = forms.ChoiceField(label=_("Which one?"), required=False)
    effect = forms.ChoiceField(
        label=_("How does it affect you?"),
        choices=Effect,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it affects you")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = self.fields["impacted_group"]
        assert isinstance(groups, forms.ChoiceField)
        groups.choices = [("", _("Choose")), *((name, name) for name in _groups())]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("impacted") == Impacted.DEPARTMENT and not cleaned.get("impacted_group"):
            self.add_error("impacted_group", _("Choose which department or site"))
        if cleaned.get("impacted") != Impacted.SEVERAL:
            cleaned["impacted_count"] = None
        if cleaned.get("impacted") != Impacted.DEPARTMENT:
            cleaned["impacted_group"] = ""
        return cleaned


class ReportForm(KeyedForm, RatingForm, FilesForm):
    """The three questions, and what may be added."""

    what = WordsField(
        label=_("What happened?"),
        help_text=_("For example: Outlook shows “cannot connect” since this morning"),
        max_length=LONGEST,
        error_messages={"required": _("Tell us what happened"), "max_length": TOO_LONG},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    loss = forms.BooleanField(label=_("Something was lost, stolen, or seen or used by someone who should not"), required=False)
    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True), to_field_name="slug", label=_("Service"), required=False, empty_label=_("I do not know")
    )
    reporting_for = forms.CharField(
        label=_("I am reporting for"),
        required=False,
        max_length=254,
        help_text=_("Their name, user name or e-mail address. They get the mails and see the ticket."),
    )
    field_order = ("what", "impacted", "impacted_count", "impacted_group", "effect", "loss")

    def clean_reporting_for(self) -> User | None:
        words = self.cleaned_data["reporting_for"]
        return one_person(words) if words else None


def one_person(words: str) -> User:
    """Whoever signs in with these words, or the only one whose name holds them. Raises ValidationError that says what to do."""
    words, active = legible.composed(words), User.objects.get_queryset().active()
    person = active.by_login(words).first()
    if person is not None:
        return person
    named = list(_named(active, words)[: MOST_NAMED + 1])
    if len(named) == 1:
        return named[0]
    if not named or len(named) > MOST_NAMED:
        raise forms.ValidationError(_("Nobody here is known by that alone. Give their user name or e-mail address, or leave it empty."))
    people = ", ".join(f"{person} ({person.username})" for person in named)
    raise forms.ValidationError(_("Several people are called that: %(people)s. Give the user name."), params={"people": people})


def _named(people: QuerySet[User], words: str) -> QuerySet[User]:
    """Those whose name holds every word; machines are nobody."""
    for word in words.split()[:4]:
        people = people.filter(name__icontains=word)
    return people.filter(kind__in=(User.Kind.EMPLOYEE, User.Kind.EXTERNAL)).order_by("name", "pk")


def _groups() -> list[str]:
    departments = User.objects.exclude(department="").order_by("department").values_list("department", flat=True).distinct()
    return [*departments, *Site.objects.values_list("name", flat=True)]


class AnswerForm(KeyedForm, FilesForm):
    """What somebody writes in a conversation."""

    text = WordsField(
        label=_("Your answer"),
        max_length=LONGEST,
        error_messages={"required": _("Write something first"), "max_length": TOO_LONG},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ReplyForm(AnswerForm):
    """An answer of the desk, with a promise where one is made. The promise alone is an answer too."""

    promise = WordsField(label=_("I promise"), required=False, max_length=200, help_text=_("For example: I call you"))
    promise_at = forms.DateTimeField(
        label=_("by"),
        required=False,
        error_messages={"invalid": _("Write day and time, for example 2026-11-24 10:00")},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["text"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        promise, due_at = cleaned.get("promise"), cleaned.get("promise_at")
        if not promise and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("Write something first"))
        if promise and not due_at and "promise_at" not in self.errors:
            self.add_error("promise_at", _("Say by when"))
        if due_at and not promise and "promise" not in self.errors:
            self.add_error("promise", _("Say what you promise"))
        if due_at and due_at <= self.now:
            self.add_error("promise_at", _("That is over. Choose a time to come"))
        return cleaned


class WorseForm(KeyedForm, RatingForm):
    text = WordsField(
        label=_("What got worse?"),
        required=False,
        max_length=LONGEST,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    field_order = ("text",)


class CallForm(KeyedForm):
    text = WordsField(
        label=_("What was said"),
        max_length=LONGEST,
        error_messages={"required": _("Write what was said")},
        widget=forms.Textarea(attrs={"rows": 3, "data-autofocus": ""}),
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=1440, initial=5)
    person = forms.ChoiceField(label=_("With whom"), required=False)
    direction = forms.ChoiceField(label=_("Who called"), choices=[("out", _("I called")), ("in", _("They called"))], initial="out")

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {each.username: each for each in people}
        chosen = self.fields["person"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [(name, str(each)) for name, each in self.people.items()]

    @property
    def spoken_with(self) -> User | None:
        """Whom the call was with; None: the requester."""
        return self.people.get(self.cleaned_data["person"])


class AssignForm(forms.Form):
    assignee = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", label=_("Assign to"), required=False, empty_label=_("Nobody")
    )
    team = forms.ModelChoiceField(Team.objects.all(), to_field_name="slug", label=_("Team"), required=False, empty_label=_("No team"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["assignee"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER)
        people.widget.attrs["data-autofocus"] = ""


class SeverityForm(forms.Form):
    severity = forms.TypedChoiceField(
        label=_("Severity"),
        choices=Severity,
        coerce=int,
        error_messages={"required": _("Choose a severity"), "invalid_choice": _("Choose SEV1 to SEV4")},
    )
    reason = forms.CharField(label=_("Why"), required=False, max_length=240, help_text=_("Needed when a SEV1 or SEV2 is lowered."))


class ReasonForm(forms.Form):
    """A deed that may need its reason said."""

    reason = forms.CharField(label=_("Why"), required=False, max_length=240)


class NoteForm(KeyedForm):
    text = WordsField(label=_("Add a note, staff only"), max_length=4000, error_messages={"required": _("Write something first")})


class DeclareForm(KeyedForm):
    """By hand: at most four answers."""

    title = WordsField(label=_("What is wrong?"), max_length=200, error_messages={"required": _("Say what is wrong")})
    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True), to_field_name="slug", label=_("Service"), error_messages={"required": _("Choose a service")}
    )
    severity = forms.TypedChoiceField(label=_("Severity"), choices=Severity, coerce=int, initial=2)
    is_shown = forms.BooleanField(label=_("Show it to employees"), required=False)

    def clean_title(self) -> str:
        return legible.line(self.cleaned_data["title"])


class OutageForm(KeyedForm):
    """An incident of what was reported already: only how serious it is."""

    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity, coerce=int, initial=2, error_messages={"invalid_choice": _("Choose SEV1 to SEV4")}
    )


class ExportForm(forms.Form):
    """Which tickets go into a file."""

    first = forms.DateField(label=_("Created from"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("to"), widget=forms.DateInput(attrs={"type": "date"}))
    only_open = forms.BooleanField(label=_("Only those that are open now"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("This is before the first day. Choose that day or a later one."))
        return cleaned
