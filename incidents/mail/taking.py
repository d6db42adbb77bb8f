"""What is made of a mail: a reply, a note, a line of a timeline, a new ticket, the mark of a dead address."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import attaching, automation, conversation, journal, legible, vault
from incidents.mail.bounces import Bounce
from incidents.mail.letter import Letter
from incidents.models import Entry, InboundMail, Incident, Ticket, TimelineEntry
from incidents.vault import Kept
from notifications import threads
from servicedesk.directory.models import User

LONGEST_LINE = 2000  # of a timeline
ODD = re.compile(r"[^a-z0-9._@+-]+")


def person_of(row: InboundMail, *, now: datetime) -> User:
    """Whoever has this address; somebody from outside is written down as such, without a password and without rights."""
    known = User.objects.filter(email=row.sender).first()
    if known is not None:
        return known
    called = legible.line(row.sender_name)[:120]
    name = row.sender[:120] if "@" in called or not called else called  # nobody is called by another's address
    username = (ODD.sub("-", row.sender).strip("-._@+") or "sender")[:130]
    try:
        with transaction.atomic():
            return User.objects.create_user(username, created_at=now, email=row.sender, name=name, kind=User.Kind.EXTERNAL)
    except IntegrityError:  # the name is taken, or another mail of theirs was faster
        made = User.objects.filter(email=row.sender).first()
    return made or User.objects.create_user(f"{username}-{row.pk}", created_at=now, email=row.sender, name=name, kind=User.Kind.EXTERNAL)


def files_of(letter: Letter) -> list[Kept]:
    """The files, on disk. Nothing in them is opened."""
    return [vault.put(file.name, [file.content]) for file in letter.files]


def new_ticket(row: InboundMail, letter: Letter, *, now: datetime) -> Ticket:
    """Not rated; the receipt asks the two questions. One from before is filed in silence, at its own time."""
    person = person_of(row, now=now)
    at = min(letter.written_at or now, now) if row.is_import else now
    ticket = automation.file_ticket(
        requester=person, what=_all_words(letter), title=letter.title[:200], now=at,
        origin=Ticket.Origin.IMPORT if row.is_import else Ticket.Origin.MAIL, files=() if row.is_import else files_of(letter),
    )  # fmt: skip
    if row.is_import:
        attaching.attach(ticket, None, files_of(letter), actor=person, now=at)
    return ticket


def decided_ticket(row: InboundMail, letter: Letter, *, requester: User, now: datetime) -> Ticket:
    """A ticket because a person said so. No program answers; of a mail that cannot be read, the mail itself is the file."""
    ticket = automation.file_ticket(
        requester=requester, what=_all_words(letter), title=(letter.title or row.subject)[:200], now=now, origin=Ticket.Origin.MAIL,
        files=files_of(letter), is_answered=False,
    )  # fmt: skip
    if letter.fault or row.why == InboundMail.Why.LARGE:
        attaching.attach(ticket, None, [Kept("mail.eml", row.size, row.sha256, "application/octet-stream")], actor=None, now=now)
    return ticket


def on_ticket(row: InboundMail, letter: Letter, ticket: Ticket, *, person: User, now: datetime) -> tuple[Ticket, Entry | None]:
    """The requester's words are a reply; those of staff a note, since a note never leaves the desk by mistake.

    What names a merged ticket goes to the one it was merged into.
    """
    if row.is_import:
        return ticket, _from_before(row, letter, ticket, person, now)
    home = ticket.merged_into or ticket
    if not _asks(person, ticket):
        note = conversation.say(Ticket.objects.locked(home.pk), Entry.Kind.NOTE, Entry.Audience.STAFF, person, _words(letter), now)
        return home, _with_mail(note, letter, files_of(letter), person, now, row)
    went = automation.requester_reply(ticket, author=person, text=_words(letter), now=now, kind=Entry.Kind.MAIL, files=files_of(letter))
    is_new = went.follows_id == home.pk
    entry = None if is_new else went.entries.filter(kind=Entry.Kind.MAIL, author=person).order_by("-pk").first()
    return went, _with_mail(entry, letter, [], person, now, row) if entry else None


def _asks(person: User, ticket: Ticket) -> bool:
    """Asked there, or on a ticket that was merged into it: our letters go to them as well, and they answer."""
    return person.pk in ticket.asker_ids or any(person.pk in one.asker_ids for one in ticket.merged.select_related("reported_by"))


def _from_before(row: InboundMail, letter: Letter, ticket: Ticket, person: User, now: datetime) -> Entry:
    """In its place, at its own time: it opens nothing and tells nobody."""
    is_theirs = person.pk in ticket.asker_ids
    kind, audience = (Entry.Kind.MAIL, Entry.Audience.PUBLIC) if is_theirs else (Entry.Kind.NOTE, Entry.Audience.STAFF)
    at = min(letter.written_at or now, now)
    entry = conversation.say(Ticket.objects.locked(ticket.pk), kind, audience, person, _words(letter), at)
    return _with_mail(entry, letter, files_of(letter), person, at, row)


def _with_mail(entry: Entry, letter: Letter, files: list[Kept], person: User, now: datetime, row: InboundMail) -> Entry:
    """The mail it came in, and what it quotes, stand beside the words, to be unfolded."""
    attaching.attach(entry.ticket, entry, files, actor=person, now=now)
    entry.data = {**entry.data, "mail": row.pk, "quoted": letter.quoted}
    entry.save(update_fields=["data"])
    return entry


def overheard(row: InboundMail, letter: Letter, ticket: Ticket, *, now: datetime) -> None:
    """What a program answered: an event for staff. It opens nothing, stops no clock and is answered by nobody."""
    said = _("A program of %(sender)s answered: “%(subject)s”") % {"sender": row.sender or _("somebody"), "subject": letter.title[:120]}
    home = ticket.merged_into or ticket
    journal.ticket_event(home, said, actor=None, now=now, verb="overhear", because=" ".join(letter.said.split())[:240])


def on_timeline(row: InboundMail, letter: Letter, incident: Incident, *, person: User, now: datetime) -> None:
    """One line; the whole mail is a click away."""
    said = _("%(name)s by mail: %(words)s") % {"name": person, "words": _words(letter)[:LONGEST_LINE]}
    journal.line(incident, TimelineEntry.Kind.NOTE, said, now=now, actor=person, data={"mail": row.pk, "files": len(letter.files)})


def came_back(bounce: Bounce, *, now: datetime) -> str:
    """Addresses that are dead for good are marked; what merely waits is only noted."""
    final = [one for one in bounce.failures if one.is_final]
    lost = [
        (one, message)
        for one in final
        if (message := threads.bounced(bounce.references, one.address, code=one.status, reason=one.reason, now=now))
    ]
    for failure, message in lost:
        _told(failure.address, f"{failure.reason} ({failure.status})", message.thread, now)
    if lost:
        said = ngettext("%(n)d address takes no mail: %(which)s.", "%(n)d addresses take no mail: %(which)s.", len(lost))
        return said % {"n": len(lost), "which": ", ".join(one.address for one, _message in lost)}
    return _("It names no letter of ours.") if final or not bounce.failures else _("The mail server tries again by itself.")


def _told(address: str, reason: str, thread: str, now: datetime) -> None:
    """Staff read it on the ticket the letter was about."""
    number = thread.removeprefix("T-")
    ticket = Ticket.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if ticket is not None:
        said = _("A letter to %(address)s came back. It takes no mail.") % {"address": address}
        journal.ticket_event(ticket, said, actor=None, now=now, verb="bounce", because=reason[:240])


def _all_words(letter: Letter) -> str:
    """Of a first mail, what it quotes counts as well: somebody forwards what they were sent."""
    return f"{_words(letter)}\n\n{letter.quoted}" if letter.quoted else _words(letter)


def _words(letter: Letter) -> str:
    """What was written; where that is nothing, the subject."""
    more = ngettext("%(n)d more file is in the mail as it came.", "%(n)d more files are in the mail as it came.", letter.left_out)
    said = letter.said or letter.subject or _("(Without words.)")
    return f"{said}\n\n{more % {'n': letter.left_out}}" if letter.left_out else said
