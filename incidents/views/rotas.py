"""/oncall/<schedule>/import/: a schedule of another pager, as a file or pasted; what would become of it, then brought in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from incidents import access, readiness
from incidents.views import calendar
from servicedesk import clock
from servicedesk.directory.access import PersonRequest
from servicedesk.oncall import bringing
from servicedesk.oncall.bringing import Arrival
from servicedesk.oncall.foreign import MOST_BYTES, CannotRead
from servicedesk.oncall.models import Schedule

AHEAD = timedelta(weeks=4)
SHOWN = 20


class FileForm(forms.Form):
    """What was sent as a file comes back as words, so that the preview can be saved without sending it again."""

    file = forms.FileField(label=gettext_lazy("File"), required=False, help_text=gettext_lazy("iCal, or JSON; at most 2 MB."))
    words = forms.CharField(label=gettext_lazy("Or its content"), required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sent = cleaned.get("file")
        if sent is not None:
            cleaned["words"] = sent.read(MOST_BYTES + 1).decode("utf-8-sig", "replace")
        if not cleaned.get("words"):
            self.add_error("file", _("Choose a file, or paste what it holds"))
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: PersonRequest, slug: str) -> HttpResponse:
    """Without a file the form; with one the preview; and `save` brings it in."""
    found, now = access.schedule(request.user, slug, to_change=True), clock.now()
    form, arrival = FileForm(request.POST or None, request.FILES or None), None
    if form.is_bound and form.is_valid():
        try:
            arrival = bringing.read(found, form.cleaned_data["words"].encode(), now=now)
        except CannotRead as error:
            form.add_error("file", str(error))
    if arrival is not None and request.POST.get("do") == "save" and not arrival.is_empty:
        made = bringing.bring(found, arrival, by=request.user, now=now)
        messages.success(
            request,
            ngettext("%(n)d rotation or change was brought in.", "%(n)d rotations and changes were brought in.", made) % {"n": made},
        )
        return redirect("schedule", found.slug)
    context = {"schedule": found, "form": form, "arrival": arrival, **(_preview(found, arrival) if arrival else {})}
    return render(request, "oncall/import.html", context, status=422 if form.errors else 200)


def _preview(found: Schedule, arrival: Arrival) -> dict[str, Any]:
    """Four weeks as they would be, and what is wrong about them."""
    now = clock.now()
    day = now.astimezone(ZoneInfo(found.zone)).date()
    start, end = calendar.span(day, found.zone)
    rota = bringing.tried(found, arrival, start=start, end=end, now=now)
    return {
        "weeks": calendar.weeks(rota, day, now=now),
        "findings": readiness.of_rota(rota, start=now, end=end),
        "stretches": arrival.added[:SHOWN],
        "more": max(0, len(arrival.added) - SHOWN),
    }
