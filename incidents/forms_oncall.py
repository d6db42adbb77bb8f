"""What is asked of whoever arranges who is on call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from incidents.states import Severity
from servicedesk import walltime
from servicedesk.directory import moments
from servicedesk.directory.models import Role, Service, User
from servicedesk.oncall.changes import Change
from servicedesk.oncall.models import Override, Rotation
from servicedesk.oncall.roster import Duty
from servicedesk.oncall.rotations import Draft
from servicedesk.oncall.swaps import Offer

ZONES = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]
DAY, TIME = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
MINUTE = "%Y-%m-%dT%H:%M"
WHEN = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
A_YEAR = 366


class RotaForm(forms.Form):
    """The turns of a schedule. People stand in `people`, in order; a button moves one of them and saves nothing."""

    add = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", label=_("Add a person"), required=False, empty_label=_("Choose")
    )
    starts_on = forms.DateField(label=_("First shift starts"), widget=DAY, error_messages={"required": _("Say on which day it begins")})
    handoff = forms.TimeField(label=_("Hand-off time"), widget=TIME, error_messages={"required": _("Say at what time they hand over")})
    length = forms.IntegerField(
        label=_("Shift length"), min_value=1, max_value=A_YEAR, error_messages={"required": _("Say how long a shift is")}
    )
    kind = forms.ChoiceField(label=_("Counted in"), choices=Rotation.Kind)
    zone = forms.ChoiceField(label=_("Time zone"), choices=ZONES)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Only on these days"), choices=list(WEEKDAYS.items()), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    opens = forms.TimeField(label=_("Only from"), required=False, widget=TIME, help_text=_("Both empty: the whole day."))
    closes = forms.TimeField(label=_("Only until"), required=False, widget=TIME)

    def __init__(self, data: Any = None, *, people: list[User], position: int = 0, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.position = position
        field = cast("forms.ModelChoiceField[User]", self.fields["add"])
        field.queryset = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).order_by("name")
        self.people = _ordered(data) if data is not None else people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if ("opens" in cleaned and "closes" in cleaned) and (cleaned["opens"] is None) != (cleaned["closes"] is None):
            self.add_error("closes", _("Give both ends of the hours, or none"))
        new = cleaned.get("add")
        if new is not None and new not in self.people:
            self.people.append(new)
        shown = cast("QueryDict", self.data).copy()
        shown["add"] = ""  # whoever was added stands in the list now, and is not added again by the next button
        self.data = shown
        return cleaned

    def draft(self) -> Draft:
        """What was asked for, once the form is valid."""
        names = ("starts_on", "kind", "length", "handoff", "zone", "opens", "closes")
        asked = {name: self.cleaned_data[name] for name in names}
        return Draft(people=tuple(self.people), weekdays=tuple(self.cleaned_data["weekdays"]), position=self.position, **asked)


class SpanForm(forms.Form):
    """From one moment until another, on the clock of `zone`. A moment that comes twice begins early and ends late."""

    starts = forms.CharField(label=_("From"), widget=WHEN, error_messages={"required": _("Say when it begins")})
    ends = forms.CharField(label=_("Until"), widget=WHEN, error_messages={"required": _("Say when it ends")})

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    def clean_starts(self) -> datetime:
        return walltime.first(_wall(self.cleaned_data["starts"]), self.zone)

    def clean_ends(self) -> datetime:
        return walltime.last(_wall(self.cleaned_data["ends"]), self.zone)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "starts" in cleaned and "ends" in cleaned and cleaned["ends"] <= cleaned["starts"]:
            self.add_error("ends", _("It must end after it begins"))
        return cleaned


class AwayForm(SpanForm):
    reason = forms.CharField(label=_("Why"), required=False, max_length=80, help_text=_("Others can read it."))


class ChangeForm(SpanForm):
    """Somebody else for a time."""

    kind = forms.ChoiceField(label=_("What changes"), choices=Override.Kind, initial=Override.Kind.COVER)
    person = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", label=_("Person"), error_messages={"required": _("Choose a person")}
    )
    replaces = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", label=_("Instead of"), required=False, empty_label=_("Whoever is on call")
    )
    field_order = ("kind", "person", "replaces", "starts", "ends")

    def __init__(self, *args: Any, own: User | None = None, **kwargs: Any) -> None:
        """`own`: may put nobody but themselves on call, and take nobody off."""
        super().__init__(*args, **kwargs)
        desk = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).order_by("name")
        cast("forms.ModelChoiceField[User]", self.fields["person"]).queryset = desk.filter(pk=own.pk) if own else desk
        cast("forms.ModelChoiceField[User]", self.fields["replaces"]).queryset = desk
        kinds = [choice for choice in Override.Kind.choices if not own or choice[0] != Override.Kind.REMOVE]
        cast("forms.ChoiceField", self.fields["kind"]).choices = kinds

    def change(self) -> Change:
        said = self.cleaned_data
        replaces = said["replaces"] if said["kind"] == Override.Kind.COVER else None
        return Change(said["kind"], said["person"], replaces, said["starts"], said["ends"])


class SwapForm(forms.Form):
    """One's own turn, and somebody's turn in return, or nobody's: "ben" alone takes it for nothing."""

    gives = forms.ChoiceField(label=_("I give"), error_messages={"required": _("Choose one of your turns")})
    takes = forms.ChoiceField(label=_("To, and take"), error_messages={"required": _("Choose a person")})

    def __init__(self, *args: Any, own: Sequence[Duty], others: Sequence[Duty], colleagues: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turns = {_turn_key(duty): duty for duty in [*own, *others]}
        self.colleagues = {person.username: person for person in colleagues}
        cast("forms.ChoiceField", self.fields["gives"]).choices = [(_turn_key(duty), _turn(duty)) for duty in own]
        theirs = [(_turn_key(duty), f"{duty.person}: {_turn(duty)}") for duty in others]
        nothing = [(name, _("%(name)s, nothing in return") % {"name": person}) for name, person in self.colleagues.items()]
        cast("forms.ChoiceField", self.fields["takes"]).choices = [*theirs, *nothing]

    def offer(self) -> Offer:
        gives, takes = self.turns[self.cleaned_data["gives"]], self.turns.get(self.cleaned_data["takes"])
        other = takes.person if takes else self.colleagues[self.cleaned_data["takes"]]
        return Offer(other, (gives.starts_at, gives.ends_at), (takes.starts_at, takes.ends_at) if takes else None)


def _turn_key(duty: Duty) -> str:
    return f"{duty.person.username}|{duty.starts_at.isoformat()}|{duty.ends_at.isoformat()}"


def _turn(duty: Duty) -> str:
    start, end = timezone.localtime(duty.starts_at), timezone.localtime(duty.ends_at)
    return gettext("%(start)s to %(end)s") % {"start": moments.stamp(start, end), "end": moments.stamp(end, start)}


def _wall(words: str) -> datetime:
    """A moment of the wall clock, "2026-12-05T00:00". Raises ValidationError."""
    try:
        return datetime.strptime(words[:16], MINUTE)  # noqa: DTZ007  (its zone is the schedule's)
    except ValueError as error:
        raise forms.ValidationError(_("Enter a day and a time, such as 2026-12-05T00:00.")) from error


class MomentForm(forms.Form):
    """Who would be paged: for what, how severe, and when. Times are on the reader's clock."""

    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True), to_field_name="slug", label=_("Service"), required=False, empty_label=_("Any")
    )
    severity = forms.TypedChoiceField(label=_("Severity"), choices=Severity, coerce=int, required=False, empty_value=None)
    at = forms.DateTimeField(
        label=_("Moment"), required=False, input_formats=[MINUTE, "%Y-%m-%dT%H:%M:%S"], help_text=_("Empty: now."), widget=WHEN
    )


def of_draft(draft: Draft) -> dict[str, Any]:
    """A draft as the form shows it at first."""
    return {name: getattr(draft, name) for name in ("starts_on", "kind", "length", "handoff", "zone", "opens", "closes")} | {
        "weekdays": draft.weekdays
    }


def next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def _ordered(data: Any) -> list[User]:
    """The people sent, in the order sent, after the button that was pressed: "up:ben", "down:ben" or "remove:ben"."""
    names = list(dict.fromkeys(filter(str.isprintable, data.getlist("people"))))
    deed, _colon, name = data.get("do", "").partition(":")
    if name in names and deed in MOVES:
        MOVES[deed](names, names.index(name))
    found: Mapping[str, User] = {person.username: person for person in User.objects.filter(username__in=names, is_active=True)}
    return [found[name] for name in names if name in found]


def _up(names: list[str], place: int) -> None:
    names.insert(max(place - 1, 0), names.pop(place))


def _down(names: list[str], place: int) -> None:
    names.insert(place + 1, names.pop(place))


def _remove(names: list[str], place: int) -> None:
    del names[place]


MOVES = {"up": _up, "down": _down, "remove": _remove}
