"""The small forms of a ticket's page: who watches, tags, time spent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents import around, legible
from incidents.forms import LONGEST, WordsField, one_person
from incidents.models import Incident, Ticket
from servicedesk.directory.models import Service, User

MOST_TAGS = 20
LONGEST_TAG = 40


class WatchForm(forms.Form):
    person = WordsField(
        label=_("Add somebody who watches"),
        max_length=254,
        help_text=_("Name, user name or e-mail address. They read what the requester reads, and get the same mails."),
        error_messages={"required": _("Write whom to add")},
    )

    def clean_person(self) -> User:
        return one_person(self.cleaned_data["person"])


class InviteForm(WatchForm):
    """Whom the requester lets read along."""

    def __init__(self, *args: Any, ticket: Ticket, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket, self.by = ticket, by
        self.fields["person"].label = _("Colleague")
        self.fields["person"].help_text = _("Name, user name or e-mail address. They read this page and get the same mails.")

    def invite(self, *, now: datetime) -> bool:
        """Done; or why not stands in the form."""
        try:
            around.invite(self.ticket, person=self.cleaned_data["person"], by=self.by, now=now)
        except around.CannotInvite as error:
            self.add_error("person", str(error))
            return False
        return True


class TitleForm(forms.Form):
    title = WordsField(label=_("Title"), max_length=200, error_messages={"required": _("Say what it is about")})


class TagsForm(forms.Form):
    tags = forms.CharField(label=_("Tags"), required=False, max_length=900, help_text=_("With commas between them."))

    def clean_tags(self) -> list[str]:
        words = [legible.line(word) for word in self.cleaned_data["tags"].split(",")]
        tags = list(dict.fromkeys(word for word in words if word))
        if len(tags) > MOST_TAGS:
            raise forms.ValidationError(_("At most %(n)d tags.") % {"n": MOST_TAGS})
        if long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
            raise forms.ValidationError(_("“%(tag)s” is too long: at most %(n)d characters.") % {"tag": long[:20], "n": LONGEST_TAG})
        return tags


class ServiceForm(forms.Form):
    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True), to_field_name="slug", label=_("Service"), required=False, empty_label=_("No service"),
        error_messages={"invalid_choice": _("Choose a service")},
    )  # fmt: skip
    reason = forms.CharField(label=_("Why"), required=False, max_length=240)


class IncidentForm(forms.Form):
    """One of the open incidents this reader may see."""

    incident = forms.ModelChoiceField(
        Incident.objects.none(), label=_("Incident"), empty_label=_("Choose"), error_messages={"required": _("Choose an incident")}
    )
    reason = forms.CharField(label=_("Why"), required=False, max_length=240)

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["incident"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Incident.objects.visible_to(reader).open().order_by("severity", "-pk")


class TimeForm(forms.Form):
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=1440)
    what = forms.CharField(label=_("On what"), required=False, max_length=120)


class NumberForm(forms.Form):
    """Another ticket by its number, of those this reader may see."""

    other = forms.CharField(
        label=_("The other ticket's number"),
        max_length=20,
        help_text=_("Such as T-1042."),
        widget=forms.TextInput(attrs={"aria-keyshortcuts": "d"}),
    )

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean_other(self) -> Ticket:
        words = self.cleaned_data["other"].strip().upper().removeprefix("T-")
        number = int(words) if words.isascii() and words.isdigit() and len(words) < 19 else 0
        found = Ticket.objects.get_queryset().visible_to(self.reader).filter(pk=number).first()  # type: ignore[attr-defined]
        if found is None:
            raise forms.ValidationError(_("No ticket has that number. Write it like T-1042."))
        return cast("Ticket", found)


class SplitForm(forms.Form):
    title = WordsField(label=_("What it is about"), max_length=200, error_messages={"required": _("Say what it is about")})


class TogetherForm(forms.Form):
    text = WordsField(
        label=_("What you write to all of them"),
        max_length=LONGEST,
        error_messages={"required": _("Write something first")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
