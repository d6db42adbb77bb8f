"""Letters to whoever asked: received, answered, held with an outage, solved. No severity, no words of staff.

Each is written in the reader's language and on the reader's clock. A confidential ticket's letters say that there is
something to read, never what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from incidents import links
from incidents.models import Entry, Incident, Ticket
from notifications import outbox, reach, threads
from notifications.models import Channel, Topic
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Organisation, User

HOLD = timedelta(seconds=10)  # an answer waits so long, so that its writer can take it back
SILENT = (Ticket.Origin.IMPORT, Ticket.Origin.MONITORING)
ANONYMOUS = (User.Kind.SERVICE,)
LONGEST_TITLE = 80
ANSWERED_IN, MOST_ANSWERS, MOST_SAME = timedelta(minutes=10), 3, 2
MOST_REFERENCES = 10
NAMED = re.compile(r"<[^<>\s]{1,248}>")
MOST_TO_OUTSIDERS = 60  # letters by a program an hour


def send_receipt(ticket: Ticket, *, now: datetime) -> None:
    """The number, and by when a person answers. Imports and machines' own tickets are not acknowledged."""
    if ticket.origin not in SILENT and _may_answer(ticket, now):
        _send(ticket, "receipt", "receipt", now=now, is_automatic=True)


def send_answer(ticket: Ticket, entry: Entry, *, now: datetime) -> None:
    """What a person of the desk wrote; held for ten seconds."""
    _send(ticket, "answer", f"entry-{entry.pk}", now=now, due_at=now + HOLD, entry=entry)


def send_holding(ticket: Ticket, entry: Entry, *, now: datetime) -> None:
    """That the trouble is known and worked on."""
    if _may_answer(ticket, now):
        _send(ticket, "holding", f"entry-{entry.pk}", now=now, is_automatic=True, entry=entry)


def _may_answer(ticket: Ticket, now: datetime) -> bool:
    """A mail is answered by a program three times in ten minutes, twice with one subject; strangers, so many an hour in all.

    Two programs that answer each other stop there.
    """
    if ticket.origin != Ticket.Origin.MAIL:
        return True
    lately = threads.automatic_to(ticket.requester, since=now - ANSWERED_IN)
    same = sum(words.partition("] ")[2] == _subject(ticket).partition("] ")[2] for words in lately)
    if len(lately) >= MOST_ANSWERS or same >= MOST_SAME:
        return False
    is_outsider = ticket.requester.kind == User.Kind.EXTERNAL
    return not is_outsider or threads.receipts_to_outsiders(now=now, within=timedelta(hours=1)) < MOST_TO_OUTSIDERS


def send_solved(ticket: Ticket, entry: Entry | None, *, now: datetime, is_automatic: bool = False) -> None:
    """That it is solved, with the last word where there is one, and what to do where it is not."""
    if ticket.origin not in SILENT:
        due_at = None if is_automatic else now + HOLD
        part = f"entry-{entry.pk}" if entry else f"solved-{now.timestamp():.0f}"
        _send(ticket, "solved", part, now=now, due_at=due_at, is_automatic=is_automatic, entry=entry)


def send_reminder(ticket: Ticket, *, now: datetime) -> None:
    """That we wait for them."""
    if ticket.origin not in SILENT:
        _send(ticket, "reminder", f"reminder-{now.timestamp():.0f}", now=now, is_automatic=True)


def send_watching(ticket: Ticket, person: User, *, by: User, now: datetime) -> None:
    """To a colleague whom the requester lets read along; once a ticket."""
    if not person.email or not person.is_active:
        return
    with tongues.reader(person):
        letter = _letter(ticket, "watching", person, now=now, is_automatic=True, author=by)
    key = f"{ticket.number}:watching:{person.pk}"
    outbox.post(thread=ticket.number, key=key, channel=Channel.EMAIL, to=str(person.email), letter=letter, now=now, person=person)


def send_known(incident: Incident, person: User, *, now: datetime) -> None:
    """To somebody who has it too: that it is known, and that they hear when it is over."""
    _send_of(incident, person, "known", now=now)


def send_over(incident: Incident, person: User, *, now: datetime) -> None:
    """To somebody who has it too: that it is over."""
    _send_of(incident, person, "over", now=now)


def send_update(incident: Incident, person: User, *, words: str, part: str, now: datetime) -> None:
    """To somebody who reported it or has it too: how it stands. `part` names the update."""
    _send_of(incident, person, "update", now=now, part=part, words=words)


def _send_of(incident: Incident, person: User, name: str, *, now: datetime, part: str = "", words: str = "") -> None:
    """A letter about an outage. An acknowledgement stops no such letter."""
    if not person.email or not person.is_active:
        return
    organisation = Organisation.current()
    with tongues.reader(person):
        said = {
            "incident": incident, "words": words, "name": person.get_short_name(), "url": f"{settings.SITE_URL}/",
            "organisation": organisation,
            "since": moments.stamp(zones.local(incident.since, person), zones.local(now, person)),
            "phone": organisation.desk_phone if organisation else "",
        }  # fmt: skip
        letter = outbox.Letter(
            subject=f"[{incident.number}] {' '.join(incident.title.split())[:LONGEST_TITLE]}",
            text=render_to_string(f"email/{name}.txt", said), html=render_to_string(f"email/{name}.html", said),
            sms="", short="", reference=incident.number, headers=headers(is_automatic=True),
        )  # fmt: skip
    thread = f"{incident.number}:known"
    outbox.post(
        thread=thread, key=f"{thread}:{name}{part}:{person.pk}", channel=Channel.EMAIL, to=person.email, letter=letter, now=now,
        person=person,
    )  # fmt: skip


