"""The one way in for mail. `receive` keeps it, then acts: reply, note, timeline, new ticket, held, or set aside.

It raises only where nothing could be kept: then the sender, or the mailbox, still has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from incidents import vault
from incidents.mail import letter as letters
from incidents.mail import taking, whither
from incidents.mail.letter import Letter
from incidents.models import InboundMail
from notifications import threads
from servicedesk.directory.models import User

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=1)  # a mail that was kept and not brought on is taken up again
MOST_TRIES = 3
PIECE = 1 << 20
LARGEST = 30 * 1024 * 1024  # bytes of a mail that is read
TOLD_AFTER = timedelta(hours=4)
State, Why = InboundMail.State, InboundMail.Why


def receive(
    raw: bytes, *, door: str, now: datetime, recipients: Sequence[str] = (), is_import: bool = False, is_cut: bool = False
) -> InboundMail:
    """Keep this mail and bring it to where it belongs; a copy of one that came before is that one, and nothing is done again.

    `recipients`: whom the envelope names. `is_import`: it is from before, and nobody is told. `is_cut`: these are
    its headers alone, the rest was too large. Raises OSError or DatabaseError where it could not be kept.
    """
    kept = vault.put("mail.eml", (raw[at : at + PIECE] for at in range(0, len(raw), PIECE)))
    read = _read(raw)
    row, is_new = _kept(kept, read, door=door, now=now, recipients=recipients, is_import=is_import, is_cut=is_cut)
    if is_new:
        bring_on(row, read, now=now)
        row.refresh_from_db()
    return row


def _read(raw: bytes) -> Letter:
    how = letters.read if len(raw) <= LARGEST else letters.read_head
    return how(raw, authority=settings.MAIL_AUTHORITY)


def _kept(
    kept: vault.Kept, read: Letter, *, door: str, now: datetime, recipients: Sequence[str], is_import: bool, is_cut: bool
) -> tuple[InboundMail, bool]:
    name, address = read.sender
    to = list(dict.fromkeys([one.strip("<>").lower()[:254] for one in recipients] + list(read.recipients)))[:50]
    row = InboundMail(
        identity=read.identity, sha256=kept.sha256, size=kept.size, door=door, recipients=to, is_import=is_import, arrived_at=now,
        message_id=read.message_id, sender_name=name[:120], sender=address, subject=read.subject, has_html=bool(read.html),
        look_at=now + AGAIN, is_cut=is_cut,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return InboundMail.objects.get(identity=read.identity), False
    return row, True


def bring_on(row: InboundMail, read: Letter, *, now: datetime) -> None:
    """Act on a mail that is kept. Whatever happens, the next one is not held up by it."""
    try:
        with transaction.atomic():
            mine = InboundMail.objects.select_for_update(skip_locked=True).filter(pk=row.pk, state=State.RECEIVED).first()
            if mine is not None:
                _acted(mine, read, now)
    except (DatabaseError, InterfaceError):
        log.exception("a mail is kept and waits", mail=row.pk)
        _waits(row, now)
    except Exception:
        log.exception("a mail could not be brought to its place", mail=row.pk)
        hold(InboundMail.objects.get(pk=row.pk), Why.UNREADABLE, now=now)


def _waits(row: InboundMail, now: datetime) -> None:
    """Later again, three times; then a person looks at it."""
    rows = InboundMail.objects.filter(pk=row.pk, state=State.RECEIVED)
    if row.tries + 1 >= MOST_TRIES:
        rows.update(state=State.HELD, why=Why.UNREADABLE, look_at=now + TOLD_AFTER)
    else:
        rows.update(tries=row.tries + 1, look_at=now + AGAIN)


def bring_on_due(*, now: datetime) -> int:
    """The engine's pass: mails that were kept and not brought on, because something broke in between."""
    due = InboundMail.objects.filter(state=State.RECEIVED, look_at__lte=now).order_by("look_at")[:20]
    rows = list(due)
    for row in rows:
        bring_on(row, _read(content(row)), now=now)
    return len(rows)


def content(row: InboundMail) -> bytes:
    """The mail as it came; nothing where its file is gone."""
    path = vault.path_of(row.sha256)
    return path.read_bytes() if path.is_file() else b""


