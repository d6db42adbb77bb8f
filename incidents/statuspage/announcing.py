"""Maintenance announced by mail: ahead of it, and again when it is called off or over early. Its end as planned says nothing."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Silence, Subscriber
from incidents.statuspage import subscribing
from notifications import outbox
from notifications.models import Errand, Urgency
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Role, User

logger = logging.getLogger(__name__)

THREAD = "maintenance"
AT_ONCE = 20


def announce(*, now: datetime) -> int:
    """The engine's pass: how many letters were written."""
    due = list(Silence.objects.to_announce(now).order_by("announce_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
    return sum(_announce(pk, now) for pk in due)


@tongues.deed
def _announce(pk: int, now: datetime) -> int:
    row = Silence.objects.to_announce(now).select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        return 0
    is_off = row.ended_by_id is not None
    row.announce_at, row.announced_at = None, row.announced_at or now
    row.save(update_fields=["announce_at", "announced_at"])
    if not is_off and row.next_window(now) is None:
        logger.warning("Maintenance %s was over before it could be announced", row.pk)
        return 0
    return _to_desk(row, is_off, now) if row.audience == Silence.Audience.DESK else _to_followers(row, is_off, now)


def _to_followers(row: Silence, is_off: bool, now: datetime) -> int:
    """Who confirmed an address on the status page. In the house's language and zone."""
    followers = list(Subscriber.objects.listening().order_by("pk"))
    with tongues.in_house():
        subject, said = _words(row, None, is_off, now)
        for follower in followers:
            link = subscribing.link(follower)
            text = f"{said}\n\n{settings.SITE_URL}{reverse('status')}\n\n{_('No more of these:')} {link}\n"
            subscribing.post(follower, _key(row, is_off), subject, text, now)
    return len(followers)


def _to_desk(row: Silence, is_off: bool, now: datetime) -> int:
    """Agents and managers, each on their own clock."""
    people = list(User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).order_by("pk"))
    for person in people:
        with tongues.reader(person):
            _notice(row, person, is_off, now)
    return len(people)


def _notice(row: Silence, person: User, is_off: bool, now: datetime) -> None:
    title, said = _words(row, person, is_off, now)
    context = {"title": title, "said": said, "url": f"{settings.SITE_URL}{reverse('silences')}"}
    html, text = render_to_string("email/notice.html", context), render_to_string("email/notice.txt", context)
    letter = outbox.Letter(subject=title, text=text, html=html, sms=f"{title}. {context['url']}"[:160], short=title[:30])
    outbox.queue(
        person, thread=THREAD, key=f"{THREAD}:{_key(row, is_off)}:{person.pk}", letter=letter, urgency=Urgency.NORMAL,
        kind=Errand.Kind.NOTICE, rank=4, because=title[:240], on_duty=False, now=now,
    )  # fmt: skip


def _key(row: Silence, is_off: bool) -> str:
    return f"work:{row.pk}:{'off' if is_off else 'ahead'}"


def _words(row: Silence, person: User | None, is_off: bool, now: datetime) -> tuple[str, str]:
    """The title and the text, in absolute times of the reader's zone."""
    about, zone = str(row.service or row.about), zones.of(person)
    if is_off:
        said = _("The maintenance of %(about)s that was announced is over, or does not take place: %(text)s")
        return _("No maintenance any more: %(about)s") % {"about": about}, said % {"about": about, "text": row.public_text}
    start, end = row.next_window(now) or (row.starts_at, row.ends_at)
    here = zones.local(now, person)
    words = {"start": moments.stamp(zones.local(start, person), here), "end": moments.stamp(zones.local(end, person), here), "zone": zone}
    when = _("From %(start)s to %(end)s (%(zone)s).") % words
    again = "\n" + _("It comes again on the same days until %(end)s.") % {"end": moments.stamp(zones.local(row.ends_at, person), here)}
    title = _("Maintenance of %(about)s from %(start)s") % {"about": about, "start": words["start"]}
    return title, f"{row.public_text}\n\n{when}{again if row.weekdays else ''}"
