"""One message: every try, every receipt, and what staff may still do about it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later
from django.views.decorators.http import require_POST, require_safe

from notifications import access, clerk
from notifications.delivery.receipts import WORDS
from notifications.models import Message, ProviderCallback
from notifications.states import AttemptState
from notifications.views.outbox import row_of
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only

OUTCOMES = {
    "applied": _later("Taken."),
    "older than what is known": _later("Older than what is known: only kept."),
    "unknown word": _later("A word we do not know: only kept."),
    "key": _later("A key was pressed."),
}


@require_safe
@only(*access.READERS)
def message(request: PersonRequest, number: int) -> HttpResponse:
    found = _find(request, number)
    context = {
        "row": row_of(found),
        "message": found,
        "tries": found.tries.order_by("number"),
        "receipts": [_said(one) for one in ProviderCallback.objects.filter(attempt__message=found).defer("raw").order_by("pk")],
        "again": clerk.copy_of(found),
        "may_change": request.user.holds(*access.WORKERS),
        "why_not_again": clerk.why_not_again(found),
        "why_not_stopped": clerk.why_not_stopped(found),
    }
    return render(request, "desk/message.html", context)


@require_POST
@only(*access.WORKERS)
def send_again(request: PersonRequest, number: int) -> HttpResponse:
    try:
        made = clerk.resend(_find(request, number), actor=request.user, now=clock.now())
    except clerk.NotNow as why:
        messages.error(request, str(why))
        return redirect("message", number)
    messages.success(request, _("On its way once more. This page shows what becomes of it."))
    return redirect("message", made.pk)


@require_POST
@only(*access.WORKERS)
def cancel(request: PersonRequest, number: int) -> HttpResponse:
    try:
        clerk.stop(_find(request, number), actor=request.user, now=clock.now())
        messages.success(request, _("Cancelled: it does not go out."))
    except clerk.NotNow as why:
        messages.error(request, str(why))
    return redirect("message", number)


def _find(request: PersonRequest, number: int) -> Message:
    rows = access.visible_to(request.user).select_related("person", "errand", "method", "bundle")
    return get_object_or_404(rows, pk=number)


def _said(one: ProviderCallback) -> tuple[datetime, str, str | Promise]:
    """When a report came, what it said in words, and what was made of it."""
    word = one.event_id.rpartition(":")[2]
    state = WORDS.get(word)
    return one.received_at, str(AttemptState(state).label) if state else "", OUTCOMES.get(one.outcome, one.outcome)
