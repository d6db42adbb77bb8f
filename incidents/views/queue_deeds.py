"""What is done from the queue: on several tickets at once, undone, the next one taken, a view kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import access, bulk, legible
from incidents.models import Batch, Incident, SavedView, Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.views import numbers, queue, queue_asked
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, workers
from servicedesk.directory.models import Service, Team, User

LONGEST = 10_000
FIELDS = {
    "assignee": "assign",
    "incident": "link",
    "tag": "tag",
    "into": "merge",
    "team": "team",
    "service": "service",
    "until": "wait:planned",
}  # what Enter in a field means


class Unclear(ValueError):
    """The order cannot be understood; the message says what to do."""


@require_POST
@workers
def do(request: PersonRequest) -> HttpResponse:
    """One deed on the ticked tickets; a word on each that was skipped."""
    now, rows = clock.now(), _ticked(request)
    try:
        order = _order(request, rows)
        if order.deed == "outage":
            return _outage(request, rows, int(order.value))
        if bulk.is_mass_mail(order, rows) and "confirmed" not in request.POST:
            return _asked_again(request, order, rows)
        batch = bulk.apply(order, rows, actor=request.user, now=now)
    except Unclear as error:
        return _refused(request, str(error))
    request.session[queue.LAST_BATCH] = batch.pk
    return _answer(request, batch, [row.pk for row in rows])


@require_POST
@workers
def undo(request: PersonRequest) -> HttpResponse:
    batch = Batch.objects.filter(pk=numbers.whole(request.POST.get("batch", "")) or 0).first()
    try:
        if batch is None:
            raise bulk.TooLate
        done = bulk.undo(batch, actor=request.user, now=clock.now())
    except bulk.TooLate:
        return _refused(request, _("It can no longer be undone."))
    request.session[queue.LAST_BATCH] = done.pk
    return _answer(request, done, [line[0] for line in batch.changed])


@require_POST
@workers
def following(request: PersonRequest) -> HttpResponse:
    """The ticket closest to its breach that nobody has, now theirs, opened."""
    found = bulk.next_for(request.user, now=clock.now())
    if found is None:
        messages.info(request, _("Nothing waits for somebody: every open ticket has an assignee."))
        return redirect("queue")
    return redirect("ticket", found.pk)


@require_POST
@workers
def keep(request: PersonRequest) -> HttpResponse:
    """This address under a name, or one forgotten."""
    asked = queue_asked.read(QueryDict(request.POST.get("query", "")[:500]))
    if "forget" in request.POST:
        SavedView.objects.filter(owner=request.user, pk=numbers.whole(request.POST["forget"]) or 0).delete()
        return redirect(reverse("queue") + f"?{asked.query}")
    name = legible.line(request.POST.get("name", ""))[:40]
    if not name:
        messages.error(request, _("Give the view a name."))
        return redirect(reverse("queue") + f"?{asked.query}")
    try:
        bulk.keep_view(owner=request.user, name=name, query=asked.query, is_shared="shared" in request.POST, now=clock.now())
    except bulk.NameTaken:
        messages.error(request, _("You have a view of that name already."))
    return redirect(reverse("queue") + f"?{asked.query}")


def _ticked(request: PersonRequest) -> list[Ticket]:
    """The tickets ticked that this person may see; of others not a word."""
    ticked = [number for words in request.POST.getlist("ticket")[: bulk.MOST] if (number := numbers.whole(words))]
    return list(TicketQuerySet(Ticket).visible_to(request.user).filter(pk__in=ticked).select_related("service", "team"))


def _order(request: PersonRequest, rows: list[Ticket]) -> bulk.Order:
    """What is asked. Raises Unclear."""
    if not rows:
        raise Unclear(_("Select at least one ticket first."))
    word, _colon, value = request.POST.get("deed", "").partition("=")
    if not word:
        word = next((deed for name, deed in FIELDS.items() if request.POST.get(name, "").strip()), "")
    if word == "me":
        return bulk.Order("assign", request.user)
    read = READ.get(word)
    if (read is None and word not in bulk.DEEDS) or word in bulk.OF_ONE:
        raise Unclear(_("Nothing was done: use one of the buttons."))
    text = request.POST.get("why" if word == "severity" else "text", "").strip()
    if len(text) > LONGEST:
        raise Unclear(_("The text is too long."))
    return bulk.Order(word, read(request, value) if read else None, text)


def _person(request: PersonRequest, value: str) -> User | None:
    """By user name, or by the beginning of a name that only one of the staff has; empty: nobody."""
    words = (value or request.POST.get("assignee", "")).strip().lower()
    if not words or words == "nobody":
        return None
    known = queue.people()
    ranks = (
        [name for name, _full in known if name == words],
        [name for name, _full in known if name.startswith(words)],
        [name for name, full in known if any(part.startswith(words) for part in (full.lower(), *full.lower().split()))],
    )
    found = next((names for names in ranks if names), [])
    if len(found) != 1:
        said = _("“%(words)s” could be %(n)d people. Write more of the name.") if found else _("Nobody of the staff is called “%(words)s”.")
        raise Unclear(said % {"words": words[:40], "n": len(found)})
    return User.objects.get(username=found[0])


def _rank(request: PersonRequest, value: str) -> int:
    if value not in ("1", "2", "3", "4"):
        raise Unclear(_("Choose SEV1 to SEV4."))
    return int(value)


def _tag(request: PersonRequest, value: str) -> str:
    tag = " ".join(request.POST.get("tag", "").split())[:40]
    if not tag:
        raise Unclear(_("Write the tag first."))
    return tag


def _incident(request: PersonRequest, value: str) -> Incident:
    number = numbers.whole(request.POST.get("incident", "").strip().upper().removeprefix("INC-"))
    found = Incident.objects.visible_to(request.user).filter(pk=number or 0).first()
    if found is None:
        raise Unclear(_("No incident has that number. Write it like INC-214."))
    return access.incident(request.user, found.pk, to_change=True)


def _into(request: PersonRequest, value: str) -> Ticket:
    number = numbers.whole(request.POST.get("into", "").strip().upper().removeprefix("T-"))
    found = TicketQuerySet(Ticket).visible_to(request.user).filter(pk=number or 0).first()
    if found is None:
        raise Unclear(_("No ticket has that number. Write it like T-1042."))
    return access.staff_ticket(request.user, found.pk, to_change=True)


def _team(request: PersonRequest, value: str) -> Team:
    found = Team.objects.filter(slug=request.POST.get("team", "")).first()
    if found is None:
        raise Unclear(_("Choose a team."))
    return found


def _service(request: PersonRequest, value: str) -> Service:
    found = Service.objects.filter(slug=request.POST.get("service", ""), is_active=True).first()
    if found is None:
        raise Unclear(_("Choose a service."))
    return found


def _until(request: PersonRequest, value: str) -> date:
    found = numbers.day(request.POST.get("until", ""))
    if found is None:
        raise Unclear(_("Choose the day on which it is open again."))
    return found


def _text(request: PersonRequest, value: str) -> None:
    if not request.POST.get("text", "").strip():
        raise Unclear(_("Write something first."))


READ: dict[str, Callable[[PersonRequest, str], Any]] = {
    "assign": _person,
    "severity": _rank,
    "outage": _rank,
    "tag": _tag,
    "link": _incident,
    "merge": _into,
    "team": _team,
    "service": _service,
    "wait:planned": _until,
    "reply": _text,
    "note": _text,
}


def _is_part(request: PersonRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _back(request: PersonRequest) -> str:
    """The queue as it stood, or the ticket on whose page it was done."""
    if number := numbers.whole(request.POST.get("back_to", "")):
        return reverse("ticket", args=[number])
    return f"{reverse('queue')}?{queue_asked.read(QueryDict(request.POST.get('query', '')[:500])).query}"


def _answer(request: PersonRequest, batch: Batch, found: list[int]) -> HttpResponse:
    """The changed rows where a script asked, else the queue again, which tells."""
    if not _is_part(request):
        return redirect(_back(request))
    now, asked = clock.now(), queue_asked.read(QueryDict(request.POST.get("query", "")[:500]))
    context = {
        **queue.tabs(request, asked, queue.visible_to(request.user)),
        "view": asked.view,
        "rows": queue.drawn(request, asked, found, now),
        "batch": batch,
        "may_undo": bulk.may_undo(batch, actor=request.user, now=now),
        "may_work": True,
    }
    answer = render(request, "desk/queue_news.html", context)
    answer["HX-Trigger"] = json.dumps({"desk:tell": batch.said})
    return answer


def _refused(request: PersonRequest, why: str) -> HttpResponse:
    if not _is_part(request):
        messages.error(request, why)
        return redirect(_back(request))
    answer = render(request, "desk/queue_told.html", {"wrong": why}, status=422)
    answer["HX-Trigger"] = json.dumps({"desk:tell": why})
    return answer


def _asked_again(request: PersonRequest, order: bulk.Order, rows: list[Ticket]) -> HttpResponse:
    kept = [(name, value) for name, values in request.POST.lists() if name not in ("csrfmiddlewaretoken", "confirmed") for value in values]
    context = {"order": order, "rows": rows, "kept": kept, "back": _back(request), "people": len({row.requester_id for row in rows})}
    answer = render(request, "desk/queue_confirm.html", context)
    answer["HX-Retarget"], answer["HX-Reswap"], answer["HX-Reselect"] = "#main", "innerHTML", "#main > *"
    return answer


def _outage(request: PersonRequest, rows: list[Ticket], severity: int) -> HttpResponse:
    """Leads to the incident these tickets are now."""
    found = bulk.outage(rows, severity=severity, actor=request.user, now=clock.now())
    there = reverse("incident", args=[found.pk]) if found else _back(request)
    if not _is_part(request):
        return redirect(there)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = there
    return answer
