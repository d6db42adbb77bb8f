"""A ticket as staff work it: conversation, the side panel's reasons, and the buttons."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import (
    access,
    around,
    bulk,
    canned,
    conversation,
    drafts,
    fields,
    letters_requester,
    levels,
    plansteps,
    readers,
    thanks,
    tickets,
)
from incidents.forms import AnswerForm, AssignForm, CallForm, OutageForm, ReasonForm, ReplyForm, SeverityForm
from incidents.forms_ticket import IncidentForm, ServiceForm, TagsForm, TimeForm, TitleForm, WatchForm
from incidents.models import Attachment, Draft, Entry, Pledge, Ticket, TimeSpent, Watcher
from incidents.states import IllegalMove, Severity
from incidents.views import clocks, escalations, numbers, queue, queue_beside, ticket_print, ticket_work
from notifications import threads
from notifications.models import Message
from servicedesk import clock, live
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.models import User

COMPOSERS = ("reply", "note", "call")
TABS = ("timeline", "work", "files")


@require_safe
def ticket(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, also=_counted(request))
    if "pulse" in request.GET:
        return _news(request, found) if found.merged_into_id is None else _merged_news(request, found)
    if found.merged_into_id is not None:
        return redirect("ticket", found.merged_into_id)
    readers.opened(found, by=request.user, now=clock.now())
    return ticket_print.of_staff(request, found) if "print" in request.GET else shown(request, found)


def shown(request: PersonRequest, found: Ticket, wrong: dict[str, Any] | None = None, status: int = 422, tab: str = "") -> HttpResponse:
    """The page; `wrong` brings a form that was sent with faults, so that nothing typed is lost; it may stand under a `tab`."""
    now = clock.now()
    talk = _conversation(request, found, now, is_writing=bool(wrong))
    side, may_work = _side(request, found, talk), _may_work(request)
    context = {**talk, **side, "may_work": may_work, "pledges": _rows(found, "pledges"), **_composer(request, found, side["watchers"], now)}
    if tab == "work" or talk["tab"] == "work":
        context["tab"] = "work"
        context |= ticket_work.of(request, found)
    context |= {"batch": queue.batch_on(request, found, now), "came_from": queue_beside.has_view(request)}
    context |= {"pulse_url": f"{reverse('ticket', args=[found.pk])}?tab={request.GET.get('tab', '')}", **(wrong or {})}
    return render(request, "desk/ticket.html", context, status=status if wrong else 200)


def _may_work(request: PersonRequest) -> bool:
    return request.user.is_agent or request.user.is_manager


def _counted(request: PersonRequest) -> dict[str, Any]:
    """Whether there is any of what most tickets have none of: asked with the ticket, so that nothing is asked for it."""
    own = Draft.objects.written().filter(person=request.user, number=OuterRef("pk"))
    mine = {
        "has_draft": own,
        "has_watchers": Watcher.objects.filter(ticket=OuterRef("pk")),
        "has_dead": threads.dead_of("requester", "reported_by"),
    }
    mine |= {
        "has_pledges": Pledge.objects.open().filter(ticket=OuterRef("pk")),
        "has_times": TimeSpent.objects.filter(ticket=OuterRef("pk")),
    }
    mine |= {"has_merged": Ticket.objects.filter(merged_into=OuterRef("pk")), "has_children": Ticket.objects.filter(parent=OuterRef("pk"))}
    return {name: Exists(rows) for name, rows in mine.items()}


def _rows(found: Ticket, name: str) -> list[Any]:
    """The ticket's watchers or open promises with their people; none where it is known that there are none."""
    if not getattr(found, f"has_{name}", True):
        return []
    rows = found.pledges.open() if name == "pledges" else found.watchers.prefetch_related("person__grants")
    return list(rows.select_related("person"))


