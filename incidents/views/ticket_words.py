"""What staff say on a ticket: an answer held for ten seconds and its undo, a note, a call, a promise kept, only thanks."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, conversation, drafts, fields, pledges, thanks, tickets, withdrawing
from incidents.forms import AnswerForm, CallForm, ReplyForm
from incidents.models import Draft, Entry, Pledge, Ticket
from incidents.states import IllegalMove
from incidents.views import numbers, pressed
from incidents.views.queue_beside import remember, there
from incidents.views.ticket import callable_on, refusal, refuse_unread, shown
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def reply(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = ReplyForm(request.POST, request.FILES, now=clock.now())
    if "discard" in request.POST:
        drafts.sent(request.user, Draft.Kind.REPLY, found.pk, key=request.POST.get("form_key", ""), now=clock.now())
        return redirect("ticket", found.pk)
    if not form.is_valid():
        return shown(request, found, {"text_form": form, "composer": "reply"})
    try:
        if _is_solving(request) and found.children.open().exists():
            refuse_unread(request, found)
            drafts.keep(request.user, Draft.Kind.REPLY, found.pk, {"text": form.cleaned_data["text"]}, now=clock.now())
            if form.cleaned_data["files"]:
                messages.warning(request, _("The files you chose do not go with it. Send them with an answer on the ticket's page."))
            return redirect("ticket_together", found.pk)
        done = pressed.once(
            request, form, functools.partial(_answer, request, found, form), there(request, found), after=_undone(request, found)
        )
    except conversation.NewerEntry as error:
        drafts.keep(request.user, Draft.Kind.REPLY, found.pk, request.POST, now=clock.now())
        return shown(
            request, found, {"text_form": form, "composer": "reply", "newer": error.entry, "was_solving": _is_solving(request)}, status=409
        )
    except IllegalMove as error:
        messages.error(request, str(error) if isinstance(error, fields.Unanswered) else refusal(found))
        return shown(request, found, {"text_form": form, "composer": "reply"}, status=409)
    drafts.sent(request.user, Draft.Kind.REPLY, found.pk, key=form.key, now=clock.now())
    remember(request)
    return done


def _answer(request: PersonRequest, found: Ticket, form: ReplyForm) -> object:
    said: dict[str, Any] = {"is_solving": _is_solving(request), "text": form.cleaned_data["text"], "files": form.cleaned_data["files"]}
    if "anyway" not in request.POST:
        said["last_seen"] = numbers.whole(request.POST.get("last_seen", ""))
    if promise := form.cleaned_data["promise"]:
        due_at = form.cleaned_data["promise_at"]
        return pledges.answer(found, author=request.user, promise=promise, due_at=due_at, now=clock.now(), **said)
    return tickets.answer(found, author=request.user, now=clock.now(), **said)


def _is_solving(request: PersonRequest) -> bool:
    return "solve" in request.POST or request.POST.get("anyway") == "solve"


def _undone(request: PersonRequest, found: Ticket) -> str:
    """The same words sent again after an undo are no second press."""
    return str(found.entries.filter(author=request.user, withdrawn_at__isnull=False).count())


@require_POST
def note(request: PersonRequest, number: int) -> HttpResponse:
    found, now = access.staff_ticket(request.user, number, to_change=True), clock.now()
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return shown(request, found, {"text_form": form, "composer": "note"})
    deed = functools.partial(conversation.note, found, author=request.user, now=now, **form.said)
    done = pressed.once(request, form, deed, there(request, found))
    drafts.sent(request.user, Draft.Kind.NOTE, found.pk, key=form.key, now=now)
    remember(request)
    return done


@require_POST
def call(request: PersonRequest, number: int) -> HttpResponse:
    """Two calls that nobody answered are two calls: only the form's key tells a second press."""
    found, now = access.staff_ticket(request.user, number, to_change=True), clock.now()
    form = CallForm(request.POST, people=callable_on(found))
    if not form.is_valid():
        return shown(request, found, {"call_form": form, "composer": "call"})
    deed = functools.partial(conversation.call, found, author=request.user, now=now, **{**form.said, "person": form.spoken_with})
    done = pressed.once(request, form, deed, there(request, found), by_words=False)
    drafts.sent(request.user, Draft.Kind.CALL, found.pk, key=form.key, now=now)
    remember(request)
    return done


@require_POST
def take_back(request: PersonRequest, number: int, entry: int) -> HttpResponse:
    """Undo a held answer; it says "sent" once it was not in time."""
    found = access.staff_ticket(request.user, number, to_change=True)
    row = Entry.objects.filter(ticket=found, pk=entry).first()
    if row is None:
        raise Http404
    try:
        withdrawing.take_back(row, actor=request.user, now=clock.now())
        messages.success(request, _("Taken back: nobody got it. Your text is in the box again."))
    except withdrawing.TooLate:
        messages.error(request, _("It can no longer be taken back: it went out."))
    return redirect("ticket", found.pk)


@require_POST
def keep_promise(request: PersonRequest, number: int, pledge: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    row = Pledge.objects.filter(ticket=found, pk=pledge).first()
    if row is None:
        raise Http404
    pledges.keep(row, actor=request.user, now=clock.now())
    return redirect("ticket", found.pk)


@require_POST
def only_thanks(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    try:
        thanks.only_thanks(found, actor=request.user, now=clock.now())
        messages.success(request, _("Solved as before. Nothing was counted, and nobody was written to."))
    except IllegalMove:
        messages.error(request, refusal(found))
    return redirect("ticket", found.pk)
