"""What people may say of a check: by what it is heard, and when it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import Check
from servicedesk.directory import zones
from servicedesk.directory.models import Service, User

UNITS = ((60, gettext_lazy("minutes")), (3600, gettext_lazy("hours")), (86_400, gettext_lazy("days")), (1, gettext_lazy("seconds")))
LONGEST_S = 366 * 86_400
KINDS = (
    (Check.Kind.HEARTBEAT, gettext_lazy("A heartbeat: a job says that it ran")),
    (Check.Kind.PUSH, gettext_lazy("Pushed results: a program says how it is")),
)


def _number(label: Any, initial: int | None = None, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, initial=initial, min_value=0, max_value=9999, **more)


def _unit(label: Any, initial: int) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=UNITS, coerce=int, initial=initial)


class CheckForm(forms.Form):
    """A check's settings. Spans are a number and a unit; what comes out are whole seconds."""

    slug = forms.CharField(label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("For example: nightly backup, smtp-01"))
    service = forms.ModelChoiceField(
        Service.objects.filter(is_active=True), to_field_name="slug", label=gettext_lazy("Service"), required=False,
        empty_label=gettext_lazy("None"), help_text=gettext_lazy("Rules and on-call people come with it."),
    )  # fmt: skip
    every = _number(gettext_lazy("Expected every"), required=False)
    every_unit = _unit(gettext_lazy("Unit of the period"), 60)
    cron = forms.CharField(
        label=gettext_lazy("Or by a schedule (cron)"), max_length=120, required=False,
        help_text=gettext_lazy("Five fields, for example 0 2 * * 1-5: at 02:00 from Monday to Friday."),
    )  # fmt: skip
    zone = forms.CharField(label=gettext_lazy("Time zone of the schedule"), max_length=64, required=False)
    grace = _number(gettext_lazy("Late after another"), 5)
    grace_unit = _unit(gettext_lazy("Unit of the grace"), 60)
    confirm = forms.IntegerField(
        label=gettext_lazy("Bad results in a row before it is a problem"), initial=1, min_value=1, max_value=20
    )  # fmt: skip

    def __init__(self, data: Any = None, *, person: User, now: datetime, check: Check | None = None) -> None:
        self.check, self.now = check, now
        super().__init__(data, initial=_begin(check) if check else {"zone": zones.of(person)})

    def clean_slug(self) -> str:
        name: str = self.cleaned_data["slug"].strip()
        if not name.isprintable() or "/" in name:
            raise forms.ValidationError(_("Use letters, digits, spaces and signs, but no “/”."))
        return name

    def clean_cron(self) -> str:
        words: str = " ".join(self.cleaned_data["cron"].split())
        if words:
            try:
                next(CronSim(words, self.now), None)
            except CronSimError:
                raise forms.ValidationError(_("Not a cron schedule. Write five fields, for example 0 2 * * 1-5")) from None
        return words

    def clean_zone(self) -> str:
        name: str = self.cleaned_data["zone"] or "UTC"
        if name not in available_timezones():
            raise forms.ValidationError(_("Use the name of a time zone, such as Europe/Paris"))
        return name

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("cron") and said.get("every"):
            self.add_error("cron", _("Choose one: a period or a schedule"))
        if said.get("every") and said["every"] * said.get("every_unit", 1) > LONGEST_S:
            self.add_error("every", _("At most a year"))
        return said

    @property
    def columns(self) -> dict[str, Any]:
        """What `watching.make` and `watching.change` take."""
        said = self.cleaned_data
        period_s = said["every"] * said["every_unit"] if said["every"] and not said["cron"] else None
        same = {name: said[name] for name in ("slug", "service", "cron", "zone", "confirm")}
        return {**same, "period_s": period_s, "grace_s": said["grace"] * said["grace_unit"]}


class NewCheckForm(CheckForm):
    kind = forms.ChoiceField(label=gettext_lazy("How is it heard?"), choices=KINDS, widget=forms.RadioSelect, initial=Check.Kind.HEARTBEAT)
    field_order = ("slug", "kind", "service")

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        is_heartbeat = said.get("kind") == Check.Kind.HEARTBEAT
        if is_heartbeat and not said.get("every") and not said.get("cron") and not self.has_error("cron"):
            self.add_error("every", _("Say how often it is expected, or give a schedule"))
        return said

    @property
    def columns(self) -> dict[str, Any]:
        return {**super().columns, "kind": self.cleaned_data["kind"]}


class PauseForm(forms.Form):
    """For how long; empty: until somebody resumes it."""

    minutes = forms.IntegerField(required=False, min_value=1, max_value=60 * 24 * 30)

    def until(self, now: datetime) -> datetime | None:
        minutes = self.cleaned_data["minutes"]
        return now + timedelta(minutes=minutes) if minutes else None


def _begin(check: Check) -> dict[str, Any]:
    """A check's settings as the form shows them."""
    every, every_unit = _parts(check.period_s)
    grace, grace_unit = _parts(check.grace_s)
    return {
        "slug": check.slug, "service": check.service.slug if check.service else None, "cron": check.cron, "zone": check.zone,
        "every": every, "every_unit": every_unit, "grace": grace, "grace_unit": grace_unit, "confirm": check.confirm,
    }  # fmt: skip


def _parts(seconds: int | None) -> tuple[int | None, int]:
    """The greatest unit it is whole in."""
    if not seconds:
        return seconds, 60
    unit = next(size for size in (86_400, 3600, 60, 1) if seconds % size == 0)
    return seconds // unit, unit


def slots(check: Check, now: datetime, most: int = 3) -> list[datetime]:
    """The next moments of a schedule."""
    if not check.cron:
        return []
    try:
        coming = CronSim(check.cron, now.astimezone(ZoneInfo(check.zone)))
        return [at.astimezone(UTC) for at, _n in zip(coming, range(most), strict=False)]
    except (CronSimError, KeyError):
        return []
