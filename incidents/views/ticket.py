"""A ticket as staff work it: conversation, the side panel's reasons, and the buttons."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import access, conversation, tickets
from incidents.forms import AnswerForm, AssignForm, CallForm, SeverityForm
from incidents.models import Entry, Ticket
from incidents.states import IllegalMove
from incidents.views import clocks, escalations, numbers
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

COMPOSERS = ("reply", "note", "call")
MOVES: dict[str, Callable[..., Ticket]] = {
    "solve": tickets.solve,
    "reopen": tickets.reopen,
    "take_up": tickets.take_up,
    "wait": functools.partial(tickets.wait, waiting_for=Ticket.Waiting.REQUESTER),
}


@require_safe
def ticket(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number)
    return _page(request, found)


def _page(request: PersonRequest, found: Ticket, wrong: dict[str, Any] | None = None, status: int = 422) -> HttpResponse:
    """The page; `wrong` brings a form that was sent with faults, so that nothing typed is lost."""
    now = clock.now()
    entries = list(found.entries.select_related("author").order_by("id"))
    is_timeline = request.GET.get("tab") == "timeline"
    composer = request.GET.get("write", "reply")
    context = {
        "ticket": found,
        "entries": entries if is_timeline else [entry for entry in entries if entry.kind != Entry.Kind.EVENT],
        "changes": [entry for entry in entries if entry.kind == Entry.Kind.EVENT],
        "is_timeline": is_timeline,
        "composer": composer if composer in COMPOSERS else "reply",
        "clocks": clocks.all_of(found, now),
        "escalation": escalations.of_ticket(found, now),
        "last_seen": max((entry.pk for entry in entries if entry.audience == Entry.Audience.PUBLIC), default=0),
        "others": Ticket.objects.visible_to(request.user).filter(requester=found.requester).exclude(pk=found.pk).order_by("-id")[:3],
        "may_work": request.user.is_agent or request.user.is_manager,
        "text_form": AnswerForm(),
        "call_form": CallForm(),
        "assign_form": AssignForm(initial={"assignee": found.assignee and found.assignee.username, "team": found.team and found.team.slug}),
        "severity_form": SeverityForm(initial={"severity": found.severity}),
        **(wrong or {}),
    }
    return render(request, "desk/ticket.html", context, status=status if wrong else 200)


@require_POST
def reply(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, found, {"text_form": form, "composer": "reply"})
    try:
        last_seen = numbers.whole(request.POST.get("last_seen", ""))
        conversation.reply(found, author=request.user, text=form.cleaned_data["text"], last_seen=last_seen, now=clock.now())
    except conversation.NewerEntry as error:
        return _page(request, found, {"text_form": form, "composer": "reply", "newer": error.entry}, status=409)
    if "solve" in request.POST:
        tickets.solve(found, actor=request.user, text="", now=clock.now())
    return redirect("ticket", found.pk)


@require_POST
def note(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, found, {"text_form": form, "composer": "note"})
    conversation.note(found, author=request.user, text=form.cleaned_data["text"], now=clock.now())
    return redirect("ticket", found.pk)


@require_POST
def call(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = CallForm(request.POST)
    if not form.is_valid():
        return _page(request, found, {"call_form": form, "composer": "call"})
    conversation.call(found, author=request.user, now=clock.now(), **form.cleaned_data)
    return redirect("ticket", found.pk)


@require_POST
def assign(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    if "me" in request.POST:
        tickets.assign(found, to=request.user, actor=request.user, now=clock.now())
        return redirect("ticket", found.pk)
    form = AssignForm(request.POST)
    if form.is_valid() and found.is_confidential and form.cleaned_data["team"] is None:
        form.add_error("team", _("A confidential ticket stays with a team, or nobody could read it"))
    if not form.is_valid():
        return _page(request, found, {"assign_form": form})
    tickets.assign(found, to=form.cleaned_data["assignee"], team=form.cleaned_data["team"], actor=request.user, now=clock.now())
    return redirect("ticket", found.pk)


@require_POST
def severity(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = SeverityForm(request.POST)
    if form.is_valid():
        try:
            tickets.set_severity(
                found, rank=form.cleaned_data["severity"], reason=form.cleaned_data["reason"], actor=request.user, now=clock.now()
            )
            return redirect("ticket", found.pk)
        except tickets.ReasonNeeded:
            form.add_error("reason", _("Say why: a SEV1 or SEV2 is lowered only with a reason"))
    return _page(request, found, {"severity_form": form})


@require_POST
def move(request: PersonRequest, number: int) -> HttpResponse:
    """The buttons of the head: solve, reopen, wait, take up."""
    found = access.staff_ticket(request.user, number, to_change=True)
    deed = MOVES.get(request.POST.get("action", ""))
    if deed is None:
        messages.error(request, _("Nothing was done: use one of the buttons."))
        return redirect("ticket", found.pk)
    try:
        deed(found, actor=request.user, now=clock.now())
    except IllegalMove:
        messages.error(request, _("That cannot be done now. The ticket is: %(state)s.") % {"state": found.get_state_display()})
    return redirect("ticket", found.pk)