def readers(ticket: Ticket) -> list[User]:
    """Who gets a ticket's letters: the requester, a colleague who reported it for them, colleagues who watch it.

    Nobody without an address that takes mail; the desk's own watchers are told as staff.
    """
    watching = [row.person for row in ticket.watchers.select_related("person__site").prefetch_related("person__grants")]
    askers = User.objects.filter(pk__in=ticket.asker_ids).select_related("site").order_by("pk")
    found = [person for person in concerned(list(askers), watching) if person.email and person.is_active]
    dead = threads.came_back(str(person.email) for person in found)
    return [person for person in found if str(person.email).lower() not in dead]


def concerned(askers: Iterable[User], watching: Iterable[User]) -> list[User]:
    """Askers, then whoever watches from outside the desk; each once, nobody who is no person."""
    people = [*askers, *(person for person in watching if not person.is_desk_staff)]
    return [person for person in dict.fromkeys(people) if person.kind not in ANONYMOUS]


def promise(ticket: Ticket, person: User, *, now: datetime) -> str:
    """ "by 09:30 (Europe/Paris)": when a person answers at the latest, on the reader's clock; empty when that is not to come."""
    due = ticket.first_answer_due_at
    if due is None or ticket.first_answered_at or due <= now:
        return ""
    at = moments.stamp(zones.local(due, person), zones.local(now, person))
    return _("by %(time)s (%(zone)s)") % {"time": at, "zone": zones.of(person)}


def _send(
    ticket: Ticket,
    name: str,
    part: str,
    *,
    now: datetime,
    due_at: datetime | None = None,
    is_automatic: bool = False,
    entry: Entry | None = None,
) -> None:
    """One letter to each reader, in this transaction; a second time it is the same letter."""
    for person in readers(ticket):
        if name == "answer" and not reach.wants(person, Topic.ANSWERED):
            continue
        with tongues.reader(person):
            letter = _letter(ticket, name, person, now=now, is_automatic=is_automatic, entry=entry)
        key = f"{ticket.number}:{part}:{name}:{person.pk}"
        outbox.post(
            thread=ticket.number, key=key, channel=Channel.EMAIL, to=str(person.email), letter=letter, now=now, person=person, due_at=due_at
        )


def _letter(
    ticket: Ticket, name: str, person: User, *, now: datetime, is_automatic: bool, entry: Entry | None = None, author: User | None = None
) -> outbox.Letter:
    organisation = Organisation.current()
    said = {
        "ticket": ticket,
        "name": person.get_short_name(),
        "entry": None if ticket.is_confidential else entry,
        "author": entry.author if entry else author,
        "is_confidential": ticket.is_confidential,
        "promise": promise(ticket, person, now=now),
        "url": f"{settings.SITE_URL}/t/{ticket.pk}/",
        "rate_url": _rate_url(ticket, person),
        "organisation": organisation,
        "phone": organisation.desk_phone if organisation else "",
    }
    return outbox.Letter(
        subject=_subject(ticket),
        text=render_to_string(f"email/{name}.txt", said),
        html=render_to_string(f"email/{name}.html", said),
        sms="",
        short="",
        reference=ticket.number,
        headers=headers(is_automatic) | _references(ticket, person),
        is_confidential=ticket.is_confidential,
    )


def _rate_url(ticket: Ticket, person: User) -> str:
    """Where the two questions are answered, for a ticket that came without the answers."""
    is_unrated = ticket.severity is None and not (ticket.impacted or ticket.effect)
    return links.rating_address(ticket, person) if is_unrated else ""


def headers(is_automatic: bool) -> dict[str, str]:
    """A program's letter says so (RFC 3834), that no other program answers it; the channel adds Message-ID and where answers go."""
    return {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"} if is_automatic else {"Auto-Submitted": "no"}


def _references(ticket: Ticket, person: User) -> dict[str, str]:
    """What this letter follows: our letters to this person, then what they wrote; the last is what it answers."""
    theirs = ticket.mails.exclude(message_id="").order_by("-pk").values_list("message_id", flat=True)[:MOST_REFERENCES]
    named = [one for one in reversed(theirs) if NAMED.fullmatch(one)]
    known = [*threads.letters_to(person, ticket.number)[-MOST_REFERENCES:], *named]
    return {"References": " ".join(known)} if known else {}


def _subject(ticket: Ticket) -> str:
    """One subject for the whole conversation, so that mail programs keep it together."""
    title = _("Your message to the help desk") if ticket.is_confidential else ticket.title[:LONGEST_TITLE]
    return f"[{ticket.number}] {' '.join(title.split())}"
