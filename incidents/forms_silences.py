"""What people may send to silence something."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Silence
from servicedesk import walltime
from servicedesk.directory import zones
from servicedesk.directory.models import Service, User

DAYS = (
    ("0", gettext_lazy("Mon")), ("1", gettext_lazy("Tue")), ("2", gettext_lazy("Wed")), ("3", gettext_lazy("Thu")),
    ("4", gettext_lazy("Fri")), ("5", gettext_lazy("Sat")), ("6", gettext_lazy("Sun")),
)  # fmt: skip
NOW = "0"
AHEAD = (
    ("1", gettext_lazy("a day before")), ("7", gettext_lazy("a week before")), (NOW, gettext_lazy("now")), ("", gettext_lazy("none")),
)  # fmt: skip
MOMENT = "%Y-%m-%dT%H:%M"


def _moment(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=19, widget=forms.TextInput(attrs={"type": "datetime-local"}))


class SilenceForm(forms.Form):
    """Times are those of the person's clock."""

    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True), to_field_name="slug", label=gettext_lazy("Service"), required=False,
        empty_label=gettext_lazy("Only the check named below"),
    )  # fmt: skip
    check_slug = forms.CharField(
        label=gettext_lazy("Check"), max_length=120, required=False, help_text=gettext_lazy("Empty: every check of the service.")
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=240, help_text=gettext_lazy("For example: the mail server is updated"))
    starts_at = _moment(gettext_lazy("From"))
    ends_at = _moment(gettext_lazy("Until"))
    weekdays = forms.MultipleChoiceField(label=gettext_lazy("Only on"), choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple)
    opens = forms.TimeField(label=gettext_lazy("each time from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    closes = forms.TimeField(label=gettext_lazy("to"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    audience = forms.ChoiceField(label=gettext_lazy("Announced to"), choices=Silence.Audience, required=False)
    public_text = forms.CharField(
        label=gettext_lazy("What they read"), max_length=240, required=False,
        help_text=gettext_lazy("For example: mail is slow for an hour while the server is updated."),
    )  # fmt: skip
    ahead = forms.ChoiceField(
        label=gettext_lazy("Mail"), choices=AHEAD, required=False,
        help_text=gettext_lazy("To the desk's people, or to who follows the status page."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, person: User, now: datetime) -> None:
        self.zone, self.now = ZoneInfo(zones.of(person)), now
        here = now.astimezone(self.zone)
        begin = {"ahead": "1", "starts_at": here.strftime(MOMENT), "ends_at": (here + timedelta(hours=2)).strftime(MOMENT)}
        super().__init__(data, initial=begin)

    def clean_starts_at(self) -> datetime:
        return walltime.first(self._read("starts_at"), self.zone)

    def clean_ends_at(self) -> datetime:
        return walltime.last(self._read("ends_at"), self.zone)

    def _read(self, name: str) -> datetime:
        try:
            return datetime.fromisoformat(self.cleaned_data[name]).replace(tzinfo=None)
        except ValueError:
            raise forms.ValidationError(_("Enter a day and a time, for example 2026-11-23T22:00")) from None

    def columns(self) -> dict[str, Any]:
        """What `silences.make` takes."""
        said, ahead = self.cleaned_data, self.cleaned_data["ahead"]
        given = {name: said[name] for name in said if name != "ahead"}
        given |= {"weekdays": [int(day) for day in said["weekdays"]], "zone": self.zone.key}
        announce_at = None
        if ahead and said["audience"]:  # "now" is no day ahead at all
            announce_at = max(self.now, said["starts_at"] - timedelta(days=int(ahead))) if ahead != NOW else self.now
        return given | {"announce_at": announce_at} | ({} if given["weekdays"] else {"opens": None, "closes": None})
