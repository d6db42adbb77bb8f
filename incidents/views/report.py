"""The post-incident report: read, corrected, finished, printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents import access
from incidents.command import reports
from incidents.forms_command import ActionForm
from incidents.models import Incident, Report, Sentence
from incidents.states import IllegalMove
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

LONGEST = 2000


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: PersonRequest, number: int) -> HttpResponse:
    found = access.incident(request.user, number, to_change=request.method == "POST")
    form = ActionForm(request.POST if request.POST.get("action") == "act" else None)
    if request.method == "POST" and (not form.is_bound or form.is_valid()):
        try:
            _do(request, found, form)
        except (IllegalMove, reports.ReportNeeded) as error:
            messages.error(request, str(error))
        return redirect("incident_report", found.pk)
    return _page(request, found, form)


def _page(request: PersonRequest, found: Incident, form: ActionForm) -> HttpResponse:
    row = Report.objects.filter(incident=found).select_related("drafted_by", "finished_by").first()
    may_work = access.may_work(request.user, found)
    sentences = list(row.sentences.select_related("entry")) if row else []
    context = {
        "incident": found,
        "report": row,
        "form": form,
        "sections": [(kind.value, kind.label, [one for one in sentences if one.section == kind]) for kind in Sentence.Section],
        "actions": row.actions.select_related("owner", "ticket", "done_by") if row else [],
        "times": reports.times(found),
        "due_at": reports.due_at(found),
        "is_over": found.state in reports.OVER,
        "notes": reports.notes_left(row) if row and not row.finished_at else [],
        "may_tick": may_work,
        "may_work": may_work and not (row and row.finished_at),
    }
    return render(request, "incidents/report.html", context, status=422 if form.errors else 200)


def _do(request: PersonRequest, found: Incident, form: ActionForm) -> None:
    row, now, actor = reports.draft(found, actor=request.user, now=clock.now()), clock.now(), request.user
    action, _colon, which = request.POST.get("action", "").partition(":")
    if action in ("done", "undone"):
        for item in row.actions.filter(pk=numbers.whole(which) or 0):
            reports.tick(item, is_done=action == "done", actor=actor, now=now)
    elif action == "act":
        reports.act(row, **form.cleaned_data, actor=actor, now=now)
    elif action in ("save", "finish"):
        reports.correct(row, *_typed(request.POST), actor=actor, now=now)
    if action == "finish":
        reports.finish(row, actor=actor, now=now)
        messages.success(request, _("The report is finished. The incident can be closed."))


def _typed(sent: Mapping[str, str]) -> tuple[dict[int, str], dict[str, str], dict[int, str]]:
    """Sentences by their numbers, new ones by section, and the sections of notes that are taken up."""
    texts = {number: text[:LONGEST] for number, text in _numbered(sent, "s-")}
    notes = {number: section for number, section in _numbered(sent, "note-") if section in Sentence.Section.values}
    return texts, {kind: sent.get(f"new-{kind}", "")[:LONGEST] for kind in Sentence.Section.values}, notes


def _numbered(sent: Mapping[str, str], before: str) -> Iterator[tuple[int, str]]:
    for name, text in sent.items():
        number = numbers.whole(name.removeprefix(before)) if name.startswith(before) else None
        if number is not None:
            yield number, text
