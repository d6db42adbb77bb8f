"""Reading what is confidential and not one's own, for a reason that others hear."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from incidents import glass
from incidents.models import Ticket
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only


class GlassForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("Ticket or incident"), max_length=20, help_text=gettext_lazy("T-1042 or INC-214."))
    reason = forms.CharField(
        label=gettext_lazy("Why you must read it"), min_length=glass.LEAST, max_length=400, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Everybody who may read it is told your name and this reason. It stays on the audit trail."),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@only(*glass.MAY)
def break_glass(request: PersonRequest) -> HttpResponse:
    form = GlassForm(request.POST or None, initial={"number": request.GET.get("number", "")[:20]})
    if request.method == "POST" and form.is_valid():
        try:
            thing = glass.look_up(form.cleaned_data["number"])
            glass.break_it(thing, by=request.user, reason=form.cleaned_data["reason"], now=clock.now())
        except glass.NothingToBreak:
            form.add_error("number", _("No confidential ticket or incident has this number."))
        except glass.NotAllowed:
            form.add_error("reason", _("Give the reason in some words."))
        else:
            return redirect("ticket" if isinstance(thing, Ticket) else "incident", thing.pk)
    return render(request, "incidents/break_glass.html", {"form": form}, status=422 if form.is_bound else 200)
