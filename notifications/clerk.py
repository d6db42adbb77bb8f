"""What staff do to one message by hand: send it once more, or stop it before it goes.

Pages are stopped by an answer to their incident, never here, and none goes out again after it was answered.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later

from notifications import walk
from notifications.models import Errand, Message, Proof
from notifications.states import TOLD, WAITING, MessageState
from servicedesk.audit import trail
from servicedesk.directory.models import User

S = MessageState
OVER = (S.FAILED, S.DEAD, S.EXPIRED)
WHO = ("errand", "person", "method", "channel", "to", "lane", "rung")
WHAT = ("thread", "subject", "text", "html", "short", "reference", "headers", "is_confidential")
WANTED = (Errand.State.OPEN, Errand.State.UNREACHABLE)

IS_CODE = _later("A code is sent anew from the person's own page.")
IS_ANSWERED = _later("It was answered; nothing goes out for it any more.")
IS_UNDER_WAY = _later("It is still under way.")
IS_CARRIED = _later("It went with other pages in one message.")
IS_CANCELLED = _later("It was cancelled.")
IS_AGAIN = _later("It was sent once more already.")
IS_OFF = _later("This way is switched off.")
IS_PAGE = _later("A page is stopped by answering its incident.")
IS_GONE = _later("It does not wait any more.")


class NotNow(Exception):
    """That cannot be done to this message; the text says why."""


def copy_of(message: Message) -> Message | None:
    """The message that was sent in its stead."""
    return Message.objects.filter(key=_key(message)).first()


def why_not_again(message: Message) -> str | Promise:
    """Why this message is not sent once more; empty where it may be."""
    if message.state in {S.CANCELLED, S.BUNDLED}:
        return IS_CARRIED if message.state == S.BUNDLED else IS_CANCELLED
    if message.errand is not None and message.lane == Message.Lane.PAGE and message.errand.state not in WANTED:
        return IS_ANSWERED
    if message.state not in {*OVER, *TOLD}:
        return IS_UNDER_WAY
    if message.method is not None and not message.method.is_usable:
        return IS_OFF
    return IS_CODE if Proof.objects.filter(message=message).exists() else IS_AGAIN if copy_of(message) else ""


def why_not_stopped(message: Message) -> str | Promise:
    """Why this message is not stopped here; empty where it may be."""
    if message.state not in WAITING:
        return IS_GONE
    return IS_PAGE if message.lane == Message.Lane.PAGE else ""


@transaction.atomic
def resend(message: Message, *, actor: User, now: datetime) -> Message:
    """The same words to the same address as a message of its own, once; NotNow where that is not wanted."""
    message = walk.lock(message.pk)
    if why := why_not_again(message):
        raise NotNow(why)
    row = Message(key=_key(message), created_at=now, due_at=now, **{name: getattr(message, name) for name in (*WHO, *WHAT)})
    row.expires_at = now + (message.expires_at - message.created_at) if message.expires_at else None
    row.is_possible_duplicate = message.state in TOLD
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:  # asked for twice this very moment
        raise NotNow(IS_AGAIN) from error
    trail.record(message, "send again", actor=actor, now=now, after={"message": row.pk})
    walk.release(Message.objects.filter(pk=row.pk), now=now)
    row.refresh_from_db()
    return row


@transaction.atomic
def stop(message: Message, *, actor: User, now: datetime) -> Message:
    """It does not go out, nor do the other ways of the same notice; NotNow where it is out or is a page."""
    message = walk.lock(message.pk)
    if why := why_not_stopped(message):
        raise NotNow(why)
    same = Message.objects.filter(errand=message.errand) if message.errand else Message.objects.filter(pk=message.pk)
    same.waiting().move(S.CANCELLED, ended_at=now, reason=_("Cancelled by %(name)s.") % {"name": actor})
    Errand.objects.filter(messages=message.pk).open().update(state=Errand.State.CANCELLED, settled_at=now)
    trail.record(message, "cancel", actor=actor, now=now, after={"thread": message.thread})
    message.refresh_from_db()
    return message


def _key(message: Message) -> str:
    return f"again:{message.pk}"