def _news(request: PersonRequest, found: Ticket) -> HttpResponse:
    """Who else is here, and what changed since the cursor. 204: nothing."""
    now = clock.now()
    is_writing = "writing" in request.GET
    context = {**_conversation(request, found, now, is_writing=is_writing), "oob": True}
    context["is_unwritten"] = not is_writing and not getattr(found, "has_draft", True)
    return live.news(request, "desk/ticket_news.html", context, cursor=context["cursor"], now=now)


def _merged_news(request: PersonRequest, found: Ticket) -> HttpResponse:
    """Where it goes on, once."""
    return live.news(request, "desk/ticket_merged.html", {"ticket": found}, cursor=f"merged.{found.merged_into_id}", now=clock.now())


def _conversation(request: PersonRequest, found: Ticket, now: datetime, *, is_writing: bool) -> dict[str, Any]:
    here = around.be_present(found, person=request.user, is_writing=is_writing, now=now) if _may_work(request) else []
    whole = [found.pk, *([row.pk for row in merged] if (merged := _merged(found)) else [])]
    entries = list(Entry.objects.filter(ticket__in=whole).select_related("author").order_by("at", "id"))
    own = [entry for entry in entries if entry.ticket_id == found.pk]
    files = list(Attachment.objects.filter(ticket__in=whole).select_related("added_by").order_by("pk"))
    talk = [entry for entry in entries if entry.kind != Entry.Kind.EVENT and entry.withdrawn_at is None]
    tab, by_number = request.GET.get("tab", ""), {entry.pk: entry for entry in entries}
    context = {
        "ticket": found,
        "now": now,
        "files": [file for file in files if file.entry_id is None and file.ticket_id == found.pk],
        "files_of": {entry.pk: [file for file in files if file.entry_id == entry.pk] for entry in entries} if files else {},
        "every_file": [(file, by_number.get(file.entry_id or 0)) for file in files],
        "every_entry": entries,
        "entries": entries if tab == "timeline" else sorted([*talk, *map(_report_of, merged)], key=lambda entry: entry.at),
        "changes": [entry for entry in entries if entry.kind == Entry.Kind.EVENT],
        "sent": _sent(found, entries),
        "held": [entry.pk for entry in entries if entry.is_held(now)],
        "tab": tab if tab in TABS else "",
        "may_work": _may_work(request),
        "clocks": clocks.all_of(found, now, own),
        "level": levels.of(found.service_level_id),
        "here": here,
        "last_seen": last_of(entries, found),
        "thanks": thanks.word_of(found, own),
    }
    return {**context, "cursor": _cursor(context)}


def last_of(entries: Iterable[Entry], found: Ticket) -> int:
    """The newest entry of the ticket itself: what is written now was composed after it."""
    return max((entry.pk for entry in entries if entry.ticket_id == found.pk), default=0)


def _merged(found: Ticket) -> list[Ticket]:
    return list(found.merged.select_related("requester")) if getattr(found, "has_merged", True) else []


def _report_of(merged: Ticket) -> Entry:
    """A merged ticket's report as one of its words."""
    return Entry(ticket=merged, kind=Entry.Kind.REPLY, audience="public", author=merged.requester, text=merged.what, at=merged.created_at)


def _cursor(context: dict[str, Any]) -> str:
    """What the conversation shows, as a fingerprint: another one means news."""
    here = [(one.person_id, one.is_writing) for one in context["here"]]
    last = [(entry.pk, entry.withdrawn_at) for entry in context["every_entry"][-30:]]
    ticket = context["ticket"]
    told = (last, ticket.updated_at, ticket.state, sorted(context["sent"].items()), context["held"], here)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _sent(found: Ticket, entries: Iterable[Entry]) -> dict[int, str]:
    """How far the letters of each answer came, the least far of them: "sent" only once one was claimed."""
    ours = {f"{found.number}:entry-{entry.pk}:": entry.pk for entry in entries if entry.held_until}
    order = list(Message.State.values)
    seen: dict[int, str] = {}
    rows = Message.objects.of_thread(found.number).filter(key__contains=":entry-") if ours else Message.objects.none()
    for key, state in rows.values_list("key", "state"):
        entry = ours.get(key[: key.find(":", len(found.number) + 1) + 1])
        if entry is not None:
            seen[entry] = min(seen.get(entry, state), state, key=order.index)
    return seen


