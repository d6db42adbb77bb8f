"""Where a letter belongs, and who writes. Nothing is changed here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from incidents.mail.letter import Letter
from incidents.models import InboundMail, Incident, Ticket
from notifications import threads
from servicedesk.directory.models import User

NUMBERED = re.compile(r"(T|INC)-(\d{1,15})")
TAGGED = re.compile(r"\[(T|INC)-(\d{1,15})\]")
ELSEWHERE = re.compile(r"\b[A-Z]{2,10}[-#]?\d{3,15}\b|#\d{3,15}\b")
FLOOD, FLOOD_IN = 20, timedelta(minutes=10)
REFERENCE = re.compile(r"<[^<>\s]{1,248}>")
MOST_OLD_NUMBERS, MOST_REFERENCES = 5, 20


@dataclass(frozen=True, slots=True)
class Named:
    """What a mail says it is about. `is_proved`: it answers a letter of ours, or was sent to an address only our letters name."""

    ticket: Ticket | None = None
    incident: Incident | None = None
    is_proved: bool = False


def named(letter: Letter, recipients: Sequence[str]) -> Named:
    """By our Message-ID, then by the address it was sent to, then by the number in the subject; the first that exists."""
    proved = [message.thread for message in threads.answered(letter.references)] + threads.addressed(recipients)
    for thread in proved:
        if found := _row(NUMBERED.match(thread), is_proved=True):
            return found
    for tag in TAGGED.finditer(letter.subject):
        if found := _row(tag, is_proved=False):
            return found
    return _earlier(letter) or _old_number(letter)


def _row(found: re.Match[str] | None, *, is_proved: bool) -> Named | None:
    if found is None:
        return None
    if found[1] == "T":
        ticket = Ticket.objects.filter(pk=int(found[2])).first()
        return Named(ticket=ticket, is_proved=is_proved) if ticket else None
    incident = Incident.objects.filter(pk=int(found[2])).first()
    return Named(incident=incident, is_proved=is_proved) if incident else None


def _earlier(letter: Letter) -> Named | None:
    """By a mail that came in before, which this one answers: somebody writes again before our letter reached them."""
    ids = REFERENCE.findall(letter.references)[-MOST_REFERENCES:]
    if not ids:
        return None
    filed = InboundMail.objects.filter(message_id__in=ids, state=InboundMail.State.FILED, ticket__isnull=False)
    found = filed.select_related("ticket").order_by("-pk").first()
    return Named(ticket=found.ticket) if found else None


def _old_number(letter: Letter) -> Named:
    """A ticket that was imported is still known by its number of before; only to who takes part, since such numbers are no secret."""
    words = [word.lstrip("#") for word in ELSEWHERE.findall(letter.subject)][:MOST_OLD_NUMBERS]
    imported = Ticket.objects.filter(external_ref__in=words, origin=Ticket.Origin.IMPORT) if words else Ticket.objects.none()
    own = imported.filter(requester__email=letter.sender[1]).order_by("-pk").first() if letter.sender[1] else None
    return Named(ticket=own)


def sender(letter: Letter) -> User | None:
    """The person with that address, if we know one."""
    address = letter.sender[1]
    return User.objects.filter(email=address).select_related("site").first() if address else None


def takes_part(person: User, ticket: Ticket) -> bool:
    """Who asked, who watches it, and staff who may read it."""
    return (
        person.pk in ticket.asker_ids
        or ticket.watchers.filter(person=person).exists()
        or (person.is_desk_staff and Ticket.objects.visible_to(person).filter(pk=ticket.pk).exists())
    )


def may_write(person: User, incident: Incident) -> bool:
    """Who sees it, leads it or has it too."""
    return (
        Incident.objects.filter(pk=incident.pk).visible_to(person).exists()
        or incident.followers.filter(person=person).exists()
        or incident.roles.filter(person=person).exists()
    )


def own_report(person: User, incident: Incident) -> Ticket | None:
    """The open ticket of this person that is part of the incident."""
    return Ticket.objects.own(person).filter(incident=incident).open().order_by("-pk").first()


def fault(letter: Letter, person: User | None) -> str:
    """Why nobody may take it as it is (InboundMail.Why), or nothing."""
    if letter.fault:
        return InboundMail.Why.UNREADABLE
    if letter.froms != 1 or len(letter.senders) != 1:
        return InboundMail.Why.SENDERS
    if letter.verdict == "fail":
        return InboundMail.Why.FORGED
    return InboundMail.Why.CLOSED if person is not None and not person.is_active else ""


def is_flood(row: InboundMail, now: datetime) -> bool:
    """More than twenty in ten minutes from one address."""
    lately = InboundMail.objects.filter(sender=row.sender, arrived_at__gt=now - FLOOD_IN, is_import=False)
    return not row.is_import and lately.exclude(pk=row.pk).count() >= FLOOD


def is_own(letter: Letter) -> bool:
    """A letter of ours that was sent back to us, by a forwarding or by an answering program."""
    ours = {_bare(settings.SUPPORT_ADDRESS), _bare(settings.DEFAULT_FROM_EMAIL)} - {""}
    return threads.is_ours(letter.message_id) or letter.sender[1] in ours or bool(ours & set(letter.loops.split()))


def _bare(address: str) -> str:
    return address.rpartition("<")[2].rstrip(">").strip().lower()
