"""The employee's side: home, report, own tickets. Nothing of the desk's inside shows here."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents import access, automation, drafts, knowledge, tickets
from incidents import promise as promises
from incidents.forms import AnswerForm, ReportForm
from incidents.forms_ticket import InviteForm, WatchForm
from incidents.models import Draft, Incident, Ticket
from incidents.states import IllegalMove
from incidents.views import numbers, portal_around, portal_live, pressed, requester, ticket_print
from servicedesk import clock
from servicedesk.directory.access import PersonRequest

LONGEST_WORDS = 200


@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """With `?q=` also what may help; a script is given that part alone."""
    words = request.GET.get("q", "")[:LONGEST_WORDS].replace("\0", "")
    searched = {"words": words, "found": knowledge.suggest(words, reader=request.user), "about": urlencode({"about": words})}
    page = render(request, "portal/results.html", searched) if request.headers.get("HX-Target") == "results" else _home(request, searched)
    patch_vary_headers(page, ["HX-Target"])
    return page


def _home(request: PersonRequest, searched: dict[str, Any]) -> HttpResponse:
    now = clock.now()
    live = portal_live.of_home(request.user, now)
    if "pulse" in request.GET:
        return portal_live.answer(request, "portal/home_news.html", live, now)
    return render(request, "portal/home.html", {**searched, **live})


@require_safe
def my_tickets(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    rows = Ticket.objects.own(request.user).order_by("-id")
    if before := numbers.whole(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    page = [requester.Seen(ticket, now) for ticket in rows[:26]]
    return render(request, "portal/my_tickets.html", {"tickets": page[:25], "next": page[24].ticket.pk if len(page) > 25 else None})


@require_http_methods(["GET", "HEAD", "POST"])
def new_ticket(request: PersonRequest) -> HttpResponse:
    draft = drafts.of(request.user, Draft.Kind.NEW)
    asked = {"what": request.GET.get("about"), "service": request.GET.get("service"), "reporting_for": request.GET.get("for")}
    initial = {**(draft.fields if draft else {}), **{name: said for name, said in asked.items() if said}}
    form = ReportForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        report, now = _report(request, form), clock.now()
        if tickets.is_flood(request.user, key=report["idempotency_key"], now=now):
            return _too_many(request, form)
        ticket = automation.file_ticket(**report, now=now)
        drafts.sent(request.user, Draft.Kind.NEW, key=form.key, now=now)
        return redirect(f"/t/{ticket.pk}/?new=1")
    known = Incident.objects.shown_to_employees().order_by("severity", "since")[: portal_live.SHOWN]
    context = {"form": form, "draft": draft, "incidents": known, "following": portal_live.following(request.user)}
    return render(request, "portal/new.html", context, status=422 if form.errors else 200)


def _too_many(request: PersonRequest, form: ReportForm) -> HttpResponse:
    """What was typed stands in the form, and can be sent later."""
    requester.refuse_flood(form)
    return render(request, "portal/new.html", {"form": form}, status=429)


@require_safe
def promise(request: PersonRequest) -> HttpResponse:
    """When a person answers, once who is impacted and how are chosen; else nothing."""
    form = ReportForm(request.GET)
    form.is_valid()  # the other questions may still be open
    now, said = clock.now(), form.cleaned_data
    answers = {name: said.get(name) for name in ("impacted", "impacted_count", "effect", "service")}
    is_chosen = answers["impacted"] and answers["effect"]
    promised = promises.for_report(request.user, now=now, loss=bool(said.get("loss")), **answers) if is_chosen else None
    when = requester.clock_time(promised.at, now) if promised else ""
    return render(request, "portal/promise.html", {"promise": promised, "when": when})


def _report(request: PersonRequest, form: ReportForm) -> dict[str, Any]:
    """What the form said, as the deed wants it. Its key with its words makes a second press of Send the same ticket."""
    said = form.said
    person = said["reporting_for"] or request.user
    key = f"{request.user.pk}:{form.press}" if form.press else None
    names = ("what", "impacted", "impacted_count", "impacted_group", "effect", "loss", "service", "files")
    other = None if person == request.user else request.user
    return {"requester": person, "reported_by": other, "idempotency_key": key, **{name: said[name] for name in names}}


@require_http_methods(["GET", "HEAD", "POST"])
def ticket(request: PersonRequest, number: int) -> HttpResponse:
    now = clock.now()
    found = access.own_ticket(request.user, number)
    if "pulse" in request.GET:
        return _news(request, found, now)
    if found.merged_into_id is not None and Ticket.objects.own(request.user).filter(pk=found.merged_into_id).exists():
        return redirect("requester_ticket", found.merged_into_id)
    if "print" in request.GET:
        return ticket_print.of_requester(request, found)
    draft = drafts.of(request.user, Draft.Kind.ANSWER, found.pk)
    form = AnswerForm(request.POST or None, request.FILES or None, initial=dict(draft.fields) if draft else None)
    if request.method == "POST" and form.is_valid():
        deed = partial(automation.requester_reply, found, author=request.user, now=now, **form.said)
        messages.success(request, _("Your answer is with us."))
        sent = pressed.once(request, form, deed, "/t/{}/")
        drafts.sent(request.user, Draft.Kind.ANSWER, found.pk, key=form.key, now=now)
        return sent
    return shown(request, found, form, draft)


def shown(
    request: PersonRequest, found: Ticket, form: AnswerForm, draft: Draft | None, watch_form: WatchForm | None = None
) -> HttpResponse:
    """The page; a form that was sent with faults stands in it as it was."""
    wrong = next((each for each in (form, watch_form) if each is not None and each.errors), None)
    context = portal_live.of_ticket(found, request.user, clock.now()) | {"form": form, "draft": draft, "is_new": "new" in request.GET}
    context |= {"wrong": wrong, **portal_around.of_ticket(found, request.user, watch_form)}
    return render(request, "portal/ticket.html", context, status=422 if wrong else 200)


def _news(request: PersonRequest, found: Ticket, now: datetime) -> HttpResponse:
    """What changed while the page stood open; of one that was merged, where it goes on."""
    if found.merged_into_id is not None:
        return portal_live.answer(request, "portal/ticket_merged.html", portal_live.of_merged(found, request.user), now)
    context = portal_live.of_ticket(found, request.user, now)
    context["fresh"] = portal_live.fresh(context["talk"], request.GET["pulse"], request.user)
    return portal_live.answer(request, "portal/ticket_news.html", context, now)


@require_http_methods(["POST"])
def works_again(request: PersonRequest, number: int) -> HttpResponse:
    found = access.own_ticket(request.user, number)
    try:
        tickets.solve(found, actor=request.user, text="", now=clock.now())
        messages.success(request, _("Thank you. The ticket is solved; answer below if it comes back."))
    except IllegalMove:
        messages.info(request, _("This ticket is already closed."))
    return redirect("requester_ticket", found.pk)


@require_http_methods(["POST"])
def watch(request: PersonRequest, number: int) -> HttpResponse:
    """Who asked adds a colleague, or leaves one out by `stop`; who was added leaves."""
    found = access.own_ticket(request.user, number)
    if "stop" in request.POST:
        portal_around.leave_out(found, request.POST["stop"], by=request.user, now=clock.now())
        return redirect("my_tickets" if request.POST["stop"] == request.user.username else portal_around.place(found))
    form = InviteForm(request.POST, ticket=found, by=request.user)
    if form.is_valid() and form.invite(now=clock.now()):
        return redirect(portal_around.place(found))
    draft = drafts.of(request.user, Draft.Kind.ANSWER, found.pk)
    return shown(request, found, AnswerForm(initial=dict(draft.fields) if draft else None), draft, form)
