"""The small forms of a ticket's page: who watches, tags, time spent."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents import legible
from incidents.forms import WordsField, one_person
from servicedesk.directory.models import User

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


class TimeForm(forms.Form):
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=1440)
    what = forms.CharField(label=_("On what"), required=False, max_length=120)
