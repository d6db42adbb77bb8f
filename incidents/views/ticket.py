"""A ticket as staff work it: conversation, the side panel's reasons, and the buttons."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import access, conversation, drafts, readers, tickets
from incidents.forms import AnswerForm, AssignForm, CallForm, SeverityForm
from incidents.models import Draft, Entry, Ticket
from incidents.states import IllegalMove
from incidents.views import clocks, escalations, numbers, pressed
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

COMPOSERS = ("reply", "note", "call")


@require_safe
def ticket(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number)
    readers.opened(found, by=request.user, now=clock.now())
    return _page(request, found)


def _page(request: PersonRequest, found: Ticket, wrong: dict[str, Any] | None = None, status: int = 422) -> HttpResponse:
    """The page; `wrong` brings a form that was sent with faults, so that nothing typed is lost."""
    now = clock.now()
    entries = list(found.entries.select_related("author").prefetch_related("files").order_by("id"))
    is_timeline = request.GET.get("tab") == "timeline"
    composer = request.GET.get("write", "reply")
    context = {
        "ticket": found,
        "files": found.files.filter(entry=None),
        "entries": entries if is_timeline else [entry for entry in entries if entry.kind != Entry.Kind.EVENT],
        "changes": [entry for entry in entries if entry.kind == Entry.Kind.EVENT],
        "is_timeline": is_timeline,
        "composer": composer if composer in COMPOSERS else "reply",
        "clocks": clocks.all_of(found, now),
        "escalation": escalations.of_ticket(found, now),
        "last_seen": max((entry.pk for entry in entries if entry.audience == Entry.Audience.PUBLIC), default=0),
        "others": Ticket.objects.visible_to(request.user).filter(requester=found.requester).exclude(pk=found.pk).order_by("-id")[:3],
        "may_work": request.user.is_agent or request.user.is_manager,
        "text_form": AnswerForm(initial=_draft(request, composer, found)),
        "call_form": CallForm(),
        "assign_form": AssignForm(initial={"assignee": found.assignee and found.assignee.username, "team": found.team and found.team.slug}),
        "severity_form": SeverityForm(initial={"severity": found.severity}),
        **(wrong or {}),
    }
    return render(request, "desk/ticket.html", context, status=status if wrong else 200)


def _draft(request: PersonRequest, composer: str, found: Ticket) -> dict[str, Any]:
    row = drafts.of(request.user, composer, found.pk)
    return dict(row.fields) if row else {}


@require_POST
def reply(request: PersonRequest, number: int) -> HttpResponse:
    found, now = access.staff_ticket(request.user, number, to_change=True), clock.now()
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, {"text_form": form, "composer": "reply"})
    said = {"last_seen": numbers.whole(request.POST.get("last_seen", "")), "is_solving": "solve" in request.POST, **form.said}
    try:
        done = pressed.once(request, form, lambda: tickets.answer(found, author=request.user, now=now, **said), _url(found))
    except conversation.NewerEntry as error:
        return _page(request, found, {"text_form": form, "composer": "reply", "newer": error.entry}, status=409)
    except IllegalMove:
        messages.error(request, _refusal(found))
        return _page(request, found, {"text_form": form, "composer": "reply"}, status=409)
    drafts.discard(request.user, Draft.Kind.REPLY, found.pk)
    return done


@require_POST
def note(request: PersonRequest, number: int) -> HttpResponse:
    found, now = access.staff_ticket(request.user, number, to_change=True), clock.now()
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, {"text_form": form, "composer": "note"})
    done = pressed.once(request, form, lambda: conversation.note(found, author=request.user, now=now, **form.said), _url(found))
    drafts.discard(request.user, Draft.Kind.NOTE, found.pk)
    return done


@require_POST
def call(request: PersonRequest, number: int) -> HttpResponse:
    """Two calls that nobody answered are two calls: only the form's key tells a second press."""
    found, now = access.staff_ticket(request.user, number, to_change=True), clock.now()
    form = CallForm(request.POST)
    if not form.is_valid():
        return _page(request, found, {"call_form": form, "composer": "call"})
    deed = functools.partial(conversation.call, found, author=request.user, now=now, **form.said)
    return pressed.once(request, form, deed, _url(found), by_words=False)


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
    try:
        tickets.press(found, request.POST.get("action", ""), actor=request.user, now=clock.now())
    except tickets.UnknownButton:
        messages.error(request, _("Nothing was done: use one of the buttons."))
    except IllegalMove:
        messages.error(request, _refusal(found))
    return redirect("ticket", found.pk)


def _refusal(found: Ticket) -> str:
    """How it stands now, which may be otherwise than when the page was opened."""
    state = Ticket.objects.get(pk=found.pk).get_state_display()
    return _("That cannot be done now. The ticket is: %(state)s.") % {"state": state}


def _url(found: Ticket) -> str:
    return reverse("ticket", args=[found.pk])
