"""Reports: one tab each, the rows behind every number, the same as CSV, by mail, and as a job where the period is long."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import reports
from incidents.models import Incident, ReportMail, Ticket
from incidents.reports import charts, work
from incidents.views import numbers
from servicedesk import clock
from servicedesk.audit import trail
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import Service
from servicedesk.jobs import sheets

PAGE = 50


@require_safe
def report(request: PersonRequest, name: str = "response") -> HttpResponse:
    kind, asked = _reached(request, name)
    if request.GET.get("first") and request.GET.get("last"):
        return redirect(f"{reverse('report_page', args=[name])}?{_with_days(request)}")
    tables = [] if asked.is_long else kind.build(asked)
    if request.GET.get("format") == "csv":
        return _csv(request, kind, asked, tables)
    before = kind.build(asked.before()) if asked.compare and not asked.is_long else []
    context = {
        "kind": kind, "asked": asked, "shown": [(table, charts.chart(table), _was(table, before)) for table in tables],
        "kinds": [one for one in reports.REPORTS if work.may_read(request.user, one)], "periods": reports.PERIODS,
        "teams": asked.reader.teams(), "services": Service.objects.active(), "every": ReportMail.Every.choices,
        "mails": ReportMail.objects.running().filter(person=request.user, name=name),
    }  # fmt: skip
    return render(request, "reports/report.html", context)


@require_safe
def report_rows(request: PersonRequest, name: str) -> HttpResponse:
    """What a number counts, newest first; confidential rows are counted and not shown."""
    kind, asked = _reached(request, name)
    try:
        found = kind.rows(asked, request.GET.get("rows", ""))
    except (ValueError, KeyError, IndexError) as error:
        raise Http404 from error
    visible = found.visible_to(request.user) if found.model in (Ticket, Incident) else found
    before = numbers.whole(request.GET.get("before", ""))
    page: list[Model] = list((visible.filter(pk__lt=before) if before else visible).order_by("-pk").distinct()[: PAGE + 1])
    count, shown = found.values("pk").distinct().count(), visible.values("pk").distinct().count()
    here = f"?{asked.query}&rows={request.GET.get('rows', '')}"
    context = {
        "kind": kind, "asked": asked, "rows": page[:PAGE], "of": found.model._meta.model_name, "count": count, "hidden": count - shown,
        "next": f"{here}&before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
    }  # fmt: skip
    return render(request, "reports/rows.html", context)


@require_POST
def report_job(request: PersonRequest, name: str) -> HttpResponse:
    kind, asked = _reached(request, name)
    return redirect("job", work.start(kind, asked, now=clock.now()).pk)


@require_POST
def report_mail(request: PersonRequest, name: str) -> HttpResponse:
    """Mail it from now on, or no longer."""
    kind, asked = _reached(request, name)
    if stopped := numbers.whole(request.POST.get("stop", "")):
        work.stop(get_object_or_404(ReportMail, pk=stopped, person=request.user), now=clock.now())
        messages.info(request, _("It is no longer mailed to you."))
    elif (every := request.POST.get("every")) in ReportMail.Every.values:
        work.subscribe(request.user, kind, asked.query, every=every, now=clock.now())
        messages.success(request, _("It is mailed to you %(every)s.") % {"every": ReportMail.Every(every).label})
    return redirect(f"{reverse('report_page', args=[name])}?{asked.query}")


def _reached(request: PersonRequest, name: str) -> tuple[reports.Kind, reports.Asked]:
    if not (request.user.is_desk_staff or request.user.is_admin):
        raise PermissionDenied
    kind = reports.find(name)
    if kind is None:
        raise Http404
    if not work.may_read(request.user, kind):
        raise PermissionDenied
    return kind, reports.ask(request.GET.dict(), request.user, now=clock.now())


def _csv(request: PersonRequest, kind: reports.Kind, asked: reports.Asked, tables: Iterable[reports.Table]) -> HttpResponse:
    wanted = request.GET.get("table")
    chosen = [table for table in tables if wanted in (None, table.key)]
    text = "".join(sheets.lines([*work.sheet(table), []]) for table in chosen)
    trail.record(request.user, "download report", actor=request.user, now=clock.now(), after={"report": kind.name, "asked": asked.query})
    answer = HttpResponse(sheets.BOM + text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{kind.name}-{asked.since:%Y-%m-%d}-{asked.until:%Y-%m-%d}.csv"'
    return answer


def _was(table: reports.Table, before: Iterable[reports.Table]) -> dict[str, list[str]]:
    """The same cells of the period before, by the label of their line."""
    same = next((one for one in before if one.key == table.key), None)
    return {line.label: [cell.text for cell in line.cells] for line in same.lines} if same else {}


def _with_days(request: PersonRequest) -> str:
    given = request.GET.copy()
    given["period"] = f"{given.pop('first')[-1]}..{given.pop('last')[-1]}"
    return given.urlencode()
