"""The work of a ticket: its checklist, the questions of its category, a vendor's case, who approves it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, approvals, categories, checklists, fields, vendors
from incidents.forms_asking import ApproverForm, CategoryForm, LineForm, QuestionsForm, VendorForm
from incidents.models import Ticket
from incidents.states import IllegalMove
from incidents.views import numbers
from incidents.views.ticket import refusal, shown
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def checklist(request: PersonRequest, number: int) -> HttpResponse:
    """Tick a line, untick it, or add one."""
    found = access.staff_ticket(request.user, number, to_change=True)
    if "add" in request.POST:
        form = LineForm(request.POST)
        if not form.is_valid():
            return shown(request, found, {"line_form": form}, tab="work")
        if checklists.add(found, form.cleaned_data["text"], actor=request.user, now=clock.now()) is None:
            messages.error(request, _("A checklist has at most 100 lines."))
        return redirect(_work(found))
    item = found.checklist.filter(pk=numbers.whole(request.POST.get("item", "")) or 0).first()
    if item is None:
        raise Http404
    checklists.tick(item, done=request.POST.get("done") == "1", actor=request.user, now=clock.now())
    return redirect(_work(found))


@require_POST
def vendor(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = VendorForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"vendor_form": form}, tab="work")
    try:
        vendors.hand_over(found, form.cleaned_data["vendor"], number=form.cleaned_data["number"], actor=request.user, now=clock.now())
    except IllegalMove:
        messages.error(request, refusal(found))
    return redirect(_work(found))


@require_POST
def category(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = CategoryForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"category_form": form}, tab="work")
    categories.set_category(found, form.cleaned_data["category"], actor=request.user, now=clock.now())
    return redirect(_work(found))


@require_POST
def answers(request: PersonRequest, number: int) -> HttpResponse:
    """The questions of its category."""
    found = access.staff_ticket(request.user, number, to_change=True)
    form = QuestionsForm(request.POST, rows=fields.of(found.category), when=None)
    if not form.is_valid():
        return shown(request, found, {"questions_form": form}, tab="work")
    categories.set_fields(found, form.answers, actor=request.user, now=clock.now())
    return redirect(_work(found))


@require_POST
def approver(request: PersonRequest, number: int) -> HttpResponse:
    """Ask somebody to approve it, again or instead of another."""
    found = access.staff_ticket(request.user, number, to_change=True)
    form = ApproverForm(request.POST)
    if form.is_valid() and form.cleaned_data["person"].pk in found.asker_ids:
        form.add_error("person", _("Who asks for it cannot approve it"))
    if not form.is_valid():
        return shown(request, found, {"approver_form": form}, tab="work")
    try:
        approvals.ask(found, form.cleaned_data["person"], actor=request.user, now=clock.now())
    except IllegalMove:
        messages.error(request, refusal(found))
    return redirect(_work(found))


def _work(found: Ticket) -> str:
    return reverse("ticket", args=[found.pk]) + "?tab=work"
