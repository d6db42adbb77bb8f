"""Which of our letters a mail answers, and what a mail server says of one that came back. Nothing forged is believed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from notifications import walk
from notifications.channels import mail_ids
from notifications.delivery import outcomes
from notifications.models import Attempt, BouncedAddress, Channel, Message
from notifications.states import AttemptState, MessageState
from servicedesk.audit import trail
from servicedesk.directory.models import User

MOST = 50  # letters that one mail may name


def answered(references: str) -> list[Message]:
    """The letters of ours that these In-Reply-To and References headers name, the newest first."""
    numbers = mail_ids.numbers_in(references)[-MOST:]
    return list(Message.objects.filter(pk__in=numbers, channel=Channel.EMAIL).order_by("-pk"))


def letters_to(person: User, thread: str) -> list[str]:
    """The Message-IDs of our letters of this thread to this person, the oldest first."""
    rows = Message.objects.of_thread(thread).filter(person=person, channel=Channel.EMAIL).order_by("pk")
    return [mail_ids.of_message(number) for number in rows.values_list("pk", flat=True)]


def addressed(recipients: Iterable[str]) -> list[str]:
    """The threads ("T-1042") whose own addresses are among these."""
    return list(dict.fromkeys(thread for one in recipients if (thread := mail_ids.thread_at(one))))


def is_ours(message_id: str) -> bool:
    """Whether a Message-ID is of our own making: such a mail has come back to us."""
    return bool(mail_ids.numbers_in(message_id))


def automatic_to(person: User, *, since: datetime) -> list[str]:
    """The subjects of letters that a program of ours wrote to this person since then."""
    rows = Message.objects.filter(person=person, channel=Channel.EMAIL, created_at__gt=since)
    return list(rows.filter(**{"headers__Auto-Submitted": "auto-generated"}).values_list("subject", flat=True))


def receipts_to_outsiders(*, now: datetime, within: timedelta) -> int:
    """How many letters a program of ours wrote to people outside, so lately."""
    rows = Message.objects.filter(channel=Channel.EMAIL, created_at__gt=now - within, person__kind=User.Kind.EXTERNAL)
    return rows.filter(**{"headers__Auto-Submitted": "auto-generated"}).count()


@transaction.atomic
def bounced(references: str, address: str, *, code: str, reason: str, now: datetime) -> Message | None:
    """A letter of ours came back for good: its address is marked and the next way is taken. None: no letter of ours went there.

    The report must name our letter to that very address; anybody can write that some address is dead.
    """
    message = next((one for one in answered(references) if one.to.lower() == address.lower()), None)
    if message is None:
        return None
    row = walk.lock(message.pk)
    BouncedAddress.objects.update_or_create(address=address.lower(), defaults={"code": code[:20], "reason": reason[:200], "at": now})
    if row.method_id is not None:
        outcomes.doubt(row.method_id, code=code[:20], reason=reason, now=now)
    Attempt.objects.filter(message=row, number=row.attempts).update(state=AttemptState.FAILED, code=code[:20], reason=reason[:240])
    walk.close(Message.objects.filter(pk=row.pk), row, MessageState.FAILED, reason=reason, now=now)
    trail.record(row, "bounce", actor=None, now=now, after={"to": address, "code": code, "reason": reason})
    return row


def heard_from(address: str) -> None:
    """Somebody writes from there, so it lives."""
    BouncedAddress.objects.filter(address=address.lower()).delete()


def came_back(addresses: Iterable[str]) -> dict[str, BouncedAddress]:
    """Which of these addresses take no mail."""
    return {row.address: row for row in BouncedAddress.objects.filter(address__in=[one.lower() for one in addresses])}


def dead_of(*columns: str) -> QuerySet[BouncedAddress]:
    """Marked addresses among those of the people in these columns, for a row that asks with it."""
    address = Q(pk__in=[])
    for column in columns:
        address |= Q(address=Lower(OuterRef(f"{column}__email")))
    return BouncedAddress.objects.filter(address)
