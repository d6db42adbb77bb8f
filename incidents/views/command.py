"""What is pressed by those who lead an incident: updates, roles, the bridge, the cost, tickets, a page by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, bulk, escalation, incidents
from incidents.command import desk, facts, obligations, roles, updates
from incidents.escalation import paging
from incidents.forms_command import (
    AnswerForm,
    BridgeForm,
    CostForm,
    DoingForm,
    FactsForm,
    MergeForm,
    ObligationForm,
    RoleForm,
    SummonsForm,
    TicketForm,
    UpdateForm,
    WordingForm,
)
from incidents.models import Incident, Update
from incidents.states import IllegalMove
from incidents.views import incident_page, pressed
from notifications import reach
from servicedesk import clock
from servicedesk.directory import moments
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import User


@require_POST
def update(request: PersonRequest, number: int) -> HttpResponse:
    """Fill in a phase's text, show what would be sent, or send it."""
    found, now = access.incident(request.user, number, to_change=True), clock.now()
    form, step = UpdateForm(request.POST), request.POST.get("step")
    if step == "fill" and request.POST.get("phase") in Update.Phase.values:
        return incident_page.page(request, found, update_form=incident_page.update_form(found, now=now, phase=request.POST["phase"]))
    if not form.is_valid():
        return incident_page.page(request, found, update_form=form)
    if step != "send":
        return incident_page.page(request, found, update_form=form, preview=incident_page.preview(found, form, now=now))
    try:
        deed = partial(updates.publish, found, actor=request.user, now=now, **form.update_of(now))
        return pressed.once(request, form, deed, f"/incidents/{found.pk}/")
    except updates.NotPublic:
        form.add_error("audiences", _("This incident is confidential. Only IT managers who may read it are told."))
    except IllegalMove as error:
        form.add_error(None, str(error))
    return incident_page.page(request, found, update_form=form)


@require_POST
def role(request: PersonRequest, number: int) -> HttpResponse:
    form = RoleForm(request.POST)
    return _do(
        request, number, form.is_valid(),
        lambda row: roles.give(row, form.cleaned_data["role"], to=form.cleaned_data["person"], actor=request.user, now=clock.now()),
    )  # fmt: skip


@require_POST
def doing(request: PersonRequest, number: int) -> HttpResponse:
    form = DoingForm(request.POST)
    return _do(request, number, form.is_valid(), lambda row: roles.say(row, **form.cleaned_data, actor=request.user, now=clock.now()))


@require_POST
def bridge(request: PersonRequest, number: int) -> HttpResponse:
    form = BridgeForm(request.POST)
    return _do(request, number, form.is_valid(), lambda row: desk.meet(row, **form.cleaned_data, actor=request.user, now=clock.now()))


@require_POST
def join(request: PersonRequest, number: int) -> HttpResponse:
    deed = desk.leave if request.POST.get("action") == "leave" else desk.join
    return _do(request, number, True, lambda row: deed(row, person=request.user, now=clock.now()))


@require_POST
def obligation(request: PersonRequest, number: int) -> HttpResponse:
    """Start the deadlines outside the house, or decide one of them with a reason."""
    form, now = ObligationForm(request.POST), clock.now()
    if request.POST.get("decision") == "begin":
        return _do(request, number, True, lambda row: obligations.begin(row, aware_at=row.created_at, actor=request.user, now=now))
    try:
        return _do(request, number, form.is_valid(), lambda row: obligations.decide(row, **form.cleaned_data, actor=request.user, now=now))
    except obligations.ReasonNeeded as error:
        messages.error(request, str(error))
        return redirect("incident", number)


@require_POST
def tell(request: PersonRequest, number: int) -> HttpResponse:
    """What happened, who is impacted and how."""
    found, form = access.incident(request.user, number, to_change=True), FactsForm(request.POST)
    if not form.is_valid():
        return incident_page.page(request, found, facts_form=form)
    facts.tell(found, **form.cleaned_data, actor=request.user, now=clock.now())
    return redirect("incident", found.pk)


@require_POST
def reword(request: PersonRequest, number: int) -> HttpResponse:
    """A note of one's own, put right."""
    form = WordingForm(request.POST)
    put_right = partial(incidents.reword, actor=request.user, now=clock.now())
    try:
        return _do(request, number, form.is_valid(), lambda row: put_right(row, form.cleaned_data["entry"], text=form.cleaned_data["text"]))
    except incidents.NotTheirs as error:
        messages.error(request, str(error))
        return redirect("incident", number)


