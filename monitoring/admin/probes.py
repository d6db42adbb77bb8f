"""Probes in the admin: choose one, then a form of its own options, each with its default and whose default that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring import rounds
from monitoring.models import Check, Watch
from monitoring.probes import options
from monitoring.probes.catalogue import PROBES
from monitoring.probes.shape import Option, Probe
from servicedesk import clock, sealing
from servicedesk.audit import trail
from servicedesk.audit.desk_admin import DeskAdmin
from servicedesk.directory.models import Service

CHECK = ("slug", "service", "period_s", "grace_s", "confirm", "for_s", "clear_confirm", "is_paused")
LONG = ("lines", "pattern")
KINDS = {
    "security": gettext_lazy("Security"),
    "application": gettext_lazy("Applications"),
    "system": gettext_lazy("System"),
    "database": gettext_lazy("Databases"),
    "network": gettext_lazy("Network"),
    "mail": gettext_lazy("Mail"),
}


class WatchForm(forms.ModelForm):  # type: ignore[type-arg]
    """What every probe asks; `made_for` adds the options of one."""

    probe: Probe
    slug = forms.CharField(
        label=gettext_lazy("name"), max_length=120, help_text=gettext_lazy("Of the check, such as intranet or disk of fs-02.")
    )
    service = forms.ModelChoiceField(
        Service.objects.all(),
        label=gettext_lazy("service"),
        required=False,
        widget=AutocompleteSelect(Check._meta.get_field("service"), admin.site),
    )
    period_s = forms.IntegerField(label=gettext_lazy("every (seconds)"), min_value=10, max_value=86_400)
    grace_s = forms.IntegerField(label=gettext_lazy("late after another (seconds)"), min_value=10, max_value=86_400, initial=120)
    confirm = forms.IntegerField(label=gettext_lazy("bad results in a row"), min_value=1, max_value=50, initial=2)
    for_s = forms.IntegerField(label=gettext_lazy("bad for at least (seconds)"), min_value=0, max_value=86_400, initial=0)
    clear_confirm = forms.IntegerField(label=gettext_lazy("good results in a row"), min_value=1, max_value=50, initial=1)
    is_paused = forms.BooleanField(label=gettext_lazy("paused"), required=False)

    class Meta:
        model = Watch
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            check = self.instance.check_ref
            self.initial.update({name: getattr(check, name) for name in CHECK}, service=check.service_id)
            self.initial.update({name: _shown(value) for name, value in self.instance.options.items() if not _is_sealed(value)})
        else:
            self.initial.setdefault("period_s", self.probe.every_s)

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).strip()
        if Check.objects.filter(source=rounds.own_source(), slug=slug).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a probe with this name."))
        return slug

    def clean(self) -> dict[str, Any]:
        """The options made sure as a whole; a secret left empty stays what it was."""
        given = {option.name: self.cleaned_data.get(option.name) for option in self.probe.options}
        for option in self.probe.options:
            if option.form == "secret" and not given[option.name]:
                given[option.name] = self.instance.options.get(option.name, "")
        given[options.THRESHOLDS] = self.cleaned_data.get(options.THRESHOLDS) or ""
        try:
            self.cleaned_data["options"] = options.sure(self.probe, given)
        except options.WrongOptions as error:
            for name, words in error.errors.items():
                if not self.has_error(name):
                    self.add_error(name, words)
        return self.cleaned_data


def made_for(probe: Probe) -> type[WatchForm]:
    fields = {option.name: _field(option) for option in probe.options}
    return type("WatchForm", (WatchForm,), {"probe": probe, **fields, options.THRESHOLDS: _thresholds(probe)})


def _field(option: Option) -> forms.Field:
    common: dict[str, Any] = {"label": option.label, "required": option.is_required, "help_text": _help(option)}
    if option.form == "flag":
        return forms.BooleanField(**(common | {"required": False}), initial=option.default)
    if option.form == "choice":
        return forms.ChoiceField(**common, choices=[(one, one) for one in option.choices], initial=option.default)
    if option.form == "secret":
        return forms.CharField(**common, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    widget = forms.Textarea(attrs={"rows": 3}) if option.form in LONG else forms.TextInput(attrs={"size": 60})
    return forms.CharField(**common, widget=widget, initial=_shown(option.default))


def _help(option: Option) -> str:
    default = "" if option.default in ("", [], None) or isinstance(option.default, bool) else _shown(option.default)
    said = [str(option.help)] if option.help else []
    said += [_("In %(unit)s.") % {"unit": option.unit}] if option.unit else []
    said += [_("Default: %(default)s (%(source)s).") % {"default": default, "source": option.source}] if default and option.source else []
    said += [_("Kept sealed; empty leaves it as it is.")] if option.form == "secret" else []
    return " ".join(said)


def _thresholds(probe: Probe) -> forms.Field:
    lines = [
        f"{f.name} [{f.unit}]: {f.label}; {f.warn or '-'} {f.crit or '-'}" + (f" ({f.source})" if f.source else "") for f in probe.figures
    ]
    told = _("One a line: figure warning critical; - for none. Usual ones: %(lines)s") % {"lines": " · ".join(lines)}
    return forms.CharField(label=gettext_lazy("thresholds"), required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=told)


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return "\n".join(f"{name} {warn or '-'} {crit or '-'}" for name, (warn, crit) in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(value) if all("\n" not in one and ":" not in one for one in value) else "\n".join(value)
    return "" if value is None else value


def _is_sealed(value: Any) -> bool:
    return isinstance(value, str) and sealing.is_sealed(value)


@admin.register(Watch)
class WatchAdmin(DeskAdmin):
    list_display = ("check_ref", "probe", "service", "period", "state", "due_at", "ran_at", "late_s", "took_s")
    list_select_related = ("check_ref__service", "check_ref__state")
    list_filter = ("probe",)
    search_fields = ("check_ref__slug",)
    actions = ("run_now",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return made_for(self._probe(request, obj) or next(iter(PROBES.values())))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        probe = self._probe(request, obj)
        if probe is None:
            return [(None, {"fields": ()})]
        own = [option.name for option in probe.options]
        return [
            (
                probe.title,
                {"fields": ["slug", "service", *own], "description": _("Needs: %(what)s") % {"what": probe.privilege or _("nothing")}},
            ),
            (_("When, and when it is a problem"), {"fields": [*CHECK[2:], options.THRESHOLDS]}),
        ]

    def _probe(self, request: HttpRequest, obj: Watch | None) -> Probe | None:
        return PROBES.get(obj.probe if obj else request.GET.get("probe", ""))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request) or request.GET.get("probe") in PROBES:
            return super().add_view(request, form_url, extra_context)
        kinds = {words: [probe for probe in PROBES.values() if probe.kind == kind] for kind, words in KINDS.items()}
        context = {**self.admin_site.each_context(request), "title": _("Choose a probe"), "kinds": kinds, "opts": self.opts}
        return TemplateResponse(request, "admin/choose_probe.html", context)

    def save_model(self, request: HttpRequest, obj: Watch, form: Any, change: bool) -> None:
        """Check, probe and their line on the trail, together. Secrets are sealed before anything is written."""
        now, said = clock.now(), form.cleaned_data
        sealed = {option.name for option in form.probe.options if option.form == "secret"}
        chosen = {name: sealing.seal(value) if name in sealed else value for name, value in said["options"].items()}
        before = obj.options if change else {}
        with transaction.atomic():
            check = obj.check_ref if change else Check(source=rounds.own_source(), kind=Check.Kind.PROBE, created_at=now)
            for name in CHECK:
                setattr(check, name, said[name])
            check.save(update_fields=list(CHECK)) if change else check.save(force_insert=True)
            obj.check_ref, obj.probe, obj.options = check, form.probe.name, chosen
            rounds.begin(obj, now=now)
            obj.save(update_fields=["options", "due_at"]) if change else obj.save(force_insert=True)
            told = {name: said[name].slug if name == "service" and said[name] else said[name] for name in CHECK}
            after = chosen | {name: value for name, value in told.items() if isinstance(value, str | int | bool)}
            trail.record(obj, "change" if change else "add", actor=request.user, now=now, before=before, after=after)  # type: ignore[arg-type]

    @admin.action(description=gettext_lazy("Run now"))
    def run_now(self, request: HttpRequest, rows: QuerySet[Watch]) -> None:
        asked = rows.exclude(due_at=None).update(due_at=clock.now(), rung_at=None)
        messages.info(request, _("%(count)s probes run within a second or two; read their checks then.") % {"count": asked})

    @admin.display(description=gettext_lazy("service"))
    def service(self, obj: Watch) -> str:
        return str(obj.check_ref.service or "-")

    @admin.display(description=gettext_lazy("every"))
    def period(self, obj: Watch) -> str:
        return f"{obj.check_ref.period_s} s"

    @admin.display(description=gettext_lazy("state"))
    def state(self, obj: Watch) -> str:
        state = getattr(obj.check_ref, "state", None)
        return state.get_status_display() if state else "-"
