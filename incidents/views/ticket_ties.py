"""How a ticket belongs to others: merged, split, tied, part of another, and solved with its children."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents import access, conversation, drafts, families, fields, merging
from incidents.forms_ticket import NumberForm, SplitForm, TogetherForm
from incidents.models import Draft, Entry, Ticket, TicketLink
from incidents.states import IllegalMove
from incidents.views import numbers
from incidents.views.ticket import last_of, refusal
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def tie(request: PersonRequest, number: int) -> HttpResponse:
    """Merge, link, or make part of another: the number and the button say what."""
    found = access.staff_ticket(request.user, number, to_change=True)
    form = NumberForm(request.POST, reader=request.user)
    deed = TIES.get(request.POST.get("deed", ""))
    if deed is None or not form.is_valid():
        wrong = form.errors.get("other", [_("Nothing was done: use one of the buttons.")])
        messages.error(request, str(wrong[0]))
        return redirect(_work(found))
    return _done(request, found, lambda told: deed(found, form.cleaned_data["other"], told))


def _merge(found: Ticket, other: Ticket, told: dict[str, Any]) -> str:
    into = merging.merge(found, into=other, **told)
    return reverse("ticket", args=[into.pk])


def _link(found: Ticket, other: Ticket, told: dict[str, Any]) -> str:
    merging.link(found, other, **told)
    return _work(found)


def _part_of(found: Ticket, other: Ticket, told: dict[str, Any]) -> str:
    families.set_parent(found, other, **told)
    return _work(found)


TIES: dict[str, Callable[[Ticket, Ticket, dict[str, Any]], str]] = {"merge": _merge, "link": _link, "part_of": _part_of}


@require_POST
def untie(request: PersonRequest, number: int) -> HttpResponse:
    """Undo a merge, a link, or being part of another."""
    found = access.staff_ticket(request.user, number, to_change=True)
    return _done(request, found, lambda told: _untied(request, found, told))


def _untied(request: PersonRequest, found: Ticket, told: dict[str, Any]) -> str:
    if "merge" in request.POST:
        merging.unmerge(found, **told)
        return reverse("ticket", args=[found.pk])
    if "parent" in request.POST:
        families.set_parent(found, None, **told)
    for row in TicketLink.objects.select_related("one", "other").filter(
        pk__in=[n for n in request.POST.getlist("link") if n.isdecimal()][:1]
    ):
        if found.pk in (row.one_id, row.other_id):
            merging.unlink(row, **told)
    return _work(found)


@require_http_methods(["GET", "HEAD", "POST"])
def split(request: PersonRequest, number: int, entry: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    row = Entry.objects.filter(ticket=found, pk=entry, withdrawn_at=None).exclude(kind=Entry.Kind.EVENT).select_related("author").first()
    if row is None:
        raise Http404
    form = SplitForm(request.POST or None)
    if form.is_valid():
        made = merging.split(row, title=form.cleaned_data["title"], actor=request.user, now=clock.now())
        messages.success(request, _("This is its own ticket now."))
        return redirect("ticket", made.pk)
    return render(request, "desk/split.html", {"ticket": found, "entry": row, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def together(request: PersonRequest, number: int) -> HttpResponse:
    """What solving this ticket does to its children, then doing it; more than twenty are asked for once more."""
    found = access.staff_ticket(request.user, number, to_change=True)
    draft = drafts.of(request.user, Draft.Kind.REPLY, found.pk)
    form, preview = TogetherForm(request.POST or None, initial=dict(draft.fields) if draft else None), families.preview(found)
    context = {"ticket": found, "seen": preview, "form": form, "asks": form.is_bound and not form.errors}
    context["last_seen"] = request.POST.get("last_seen") or last_of(found.entries.order_by("-pk")[:1], found)
    if not form.is_valid() or (preview.is_many and "confirmed" not in request.POST):
        return render(request, "desk/together.html", context, status=422 if form.errors else 200)
    try:
        _solve_all(request, found, form.cleaned_data["text"])
    except conversation.NewerEntry as error:
        return render(request, "desk/together.html", {**context, "newer": error.entry, "last_seen": error.entry.pk}, status=409)
    return redirect("ticket", found.pk)


def _solve_all(request: PersonRequest, found: Ticket, text: str) -> None:
    """What refuses is told on the next page. Raises NewerEntry."""
    seen = None if "anyway" in request.POST else numbers.whole(request.POST.get("last_seen", ""))
    try:
        families.solve(found, text=text, actor=request.user, now=clock.now(), last_seen=seen)
        drafts.discard(request.user, Draft.Kind.REPLY, found.pk)
    except fields.Unanswered as error:
        messages.error(request, str(error))
    except IllegalMove:
        messages.error(request, refusal(found))


def _done(request: PersonRequest, found: Ticket, deed: Callable[[dict[str, Any]], str]) -> HttpResponse:
    try:
        return redirect(deed({"actor": request.user, "now": clock.now()}))
    except merging.CannotJoin as error:
        messages.error(request, str(error))
    except IllegalMove:
        messages.error(request, refusal(found))
    return redirect(_work(found))


def _work(found: Ticket) -> str:
    return reverse("ticket", args=[found.pk]) + "?tab=work"
