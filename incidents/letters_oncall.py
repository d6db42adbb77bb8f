"""Notices about turns: that one begins, that somebody asks for a swap and what became of it. Nobody is woken by one."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from notifications import outbox
from notifications.models import Errand, Topic, Urgency
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User
from servicedesk.oncall.models import Schedule, Swap
from servicedesk.oncall.roster import Duty

THREAD = "on call"


def begins(person: User, schedule: Schedule, duty: Duty, *, key: str, is_now: bool, now: datetime) -> Errand:
    """A day before a turn, and when it begins; times on the clock of whoever it is for."""
    with tongues.reader(person):
        words = {
            "schedule": schedule.name,
            "start": moments.stamp(zones.local(duty.starts_at, person), zones.local(now, person)),
            "end": moments.stamp(zones.local(duty.ends_at, person), zones.local(now, person)),
            "zone": zones.of(person),
        }
        said = (
            _("You are on call for %(schedule)s now, until %(end)s (%(zone)s).")
            if is_now
            else _("You are on call for %(schedule)s from %(start)s to %(end)s (%(zone)s).")
        )
        title = (_("On call now: %(schedule)s") if is_now else _("On call from %(start)s: %(schedule)s")) % words
        return _queue(person, title, said % words, f"/oncall/{schedule.slug}/", key=key, topic=Topic.HAND_OFF, now=now)


def swap(person: User, row: Swap, title: str, said: str, *, now: datetime) -> Errand:
    """To one of the two."""
    with tongues.reader(person):
        key = f"swap:{row.pk}:{row.state}:{person.pk}"
        return _queue(person, title, said, "/oncall/swaps/", key=key, topic=Topic.SWAP, now=now)


def _queue(person: User, title: str, said: str, path: str, *, key: str, topic: str, now: datetime) -> Errand:
    context = {"title": title, "said": said, "url": f"{settings.SITE_URL}{path}"}
    letter = outbox.Letter(
        subject=title,
        text=render_to_string("email/notice.txt", context),
        html=render_to_string("email/notice.html", context),
        sms=f"{title}. {context['url']}"[:160],
        short=title[:30],
    )
    return outbox.queue(
        person, thread=THREAD, key=key, letter=letter, urgency=Urgency.NORMAL, kind=Errand.Kind.NOTICE, rank=4,
        because=title[:240], on_duty=False, topic=topic, now=now,
    )  # fmt: skip
