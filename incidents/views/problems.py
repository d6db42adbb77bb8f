"""Problems: the records, and what recurs and is none yet."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import problems, similar
from incidents.forms_problems import ProblemForm
from incidents.forms_ticket import NumberForm
from incidents.models import Problem, Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.views import numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, readers, workers

PAGE = 50


@require_safe
@readers
def problem_list(request: PersonRequest) -> HttpResponse:
    rows = Problem.objects.select_related("service", "owner").annotate(ticket_count=Count("tickets")).order_by("-pk")
    if before := numbers.whole(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PAGE + 1])
    good, judged = similar.precision()
    context: dict[str, Any] = {
        "problems": page[:PAGE],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "recurring": problems.recurring(now=clock.now(), reader=request.user)[:20],
        "good": good,
        "judged": judged,
        "may_work": request.user.is_agent or request.user.is_manager,
    }
    return render(request, "problems/list.html", context)


@require_POST
@workers
def make(request: PersonRequest) -> HttpResponse:
    """Of the tickets ticked, which this person may see."""
    ticked = [number for words in request.POST.getlist("ticket")[:500] if (number := numbers.whole(words))]
    rows = list(TicketQuerySet(Ticket).visible_to(request.user).filter(pk__in=ticked, is_confidential=False).order_by("pk"))
    if not rows:
        messages.error(request, _("Choose tickets first."))
        return redirect("problems")
    made = problems.make(rows, title=request.POST.get("title", "").strip() or rows[0].title, actor=request.user, now=clock.now())
    return redirect("problem", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@readers
def problem(request: PersonRequest, number: int) -> HttpResponse:
    row = Problem.objects.select_related("service", "owner").filter(pk=number).first()
    if row is None:
        raise Http404
    may_work = request.user.is_agent or request.user.is_manager
    if request.method == "POST" and not may_work:
        return HttpResponse(status=403)
    form = ProblemForm(request.POST or None, initial={name: getattr(row, name) for name in ProblemForm.base_fields})
    if form.is_valid():
        problems.change(row, actor=request.user, now=clock.now(), **form.cleaned_data)
        messages.success(request, _("Kept."))
        return redirect("problem", row.pk)
    tickets = TicketQuerySet(Ticket).visible_to(request.user).filter(problems=row, is_confidential=False).select_related("requester")
    context = {"problem": row, "form": form, "tickets": tickets.order_by("-pk")[:200], "may_work": may_work}
    return render(
        request, "problems/problem.html", context | {"number_form": NumberForm(reader=request.user)}, status=422 if form.errors else 200
    )


@require_POST
@workers
def add(request: PersonRequest, number: int) -> HttpResponse:
    row = Problem.objects.filter(pk=number).first()
    if row is None:
        raise Http404
    form = NumberForm(request.POST, reader=request.user)
    if form.is_valid():
        problems.add(row, form.cleaned_data["other"], actor=request.user, now=clock.now())
    else:
        messages.error(request, str(form.errors["other"][0]))
    return redirect("problem", row.pk)
