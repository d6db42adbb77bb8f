"""Test messages: they take the road every message takes, begin with TEST, and stand in the outbox like the others."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from notifications import delivery, gsm7, outbox
from notifications.models import Errand, Message
from notifications.outbox import Letter
from notifications.states import MessageState
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation, User

LIVES = timedelta(minutes=5)
PATIENCE_S = 30.0
UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)


def letter(person: User | None = None) -> Letter:
    """In the language of this person, else of the house."""
    with tongues.reader(person):
        return _letter()


def _letter() -> Letter:
    organisation = Organisation.current()
    name = organisation.name if organisation else _("Servicedesk")
    text = _("TEST from %(name)s. Messages reach you this way. Nothing is wrong and you need do nothing.") % {"name": name}
    subject = _("TEST from %(name)s") % {"name": name}
    return Letter(subject=subject, text=text, html="", sms=gsm7.fit([gsm7.Part(text, 1)]), short="TEST", voice=text)


def send(channel: str, to: str, *, now: datetime) -> Message:
    """One test message to an address; as it stands once its provider answered."""
    key = f"test:{uuid.uuid4()}"
    message = outbox.post(thread="TEST", key=key, channel=channel, to=to, letter=letter(), now=now, lane=Message.Lane.PAGE)
    return _handed_over(message, now=now)


def page(person: User, *, now: datetime) -> tuple[Errand, list[Message]]:
    """A test page: what is due at once is sent, the later methods are only shown and then cancelled."""
    thread = f"TEST-{person.pk}"
    errand = outbox.queue(
        person,
        thread=thread,
        key=f"test:{uuid.uuid4()}",
        letter=letter(person),
        urgency="urgent",
        kind="page",
        rank=4,
        because=_("a test was asked for"),
        on_duty=True,
        now=now,
        expires_at=now + LIVES,
    )
    due = [_handed_over(message, now=now) for message in errand.messages.filter(state=MessageState.QUEUED).order_by("rung")]
    later = list(errand.messages.filter(state=MessageState.PLANNED).order_by("rung"))
    outbox.cancel(thread, now=now, reason=_("It was a test."))
    return errand, [*due, *later]


def _handed_over(message: Message, *, now: datetime) -> Message:
    """Delivered here, unless a worker was faster: then its answer is waited for."""
    ends = time.monotonic() + PATIENCE_S
    delivery.deliver(message.pk, now)
    message.refresh_from_db()
    while message.state in UNDER_WAY and message.lease_until is not None and time.monotonic() < ends:
        time.sleep(0.1)
        message.refresh_from_db()
    return message
