"""Breaking the glass: somebody who answers for the desk reads what is confidential and not theirs. It needs a reason, stands on the trail,
and is told to everybody who may read it.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from incidents import journal, readers
from incidents.models import Incident, Ticket, TicketReader, TimelineEntry
from notifications import outbox
from notifications.models import Errand, Urgency
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Role, User

NUMBER = re.compile(r"(T|INC)-([0-9]{1,15})", re.IGNORECASE)
LEAST = 10  # characters of a reason
MAY = (Role.ADMIN, Role.MANAGER, Role.AUDITOR)


class NothingToBreak(LookupError):
    """No confidential ticket or incident has this number."""


class NotAllowed(Exception):
    """This person may not, or gave no reason."""


def look_up(number: str) -> Ticket | Incident:
    """What is confidential under that number. Raises NothingToBreak."""
    found = NUMBER.fullmatch(number.strip())
    if found is None:
        raise NothingToBreak
    key, model = int(found[2]), Ticket if found[1].upper() == "T" else Incident
    thing = model._base_manager.filter(pk=key, is_confidential=True).first()
    if not isinstance(thing, Ticket | Incident):
        raise NothingToBreak
    return thing


@tongues.deed
def break_it(thing: Ticket | Incident, *, by: User, reason: str, now: datetime) -> Ticket | Incident:
    """Let this person read it from now on. Who could before is left as they are, and nobody is told. Raises NotAllowed."""
    reason = reason.strip()
    if by.is_machine or not by.holds(*MAY) or len(reason) < LEAST:
        raise NotAllowed
    if type(thing).objects.visible_to(by).filter(pk=thing.pk).exists():
        return thing
    told = _readers(thing, by)
    because = _("broke the glass: %(reason)s") % {"reason": reason}
    incident = thing if isinstance(thing, Incident) else thing.incident
    if isinstance(thing, Ticket) and (incident is None or not incident.is_confidential):
        TicketReader.objects.create(ticket=thing, person=by, because=because[:240], at=now)
    elif incident is not None:
        readers.admit(incident, by, because=because, actor=by, now=now)
    trail.record(thing, "break glass", actor=by, now=now, after={"reason": reason, "told": sorted(one.username for one in told)})
    if incident is not None:
        text = _("%(name)s broke the glass and reads this.") % {"name": by}
        journal.line(incident, TimelineEntry.Kind.WARNING, text, now=now, actor=by, because=reason, key=True)
    for person in told:
        _tell(thing, person, by=by, reason=reason, now=now)
    return thing


def _readers(thing: Ticket | Incident, by: User) -> list[User]:
    """Everybody who may read it: its team, its list, and who has it."""
    team = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER, team=thing.team) if thing.team else []
    incident = thing if isinstance(thing, Incident) else thing.incident
    listed = User.objects.get_queryset().active().filter(confidences__incident=incident) if incident else []
    own = [thing.assignee] if isinstance(thing, Ticket) and thing.assignee else []
    more = User.objects.get_queryset().active().filter(ticket_confidences__ticket=thing) if isinstance(thing, Ticket) else []
    people = {person.pk: person for person in (*team, *listed, *own, *more)}
    return [
        person
        for _pk, person in sorted(people.items())
        if person != by and type(thing).objects.visible_to(person).filter(pk=thing.pk).exists()
    ]


def _tell(thing: Ticket | Incident, person: User, *, by: User, reason: str, now: datetime) -> None:
    path = f"/tickets/{thing.pk}/" if isinstance(thing, Ticket) else f"/incidents/{thing.pk}/"
    with tongues.reader(person):
        words = {"name": by, "number": thing.number, "reason": reason}
        subject = _("%(name)s broke the glass of %(number)s") % words
        text = _("%(name)s was not on the list of %(number)s and reads it now. Reason given: %(reason)s") % words
        letter = outbox.Letter(
            subject=subject, text=f"{text}\n\n{settings.SITE_URL}{path}", html="", sms=_("%(number)s: see the desk.") % words,
            short=thing.number, reference=thing.number, is_confidential=True,
        )  # fmt: skip
    outbox.queue(
        person, thread=thing.number, key=f"{thing.number}:glass:{by.pk}:{now.timestamp():.0f}:{person.pk}", letter=letter,
        urgency=Urgency.NORMAL, kind=Errand.Kind.NOTICE, rank=2, because=subject[:240], on_duty=False, now=now,
    )  # fmt: skip