@require_POST
def cost(request: PersonRequest, number: int) -> HttpResponse:
    form = CostForm(request.POST)
    return _do(request, number, form.is_valid(), lambda row: desk.reckon(row, **form.cleaned_data, actor=request.user, now=clock.now()))


@require_POST
def merge(request: PersonRequest, number: int) -> HttpResponse:
    """Make it part of another incident, by its number."""
    found = access.incident(request.user, number, to_change=True)
    form = MergeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the other incident's number, for example INC-214, and why."))
        return redirect("incident", found.pk)
    try:
        whole = access.incident(request.user, form.cleaned_data["into"], to_change=True)
        incidents.merge(found, into=whole, reason=form.cleaned_data["reason"], actor=request.user, now=clock.now())
    except Http404:
        messages.error(request, _("No incident that you may see has this number."))
    except incidents.CannotMerge as error:
        messages.error(request, str(error))
    return redirect("incident", found.pk)


@require_POST
def tickets(request: PersonRequest, number: int) -> HttpResponse:
    """Put a ticket in by its number, or take it out."""
    found = access.incident(request.user, number, to_change=True)
    form = TicketForm(request.POST)
    if not form.is_valid():
        return incident_page.page(request, found, ticket_form=form)
    try:
        ticket = access.staff_ticket(request.user, form.cleaned_data["number"], to_change=True)
    except Http404:
        form.add_error("number", _("No ticket that you may see has this number."))
        return incident_page.page(request, found, ticket_form=form)
    reason = form.cleaned_data["reason"]
    if request.POST.get("action") == "take_out":
        incidents.unlink_ticket(found, ticket, reason=reason, actor=request.user, now=clock.now())
    else:
        linked = reason or _("%(name)s linked it.") % {"name": request.user}
        incidents.link_ticket(found, ticket, reason=linked, actor=request.user, now=clock.now())
    return redirect("incident", found.pk)


@require_POST
def answer_all(request: PersonRequest, number: int) -> HttpResponse:
    """First show how many people would read which words; then answer each open ticket that is linked."""
    found, form = access.incident(request.user, number, to_change=True), AnswerForm(request.POST)
    rows = list(found.tickets.visible_to(request.user).open().select_related("requester").order_by("pk")[: bulk.MOST])
    if not form.is_valid() or request.POST.get("step") != "send" or not rows:
        told = sorted({str(row.requester) for row in rows}) if form.is_valid() else None
        return incident_page.page(request, found, answer_form=form, answered=told, answered_tickets=len(rows))
    order = bulk.Order("reply", text=form.cleaned_data["text"])

    def deed() -> None:
        messages.success(request, bulk.apply(order, rows, actor=request.user, now=clock.now()).said)

    return pressed.once(request, form, deed, f"/incidents/{found.pk}/")


@require_POST
def page_someone(request: PersonRequest, number: int) -> HttpResponse:
    """First show how this person would be reached; then page them."""
    found, now = access.incident(request.user, number, to_change=True), clock.now()
    form = SummonsForm(request.POST)
    if not form.is_valid():
        return incident_page.page(request, found, summons_form=form)
    person: User = form.cleaned_data["person"]
    if request.POST.get("step") != "send":
        return incident_page.page(request, found, summons_form=form, summons=person, ways=_ways(found, person))
    try:
        deed = partial(escalation.page_person, found, person, by=request.user, now=now)
        return pressed.once(request, form, deed, f"/incidents/{found.pk}/", by_words=False)
    except IllegalMove as error:
        form.add_error(None, str(error))
    return incident_page.page(request, found, summons_form=form)


def _ways(found: Incident, person: User) -> list[str]:
    """ "SMS at once", "Call after 3 min": how this person would be reached, or why not."""
    said = []
    for way in reach.ladder(person, paging.urgency_of(found)):
        after = _("after %(time)s") % {"time": moments.duration(timedelta(seconds=way.delay_s))} if way.delay_s else _("at once")
        said.append(way.why_not or f"{way.method.get_kind_display()} {after}")
    return said


def _do(request: PersonRequest, number: int, is_valid: bool, deed: Callable[[Incident], object]) -> HttpResponse:
    """One deed on an incident this person may work, and back to its page."""
    found = access.incident(request.user, number, to_change=True)
    try:
        if is_valid:
            deed(found)
        else:
            messages.error(request, _("Nothing was changed: what was sent cannot be read. Use the fields of the page."))
    except IllegalMove as error:
        messages.error(request, str(error))
    return redirect("incident", found.pk)
