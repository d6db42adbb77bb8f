"""Who is paged, when, and what happens when they answer or do not. The only way in for other modules."""

from __future__ import annotations

from incidents.escalation.acks import (
    NotYours,
    TooLate,
    acknowledge,
    escalate_now,
    later,
    next_of,
    next_person,
    page_person,
    pass_on,
    undo,
)
from incidents.escalation.answers import answer
from incidents.escalation.first import First, first_paged
from incidents.escalation.keys import pressed
from incidents.escalation.parts import answered_at, still_asked
from incidents.escalation.renewing import is_outdated, renew
from incidents.escalation.rises import risen
from incidents.escalation.runs import Next, end, policy_for, start, stop
from incidents.escalation.sweep import advance, advance_due, notice_unsettled

__all__ = [
    "First",
    "Next",
    "NotYours",
    "TooLate",
    "acknowledge",
    "advance",
    "advance_due",
    "answer",
    "answered_at",
    "end",
    "escalate_now",
    "first_paged",
    "is_outdated",
    "later",
    "next_of",
    "next_person",
    "notice_unsettled",
    "page_person",
    "pass_on",
    "policy_for",
    "pressed",
    "renew",
    "risen",
    "start",
    "still_asked",
    "stop",
    "undo",
]
