"""/inbox/<source>/mapping/: which field of a stranger's body is which of ours, tried on the last one."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from monitoring import mapping
from monitoring.models import Source
from monitoring.sources import generic
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role


class MappingForm(forms.Form):
    items = forms.CharField(
        label=gettext_lazy("The list of signals"), required=False, help_text=gettext_lazy("Empty: the body is one signal.")
    )
    check = forms.CharField(label=gettext_lazy("Name of the check"))
    status = forms.CharField(label=gettext_lazy("How it is"), help_text=gettext_lazy("Words such as ok, resolved, firing, down are known."))
    severity = forms.CharField(label=gettext_lazy("Severity"), required=False)
    summary = forms.CharField(label=gettext_lazy("What happened"), required=False)
    service = forms.CharField(label=gettext_lazy("Service"), required=False, help_text=gettext_lazy("Its short name, for new checks."))
    link = forms.CharField(label=gettext_lazy("Link"), required=False)
    started_at = forms.CharField(label=gettext_lazy("Since when"), required=False)
    event_id = forms.CharField(label=gettext_lazy("Number of the event"), required=False, help_text=gettext_lazy("Twice the same is once."))
    value = forms.CharField(label=gettext_lazy("Measured value"), required=False)

    def clean(self) -> dict[str, str]:
        given = {name: path.strip() for name, path in (super().clean() or {}).items() if path}
        for wrong in generic.wrong_in(given):
            if wrong.field in self.fields and not self.has_error(wrong.field):
                self.add_error(wrong.field, _("A path such as alerts.0.name, of at most twelve steps."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@only(Role.ADMIN)
def edit(request: PersonRequest, slug: str) -> HttpResponse:
    source = get_object_or_404(Source, slug=slug, kind="generic")
    form = MappingForm(request.POST or None, initial=source.mapping)
    is_sent = request.method == "POST" and form.is_valid()
    if is_sent and request.POST.get("do") == "save":
        mapping.save(source, form.cleaned_data, actor=request.user, now=clock.now())
        messages.success(request, _("The mapping of %(source)s is kept; the next body is read by it.") % {"source": source.name})
        return redirect("source_mapping", slug=slug)
    trial = mapping.tried(source, form.cleaned_data if is_sent else source.mapping, now=clock.now())
    status = 422 if form.errors else 200
    return render(request, "monitoring/mapping.html", {"source": source, "form": form, "trial": trial}, status=status)
