"""A drill answered as a page is: by text message or by a key. Whoever answers, passes on or asks for time was reached."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from notifications import drills, gsm7
from notifications.calls import Call
from notifications.inbound import Reply
from notifications.models import DrillAnswer
from servicedesk.directory import moments, tongues, zones


def replied(reply: Reply, *, now: datetime) -> str:
    """What is said back in one message; asked for the facts, they are told again and nothing is measured."""
    with tongues.reader(reply.person):
        if reply.word != "facts":
            return gsm7.fit([gsm7.Part(_noted(reply.drill, reply.word, now), 1)])
        asked = DrillAnswer.objects.select_related("drill", "person").get(token=reply.drill)
        return drills.letter(asked.drill, asked.person, asked).sms


def pressed(call: Call, *, now: datetime) -> str:
    """What is said to a key; empty where it asks for nothing."""
    if not call.word or call.person is None:
        return ""
    with tongues.reader(call.person):
        return _noted(call.drill, call.word, now)


def _noted(token: str, word: str, now: datetime) -> str:
    found = drills.answer(token, now=now)
    if found is None or found.answered_at is None:
        return _("This drill is over. Nothing is changed.")
    at = moments.stamp(zones.local(found.answered_at, found.person), zones.local(now, found.person))
    said = _("TEST: your answer of %(at)s is noted. Nothing is wrong.") % {"at": at}
    more = _("In earnest the next person would be called now.") if word == "pass" else ""
    return f"{said} {more}".strip()