def _acted(row: InboundMail, read: Letter, now: datetime) -> None:
    """The order matters: what nobody may answer is set aside before anybody is looked for."""
    threads.heard_from(row.sender)
    if words := _taken(row, read, now):
        settle(row, State.FILED, now=now, words=words)
    elif read.bounce is not None:
        settle(row, State.ASIDE, Why.BOUNCE, now=now, words=taking.came_back(read.bounce, now=now))
    elif whither.is_own(read):
        settle(row, State.ASIDE, Why.OWN, now=now)
    elif row.size > LARGEST or row.is_cut:
        hold(row, Why.LARGE, now=now)
    elif read.automatic:
        _automatic(row, read, now)
    else:
        _written(row, read, now)


def _taken(row: InboundMail, read: Letter, now: datetime) -> str:
    """What another part of the house made of it (settings.MAIL_TAKERS), such as the result of a check; nothing where it is not theirs."""
    for name in settings.MAIL_TAKERS:
        if words := import_string(name)(read, recipients=row.recipients, raw=content(row), now=now):
            return str(words)
    return ""


def _automatic(row: InboundMail, read: Letter, now: datetime) -> None:
    """Nobody answers a program. What it says about a ticket stands there for staff; a list or a machine's own mail waits for a person."""
    named, person = whither.named(read, row.recipients), whither.sender(read)
    is_part = named.ticket is not None and person is not None and whither.takes_part(person, named.ticket)
    if named.ticket is not None and (named.is_proved or is_part):
        taking.overheard(row, read, named.ticket, now=now)
        settle(row, State.ASIDE, Why.ANSWERED, now=now, words=_("Noted on %(ticket)s.") % {"ticket": named.ticket.number})
    elif read.automatic == "answer":
        settle(row, State.ASIDE, Why.ANSWERED, now=now)
    else:
        hold(row, Why.AUTOMATIC, now=now)


def _written(row: InboundMail, read: Letter, now: datetime) -> None:
    named, person = whither.named(read, row.recipients), whither.sender(read)
    row.ticket, row.incident = named.ticket, named.incident
    fault = whither.fault(read, person) or (Why.FLOOD if whither.is_flood(row, now) else "")
    if fault:
        hold(row, fault, now=now)
    elif named.ticket is not None:
        _on_ticket(row, read, named, person, now)
    elif named.incident is not None:
        _on_incident(row, read, named, person, now)
    else:
        file_new(row, read, now=now)


def _on_ticket(row: InboundMail, read: Letter, named: whither.Named, person: User | None, now: datetime) -> None:
    assert named.ticket is not None
    if person is not None and whither.takes_part(person, named.ticket):
        file_on(row, read, person=person, now=now)
    else:
        hold(row, Why.STRANGER, now=now)


def _on_incident(row: InboundMail, read: Letter, named: whither.Named, person: User | None, now: datetime) -> None:
    """What a person wrote whose own ticket is part of it belongs to that ticket, where it is answered."""
    assert named.incident is not None
    own = whither.own_report(person, named.incident) if person is not None else None
    if person is not None and own is not None and not person.is_desk_staff:
        row.ticket, row.incident = own, None
        file_on(row, read, person=person, now=now)
    elif person is not None and whither.may_write(person, named.incident):
        taking.on_timeline(row, read, named.incident, person=person, now=now)
        settle(row, State.FILED, now=now, words=_("On the timeline of %(incident)s.") % {"incident": named.incident.number})
    else:
        hold(row, Why.STRANGER, now=now)


def file_on(row: InboundMail, read: Letter, *, person: User, now: datetime) -> None:
    """On the ticket it names, as that person's words."""
    assert row.ticket is not None
    row.ticket, row.entry = taking.on_ticket(row, read, row.ticket, person=person, now=now)
    settle(row, State.FILED, now=now, words=_("On %(ticket)s.") % {"ticket": row.ticket.number})


def file_new(row: InboundMail, read: Letter, *, now: datetime) -> None:
    """A ticket of its own."""
    row.incident = None
    row.ticket = taking.new_ticket(row, read, now=now)
    settle(row, State.FILED, now=now, words=_("New: %(ticket)s.") % {"ticket": row.ticket.number})


def hold(row: InboundMail, why: str, *, now: datetime) -> None:
    """A person decides; the team is told after four hours."""
    row.look_at = now + TOLD_AFTER
    settle(row, State.HELD, why, now=now)


def settle(row: InboundMail, state: str, why: str = "", *, now: datetime, words: str = "") -> None:
    row.state, row.why, row.words = state, why, words[:240]
    if state != State.HELD:
        row.look_at = None
    row.save(update_fields=["state", "why", "words", "look_at", "ticket", "incident", "entry", "decided_by", "decided_at"])