def _side(request: PersonRequest, found: Ticket, talk: dict[str, Any]) -> dict[str, Any]:
    watchers = _rows(found, "watchers")
    others = Ticket.objects.visible_to(request.user).filter(requester=found.requester).exclude(pk=found.pk)
    assigned = {"assignee": found.assignee and found.assignee.username, "team": found.team and found.team.slug}
    return {
        "escalation": escalations.of_ticket(found, talk["now"]),
        "others": others.order_by("-id")[:3],
        "parts": plansteps.of_ticket(found) if found.service_id else [],
        "step_url": f"/tickets/{found.pk}/step/",
        "watchers": watchers,
        "is_watching": any(watcher.person_id == request.user.pk for watcher in watchers),
        "minutes": around.minutes_spent(found, talk["every_entry"])
        if getattr(found, "has_times", True)
        else around.minutes_called(talk["every_entry"]),
        "assign_form": AssignForm(initial=assigned) if request.GET.get("edit") == "assignment" else None,
        "service_form": ServiceForm(initial={"service": found.service and found.service.slug})
        if request.GET.get("edit") == "service"
        else None,
        "incident_form": IncidentForm(reader=request.user) if request.GET.get("edit") == "incident" else None,
        "outage_form": OutageForm(initial={"severity": found.severity or 2}),
        "reason_form": ReasonForm(),
        "may_reopen": found.is_confidential and request.user.is_admin,
        "severity_form": SeverityForm(),
        "title_form": TitleForm(initial={"title": found.title}) if request.GET.get("edit") == "title" else None,
        "severities": Severity,
        "tags_form": TagsForm(initial={"tags": ", ".join(found.tags)}),
        "watch_form": WatchForm(),
        "time_form": TimeForm(),
    }


def _composer(request: PersonRequest, found: Ticket, watchers: list[Any], now: datetime) -> dict[str, Any]:
    asked = request.GET.get("write", "reply")
    composer = asked if asked in COMPOSERS else "reply"
    initial = _draft(request, composer, found) if getattr(found, "has_draft", True) else {}
    answers = canned.offered(found, writer=request.user) if "canned" in request.GET else []
    picked = next((one for one in answers if str(one.pk) == request.GET["canned"]), None)
    if picked:
        initial["text"] = f"{initial.get('text', '')}\n{canned.filled(picked.text, found, writer=request.user, now=now)}".strip()
    people = around_it(found, watchers)
    dead = threads.came_back(person.email for person in people if person.email) if watchers or getattr(found, "has_dead", True) else {}
    recipients = [person for person in people if person.email and person.is_active and person.email.lower() not in dead]
    return {
        "composer": composer,
        "write_asked": "write" in request.GET,
        "ways_on": User.AfterSending.choices,
        "way_on": queue_beside.way_on(request),
        "canned": [] if picked else answers,
        "canned_asked": "canned" in request.GET and not answers,
        "recipients": recipients,
        "others_written": len([person for person in recipients if person != found.requester]),
        "dead": [(person, dead[person.email.lower()]) for person in people if person.email and person.email.lower() in dead],
        "text_form": ReplyForm(initial=initial, now=now) if composer == "reply" else AnswerForm(initial=initial),
        "call_form": CallForm(initial=initial if composer == "call" else {}, people=people),
    }


def around_it(found: Ticket, watchers: list[Any]) -> list[User]:
    """Who asked, then who watches from outside the desk."""
    askers = [person for person in (found.requester, found.reported_by) if person and person.pk in found.asker_ids]
    return letters_requester.concerned(askers, [watcher.person for watcher in watchers])


def callable_on(found: Ticket) -> list[User]:
    """Whom a call about it can be with."""
    return around_it(found, _rows(found, "watchers"))


