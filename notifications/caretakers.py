"""What the administrators must hear of the post office itself. Each thing is told once; a fault that stops pages pages them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from notifications import gsm7, outbox, providers
from notifications.models import Errand, Message, Urgency
from notifications.outbox import Letter
from notifications.states import MessageState
from servicedesk.directory import tongues
from servicedesk.directory.models import Role, User

THREAD = "DESK"
TOLD_OF = timedelta(days=1)  # what died before that is history
LIVES = timedelta(hours=4)
MOST = 20


def tell(*, key: str, subject: str, text: str, link: str, now: datetime, is_page: bool = False) -> int:
    """A letter to every administrator; with `is_page` along the urgent ladder. With a key used before, nothing. How many were told."""
    told = 0
    for person in User.objects.get_queryset().holding(Role.ADMIN).order_by("pk"):
        mine = f"desk:{key}:{person.pk}"[:120]
        if Errand.objects.filter(key=mine).exists():
            continue
        outbox.queue(
            person,
            thread=THREAD,
            key=mine,
            letter=_letter(person, subject, text, link),
            urgency=Urgency.URGENT if is_page else Urgency.NORMAL,
            kind=Errand.Kind.PAGE if is_page else Errand.Kind.NOTICE,
            rank=2,
            because=_("you are an administrator"),
            on_duty=is_page,
            now=now,
            expires_at=now + LIVES if is_page else None,
            about="desk" if is_page else "",
        )
        told += 1
    return told


def _letter(person: User, subject: str, text: str, link: str) -> Letter:
    """In the language of this administrator, where the words come by `tongues.later`."""
    with tongues.reader(person):
        return letter(str(subject), str(text), link)


def letter(subject: str, text: str, link: str) -> Letter:
    """Plain words with one link; the same in a text message, shortened, and spoken."""
    url = f"{settings.SITE_URL}{link}"
    sms = gsm7.fit([gsm7.Part(subject), gsm7.Part(url, 1)])
    return Letter(subject=subject, text=f"{text}\n\n{url}", html="", sms=sms, short=subject[:30], voice=f"{subject}. {text}")


def tell_dead(*, now: datetime) -> int:
    """Page the administrators of pages that were given up; how many letters went out."""
    dead = Message.objects.filter(state=MessageState.DEAD, lane=Message.Lane.PAGE, ended_at__gt=now - TOLD_OF)
    dead = dead.exclude(thread__in=(THREAD, "TEST")).filter(admins_told_at=None).order_by("pk")
    found = list(dead[:MOST])
    if not found:
        return 0
    Message.objects.filter(pk__in=[one.pk for one in found]).update(admins_told_at=now)
    names = ", ".join(f"{one.thread} ({one.person or one.to})" for one in found)
    return tell(
        key=f"dead:{found[0].pk}",
        subject=tongues.later("%(n)s page given up: %(first)s", {"n": len(found), "first": found[0].thread}),
        text=tongues.later(
            "These pages were tried as often as is reasonable and did not go out: %(names)s. Last reason: %(why)s",
            {"names": names, "why": found[-1].reason},
        ),
        link="/outbox/?show=failed",
        now=now,
        is_page=True,
    )


def tell_down(*, now: datetime) -> int:
    """A provider is out of order: told by whatever still works, once an outage."""
    told = 0
    for one in providers.down():
        assert one.down_since is not None  # `down` asks for it
        words = {"name": providers.NAMES.get(one.name, one.name), "why": one.reason}
        told += tell(
            key=f"down:{one.name}:{one.down_since.timestamp():.0f}",
            subject=tongues.later("Out of order: %(name)s", words),
            text=tongues.later(
                "%(why)s\nOther ways are used meanwhile, where people have some. It is tried again every five minutes.", words
            ),
            link="/outbox/?show=failed",
            now=now,
        )
    return told
