"""The page of a job, its end before its time, and its file."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from servicedesk import clock
from servicedesk.audit import trail
from servicedesk.directory.access import PersonRequest
from servicedesk.jobs import access, sheets, work
from servicedesk.jobs.models import Job, JobPart


@require_safe
def job(request: PersonRequest, number: int) -> HttpResponse:
    """The whole page, or for the pulse its state where that changed."""
    found = access.job(request.user, number)
    cursor = f"{found.state}.{found.done}.{found.cancel_asked_at is not None}"
    context = {"job": found, "cursor": cursor, "is_own": found.asked_by_id == request.user.pk}
    if "pulse" not in request.GET:
        return render(request, "desk/job.html", context)
    if request.GET["pulse"] == cursor:
        return HttpResponse(status=204)
    pulse = render(request, "desk/job_state.html", {**context, "is_pulse": True})
    pulse["Desk-Cursor"] = cursor
    return pulse


@require_POST
def cancel(request: PersonRequest, number: int) -> HttpResponse:
    work.cancel(access.job(request.user, number), actor=request.user, now=clock.now())
    return redirect("job", number)


@require_safe
def file(request: PersonRequest, number: int) -> StreamingHttpResponse:
    found = access.own_file(request.user, number)
    trail.record(found, "download", actor=request.user, now=clock.now(), after={"file": found.file_name})
    response = StreamingHttpResponse(_text(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _text(found: Job) -> Iterator[str]:
    """One part after the other, so that a long file never stands in memory."""
    yield sheets.BOM
    for number in found.parts.values_list("number", flat=True):
        yield JobPart.objects.get(job=found, number=number).text