def _draft(request: PersonRequest, composer: str, found: Ticket) -> dict[str, Any]:
    row = drafts.of(request.user, composer, found.pk)
    return dict(row.fields) if row else {}


@require_POST
def assign(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    if "me" in request.POST:
        return _done(request, found, bulk.Order("assign", request.user))
    form = AssignForm(request.POST)
    if form.is_valid() and found.is_confidential and form.cleaned_data["team"] is None:
        form.add_error("team", _("A confidential ticket stays with a team, or nobody could read it"))
    if not form.is_valid():
        return shown(request, found, {"assign_form": form})
    team = form.cleaned_data["team"]
    return _done(request, found, bulk.Order("hand_over", form.cleaned_data["assignee"], team.slug if team else ""))


def _done(request: PersonRequest, found: Ticket, order: bulk.Order) -> HttpResponse:
    """Done, and for a minute it can be undone. Raises what refuses."""
    queue.remember_batch(request, bulk.on_one(order, found, actor=request.user, now=clock.now()))
    return redirect("ticket", found.pk)


@require_POST
def severity(request: PersonRequest, number: int) -> HttpResponse:
    found = access.staff_ticket(request.user, number, to_change=True)
    form = SeverityForm(request.POST)
    if form.is_valid():
        try:
            return _done(request, found, bulk.Order("severity", form.cleaned_data["severity"], form.cleaned_data["reason"]))
        except tickets.ReasonNeeded:
            form.add_error("reason", _("Say why: a SEV1 or SEV2 is lowered only with a reason"))
    return shown(request, found, {"severity_form": form})


@require_POST
def service(request: PersonRequest, number: int) -> HttpResponse:
    """What it is about by a person's word, where it was guessed or left out."""
    found = access.staff_ticket(request.user, number, to_change=True)
    form = ServiceForm(request.POST)
    if not form.is_valid():
        return shown(request, found, {"service_form": form})
    said = form.cleaned_data
    tickets.set_service(found, said["service"], reason=said["reason"], actor=request.user, now=clock.now())
    return redirect("ticket", found.pk)


@require_POST
def move(request: PersonRequest, number: int) -> HttpResponse:
    """The buttons of the head: solve, reopen, wait, take up."""
    found = access.staff_ticket(request.user, number, to_change=True)
    if request.POST.get("action") == "solve":
        try:
            refuse_unread(request, found)
        except conversation.NewerEntry as error:
            return shown(request, found, {"newer": error.entry, "newer_solve": True}, status=409)
        if found.children.open().exists():
            return redirect("ticket_together", found.pk)
    action = {"wait": "wait:requester"}.get(request.POST.get("action", ""), request.POST.get("action", ""))
    if action not in bulk.MOVES:
        messages.error(request, _("Nothing was done: use one of the buttons."))
        return redirect("ticket", found.pk)
    try:
        return _done(request, found, bulk.Order(action, numbers.day(request.POST.get("until", ""))))
    except tickets.DayNeeded:
        messages.error(request, _("Nothing was done: choose the day on which it is open again, after today and at most two years ahead."))
    except fields.Unanswered as error:
        messages.error(request, str(error))
    except IllegalMove:
        messages.error(request, refusal(found))
    return redirect("ticket", found.pk)


def refuse_unread(request: PersonRequest, found: Ticket) -> None:
    """Raises NewerEntry where the page did not show what somebody said since, and it is not to be done anyway."""
    if "anyway" not in request.POST:
        with transaction.atomic():
            seen = numbers.whole(request.POST.get("last_seen", ""))
            conversation.refuse_unread(Ticket.objects.locked(found.pk), request.user, seen)


def refusal(found: Ticket) -> str:
    """How it stands now, which may be otherwise than when the page was opened."""
    state = Ticket.objects.get(pk=found.pk).get_state_display()
    return _("That cannot be done now. The ticket is: %(state)s.") % {"state": state}
