"""/checks/<id>/: one check; made, changed, paused and pinged by those who work here."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from monitoring import access, check_page, explaining, readings, watching
from monitoring.forms import CheckForm, NewCheckForm, PauseForm
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_safe
def check(request: PersonRequest, number: int) -> HttpResponse:
    found, now = access.check(request.user, number), clock.now()
    pulse = request.GET.get("pulse", "")
    if pulse and pulse == check_page.cursor(found):
        return HttpResponse(status=204)
    asked, metric = request.GET.get("range", ""), request.GET.get("metric", "")
    context = check_page.page(found, asked=asked, metric=metric, user=request.user, now=now)
    context |= {
        "may_change": access.may_change(request.user),
        "is_pulse": bool(pulse),
        "every": int(check_page.soon(found).total_seconds()),
    }
    answer = render(request, "monitoring/check_news.html" if pulse else "monitoring/check.html", context)
    answer["Desk-Cursor"] = context["cursor"]
    return answer


@require_safe
def figures(request: PersonRequest, number: int) -> HttpResponse:
    """The numbers of the chart, as a file."""
    found = access.check(request.user, number)
    wanted = readings.BY_KEY.get(request.GET.get("range", ""), readings.BY_KEY[check_page.USUAL])
    series = readings.of_check(found, wanted, metric=request.GET.get("metric", "")[:80], now=clock.now())
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="check-{found.pk}-{wanted.key}.csv"'
    sheet = csv.writer(answer)
    sheet.writerow(["at", "mean", "low", "high", "unit", "warning", "critical", "worst", "results", "not_ok"])
    for one in series.points:
        sheet.writerow(
            [one.at.isoformat(), one.mean, one.low, one.high, series.unit, one.warn, one.crit, one.worst, one.n, one.bad]
        )  # fmt: skip
    return answer


@require_safe
def why(request: PersonRequest, number: int) -> HttpResponse:
    """Why one result alerted, or why it did not: ?day=2026-11-23&result=17."""
    found = access.check(request.user, number)
    asked = request.GET.get("result", "")
    result = check_page.result_of(found, int(asked), request.GET.get("day", "")) if asked.isdecimal() and len(asked) < 19 else None
    if result is None:
        raise Http404
    explained = explaining.of_result(found, result, user=request.user, now=clock.now())
    return render(request, "monitoring/why.html", {"check": found, "result": result, "explained": explained})


@require_safe
def spark(request: PersonRequest, number: int) -> HttpResponse:
    """The last day as a small line, for pages that may not know of checks; where nothing was read, nothing."""
    found = access.check(request.user, number)
    return render(request, "monitoring/spark.html", {"check": found, "spark": check_page.spark(found, now=clock.now())})


@require_http_methods(["GET", "HEAD", "POST"])
@access.makers
def new_check(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    form = NewCheckForm(request.POST or None, person=request.user, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            made = watching.make(actor=request.user, now=now, **form.columns)
        except watching.NameTaken:
            form.add_error("slug", _("There is a check of this name. Choose another one"))
        else:
            return redirect("check", made.pk)
    return render(request, "monitoring/new_check.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_check(request: PersonRequest, number: int) -> HttpResponse:
    found, now = access.check(request.user, number, to_change=True), clock.now()
    form = CheckForm(request.POST or None, person=request.user, now=now, check=found)
    if request.method == "POST" and form.is_valid():
        try:
            watching.change(found, actor=request.user, now=now, **form.columns)
        except watching.NameTaken:
            form.add_error("slug", _("There is a check of this name. Choose another one"))
        else:
            return redirect("check", found.pk)
    return render(request, "monitoring/edit_check.html", {"form": form, "check": found}, status=422 if form.errors else 200)


@require_POST
def pause(request: PersonRequest, number: int) -> HttpResponse:
    """Pause it, for so many minutes or until somebody resumes it; or resume it."""
    found, now = access.check(request.user, number, to_change=True), clock.now()
    form = PauseForm(request.POST)
    if request.POST.get("action") == "resume":
        watching.resume(found, actor=request.user, now=now)
    elif form.is_valid():
        watching.pause(found, actor=request.user, now=now, until=form.until(now))
    else:
        messages.error(request, _("Nothing was done: give whole minutes, at most 30 days."))
    return redirect("check", found.pk)


@require_POST
def ping(request: PersonRequest, number: int) -> HttpResponse:
    found = access.check(request.user, number, to_change=True)
    try:
        watching.ping(found, actor=request.user, now=clock.now())
        messages.success(request, _("A signal was sent for %(check)s.") % {"check": found})
    except watching.NotSignalled:
        messages.error(request, _("Nothing is sent for this check: the desk asks by itself."))
    return redirect("check", found.pk)
