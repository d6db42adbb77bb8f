"""The outbox: everything sent or waiting, and why; newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from notifications import access
from notifications.models import Message
from notifications.models.messages import MessageQuerySet
from notifications.states import TOLD, MessageState
from servicedesk.directory.access import PersonRequest, only

PAGE = 50
S = MessageState


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    word: str | Promise
    states: tuple[str, ...]
    empty: str | Promise


TABS = (
    Tab("", _("Everything"), (), _("Nothing was sent yet.")),
    Tab("waiting", _("Waiting"), (S.PLANNED, S.QUEUED, S.SENDING), _("Nothing waits.")),
    Tab("held", _("Held"), (S.HELD,), _("Nothing is held back.")),
    Tab("sent", _("Sent"), TOLD, _("Nothing was sent yet.")),
    Tab("failed", _("Not sent"), (S.FAILED, S.DEAD, S.EXPIRED), _("Nothing failed.")),
    Tab("unknown", _("Not known"), (S.UNKNOWN,), _("The outcome of every message is known.")),
    Tab("cancelled", _("Cancelled"), (S.CANCELLED, S.BUNDLED), _("Nothing was cancelled.")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One message as the page shows it; `at` is when it is due, went out or ended."""

    message: Message
    title: str
    text: str
    to: str
    at: datetime


@require_safe
@only(*access.READERS)
def outbox(request: PersonRequest) -> HttpResponse:
    tab = next((one for one in TABS if one.slug == request.GET.get("show", "")), TABS[0])
    query = request.GET.get("q", "").strip()
    rows = _asked(access.visible_to(request.user), tab, query)
    before = request.GET.get("before", "")
    found = list((rows.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 19 else rows)[: PAGE + 1])
    context = {
        "tabs": TABS,
        "tab": tab,
        "query": query,
        "before": before,
        "rows": [row_of(message) for message in found[:PAGE]],
        "newest": _link(tab, query) if before else "",
        "following": _link(tab, query, before=found[PAGE - 1].pk) if len(found) > PAGE else "",
    }
    return render(request, "desk/outbox.html", context)


def _link(tab: Tab, query: str, **more: int) -> str:
    return "?" + urlencode({"show": tab.slug, "q": query, **more})


def _asked(rows: MessageQuerySet, tab: Tab, query: str) -> MessageQuerySet:
    """The messages of a tab; the query is a thread, a person's user name, or an address."""
    if tab.states:
        rows = rows.filter(state__in=tab.states)
    if query:
        rows = rows.filter(Q(thread=query.upper()) | Q(person__username=query.lower()) | Q(to=query))
    return rows.order_by("-pk")


def row_of(message: Message) -> Row:
    waits = message.state in (S.PLANNED, S.HELD, S.QUEUED)
    at = message.due_at if waits else message.sent_at or message.ended_at or message.created_at
    return Row(message, access.title(message), access.words(message), access.masked_address(message), at)
