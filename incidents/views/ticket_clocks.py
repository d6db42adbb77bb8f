"""Every clock of a ticket explained: its target, each stretch in words, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from incidents import access, levels, targets
from incidents.clocks import ClockState, Segment, Target
from incidents.models import Ticket
from incidents.views import clocks
from servicedesk import clock
from servicedesk.directory import moments
from servicedesk.directory.access import PersonRequest

NAMES = {
    "first_response": (gettext_lazy("First answer"), "first_answer_s"),
    "next_response": (gettext_lazy("Next answer"), "next_answer_s"),
    "resolution": (gettext_lazy("Solution"), "solution_s"),
}
DAY_H = 24
BECAUSE = {
    "requester": gettext_lazy("stood still: waiting for the requester"),
    "vendor": gettext_lazy("stood still: waiting for a vendor"),
    "approval": gettext_lazy("stood still: waiting for approval"),
    "planned": gettext_lazy("stood still: planned for later"),
    "merged": gettext_lazy("stood still: merged into another ticket"),
    "solved": gettext_lazy("stood still: solved"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One clock: name, target in words, segments as (from, to, words), and how it stands."""

    name: str
    target: str
    lines: list[tuple[datetime, datetime, str]]
    seen: clocks.Seen
    used: str
    sentence: str


@require_safe
def explained(request: PersonRequest, number: int) -> HttpResponse:
    found, now = access.staff_ticket(request.user, number), clock.now()
    states = targets.clocks_of(found, now=now)
    target = targets.target_of(found)
    told = [_told(found, name, states[name], now) for name in NAMES if name in states]
    level = levels.of(found.service_level_id)
    return render(request, "desk/clocks.html", {"ticket": found, "told": told, "level": level, "words": in_words(target)})


def in_words(target: Target) -> str:
    """The times of one severity in one sentence."""
    words = {"first": span(target.first_answer_s), "next": span(target.next_answer_s), "last": span(target.solution_s)}
    if target.is_round_the_clock:
        return _("first answer within %(first)s, every next one within %(next)s, solution within %(last)s, round the clock") % words
    return _("first answer within %(first)s, every next one within %(next)s, solution within %(last)s of desk hours") % words


def _told(ticket: Ticket, name: str, state: ClockState, now: datetime) -> Told:
    word, column = NAMES[name]
    target = targets.target_of(ticket)
    hours = _("round the clock") if target.is_round_the_clock else _("in desk hours")
    words = _("%(span)s, %(hours)s, by SEV%(n)s") % {"span": span(getattr(target, column)), "hours": hours, "n": target.severity}
    lines = [(part.starts_at, part.ends_at, _line(part)) for part in state.segments]
    return Told(str(word), words, lines, clocks.seen(state), span(state.used_s), _sentence(state))


def _line(part: Segment) -> str:
    if part.because:
        return str(BECAUSE.get(part.because, part.because))
    if part.worked_s <= 0:
        return _("ran, with no desk hours in it (SEV%(n)s)") % {"n": part.rank}
    return _("ran, %(span)s counted (SEV%(n)s)") % {"span": span(part.worked_s), "n": part.rank}


def _sentence(state: ClockState) -> str:
    if state.done_at is not None:
        return _("Met.") if state.state == "met" else _("Done, but too late.")
    if state.state == "missed":
        return _("Missed by %(span)s.") % {"span": span(-state.left_s)}
    if state.state == "paused":
        return _("Stands still with %(span)s left.") % {"span": span(state.left_s)}
    return _("%(span)s left.") % {"span": span(state.left_s)}


def span(seconds: float) -> str:
    """Counted time: desk hours make no days, 50 h of them are a week's work."""
    hours, minutes = divmod(int(max(seconds, 0)) // 60, 60)
    return _("%(h)d h %(m)02d min") % {"h": hours, "m": minutes} if hours >= DAY_H else moments.duration(timedelta(seconds=max(seconds, 0)))
