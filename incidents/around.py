"""People around a ticket: watching, present, named in a note, and the time they spent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import journal, letters_requester, letters_staff
from incidents.models import Entry, Presence, Ticket, TimeSpent, Watcher
from incidents.models.around import PRESENT
from incidents.states import OPEN_TICKET
from servicedesk.directory import tongues
from servicedesk.directory.models import Role, User

NAMED = re.compile(r"(?<![\w@.])@([a-z0-9][a-z0-9._+-]*[a-z0-9]|[a-z0-9])", re.IGNORECASE)
MOST_NAMED = 10
LONG_GONE = timedelta(hours=1)
MOST_WATCHERS = 20  # that a requester may add
LONG_READ = timedelta(days=90)
TOLD_AGAIN = timedelta(seconds=10)  # presence is written down no oftener while nothing changes


@tongues.deed
def watch(ticket: Ticket, *, person: User, actor: User, now: datetime) -> Watcher:
    """They read it from now on, and are told of news. Once a person; of a confidential ticket it is a place on its list."""
    row = Ticket.objects.locked(ticket.pk)
    before = Watcher.objects.filter(ticket=row, person=person).first()
    if before is not None:
        return before
    made = Watcher.objects.create(ticket=row, person=person, added_by=actor, since=now)
    said = _("%(name)s watches this ticket.") % {"name": person}
    journal.ticket_event(row, said, actor=actor, now=now, verb="watch", after={"person": person.username})
    return made


@tongues.deed
def unwatch(ticket: Ticket, *, person: User, actor: User, now: datetime) -> None:
    """They do not any more. Who did not: nothing happens."""
    row = Ticket.objects.locked(ticket.pk)
    if Watcher.objects.filter(ticket=row, person=person).delete()[0]:
        said = _("%(name)s no longer watches this ticket.") % {"name": person}
        journal.ticket_event(row, said, actor=actor, now=now, verb="unwatch", before={"person": person.username})


class CannotInvite(Exception):
    """Says why not."""


@tongues.deed
def invite(ticket: Ticket, *, person: User, by: User, now: datetime) -> None:
    """A colleague whom the requester lets read along; they are told so. Raises CannotInvite.

    Never to what is confidential: who reads that, its team decides.
    """
    row = Ticket.objects.locked(ticket.pk)
    if why := _not_invited(row, person, by):
        raise CannotInvite(why)
    if not row.watchers.filter(person=person).exists():
        watch(row, person=person, actor=by, now=now)
        letters_requester.send_watching(row, person, by=by, now=now)


def _not_invited(row: Ticket, person: User, by: User) -> str:
    if row.is_confidential:
        return _("This ticket is confidential. Ask the help desk who else may read it.")
    if by.pk not in row.asker_ids:
        return _("Only who asked can add somebody.")
    if person.is_desk_staff or person.pk in row.asker_ids:
        return _("%(name)s reads it already.") % {"name": person}
    if row.watchers.count() >= MOST_WATCHERS:
        return _("At most %(n)d people can read along.") % {"n": MOST_WATCHERS}
    return ""


def named(text: str) -> list[User]:
    """The staff a text names with @user-name, each once, in the order of their user names."""
    words = {word.lower() for word in NAMED.findall(text)}
    return list(User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).filter(username__in=words).order_by("username")[:MOST_NAMED])


def mention(ticket: Ticket, entry: Entry, *, now: datetime) -> list[User]:
    """Tell whoever a note names and may read the ticket; who they are."""
    readers = [person for person in named(entry.text) if person.pk != entry.author_id and _may_read(person, ticket)]
    because = tongues.later("%(name)s named you in a note.", {"name": entry.author})
    letters_staff.tell(ticket, readers, because=because, topic="mentioned", now=now, about=f"entry-{entry.pk}")
    return readers


def _may_read(person: User, ticket: Ticket) -> bool:
    return Ticket.objects.visible_to(person).filter(pk=ticket.pk).exists()


def tell_of_answer(ticket: Ticket, entry: Entry, *, now: datetime) -> None:
    """That the requester answered: whoever has the ticket, and staff who watch it."""
    because, about = tongues.later("%(name)s answered.", {"name": entry.author}), f"entry-{entry.pk}"
    if ticket.assignee is not None and ticket.assignee_id != entry.author_id:
        letters_staff.tell(ticket, [ticket.assignee], because=because, topic="assigned", now=now, about=about)
    people = User.objects.filter(watched__ticket=ticket, is_active=True).exclude(pk__in=[entry.author_id, ticket.assignee_id or 0])
    staff = [person for person in people if person.is_desk_staff]
    letters_staff.tell(ticket, staff, because=because, topic="watched", now=now, about=about)


def be_present(ticket: Ticket, *, person: User, is_writing: bool, now: datetime) -> list[Presence]:
    """This person has it open. Who else has, those who write first."""
    rows = list(Presence.objects.filter(ticket=ticket).select_related("person").order_by("-is_writing", "person__name"))
    told = {"is_writing": is_writing, "at": now}
    own = next((row for row in rows if row.person_id == person.pk), None)
    if own is None:
        Presence.objects.bulk_create([Presence(ticket=ticket, person=person, **told)], ignore_conflicts=True)
    elif own.is_writing != is_writing or own.at <= now - TOLD_AGAIN:
        Presence.objects.filter(ticket=ticket, person=person).update(**told)
    return [row for row in rows if row.person_id != person.pk and row.at > now - PRESENT]


def others(ticket: Ticket, *, person: User, now: datetime) -> list[Presence]:
    """Who else has it open, those who write first."""
    here = Presence.objects.here(now).filter(ticket=ticket).exclude(person=person)
    return list(here.select_related("person").order_by("-is_writing", "person__name"))


def forget(*, now: datetime) -> int:
    """Who had it open an hour ago. Of an open ticket it says until when they have read, and is kept for long."""
    gone = Presence.objects.filter(at__lt=now - LONG_GONE)
    return gone.filter(Q(at__lt=now - LONG_READ) | ~Q(ticket__state__in=OPEN_TICKET)).delete()[0]


@tongues.deed
def spend(ticket: Ticket, *, person: User, minutes: int, what: str = "", now: datetime) -> TimeSpent:
    """Minutes of work, 1 to 1440."""
    row = Ticket.objects.locked(ticket.pk)
    made = TimeSpent.objects.create(ticket=row, person=person, minutes=minutes, what=what, at=now)
    said = _("%(name)s spent %(n)d min.") % {"name": person, "n": minutes}
    journal.ticket_event(row, said, actor=person, now=now, verb="spend", after={"minutes": minutes}, because=what)
    return made


def minutes_spent(ticket: Ticket, entries: Iterable[Entry]) -> int:
    """Of work noted and of calls, `entries` being all of the ticket's."""
    return sum(ticket.times.values_list("minutes", flat=True)) + minutes_called(entries)


def minutes_called(entries: Iterable[Entry]) -> int:
    return sum(entry.data.get("minutes") or 0 for entry in entries if entry.kind == Entry.Kind.CALL and entry.withdrawn_at is None)
