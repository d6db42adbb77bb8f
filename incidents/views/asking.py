"""Asking or ordering something: what there is, one of them with its questions, and the page of whoever approves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents import approvals, asking, fields, tickets
from incidents.forms_asking import AskForm, DecisionForm
from incidents.models import Approval, RequestType
from incidents.states import IllegalMove
from incidents.views import requester
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

FORM = ["GET", "HEAD", "POST"]


@require_safe
def offers(request: PersonRequest) -> HttpResponse:
    return render(request, "portal/offers.html", {"offers": RequestType.objects.offered(), "waiting": _mine(request)})


def _mine(request: PersonRequest) -> Any:
    """What this person is asked to approve."""
    return Approval.objects.pending().of(request.user).select_related("ticket__requester")


@require_http_methods(FORM)
def ask(request: PersonRequest, slug: str) -> HttpResponse:
    wanted = RequestType.objects.offered().select_related("service__team", "team", "approver").filter(slug=slug).first()
    if wanted is None:
        raise Http404
    rows = [row for row in fields.of(wanted.category or wanted.slug) if not row.is_for_staff]
    form = AskForm(request.POST or None, rows=rows, when="asked")
    if form.is_valid():
        person = form.cleaned_data["reporting_for"] or request.user
        told: dict[str, Any] = {"reported_by": None if person == request.user else request.user, "what": form.cleaned_data["what"]}
        key = f"{request.user.pk}:{form.press}" if form.press else None
        if tickets.is_flood(request.user, key=key, now=clock.now()):
            requester.refuse_flood(form)
            return render(request, "portal/ask.html", {"wanted": wanted, "form": form}, status=429)
        made = asking.ask(wanted, requester=person, answers=form.answers, key=key, now=clock.now(), **told)
        return redirect(f"/t/{made.pk}/?new=1")
    return render(request, "portal/ask.html", {"wanted": wanted, "form": form}, status=422 if form.errors else 200)


@require_http_methods(FORM)
def approve(request: PersonRequest, number: int) -> HttpResponse:
    """GET shows what is asked, POST decides. Whoever was asked and is not any more still reads how it went."""
    row = Approval.objects.of(request.user).select_related("ticket__requester", "ticket__request_type").filter(pk=number).first()
    if row is None:
        raise Http404
    form = DecisionForm(request.POST or None)
    if form.is_valid() and _decided(request, row, form):
        return redirect("approve", row.pk)
    context = {"approval": row, "ticket": row.ticket, "form": form, "answers": fields.shown(row.ticket)}
    return render(request, "portal/approve.html", context, status=422 if form.errors else 200)


def _decided(request: PersonRequest, row: Approval, form: DecisionForm) -> bool:
    """Whether it was done, or told why not; False where the form must be looked at again."""
    told: dict[str, Any] = {"actor": request.user, "now": clock.now()}
    word, said = request.POST.get("decision", ""), form.cleaned_data
    try:
        if word == "hand_on" and not said["to"]:
            form.add_error("to", _("Write who decides instead"))
        elif word == "hand_on":
            approvals.hand_on(row, to=said["to"], **told)
        elif word in ("approve", "refuse"):
            approvals.decide(row, is_approved=word == "approve", reason=said["reason"], begin=asking.begin, **told)
    except approvals.ReasonNeeded:
        form.add_error("reason", _("Say why you refuse it"))
    except approvals.NotYours:
        form.add_error("to", _("Who asks for it cannot approve it"))
    except IllegalMove as error:
        messages.error(request, str(error))
    return not form.errors
