""" "I have this too": one press joins a person to an outage that employees may see; they hear of it now and when it is over."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal, letters_requester
from incidents.models import Follower, Incident, TimelineEntry
from incidents.states import IllegalMove
from servicedesk.directory import tongues
from servicedesk.directory.models import User

AT_ONCE = 200


@tongues.deed
def have_too(incident: Incident, *, person: User, now: datetime) -> Follower:
    """Once a person; a second press changes nothing. Raises IllegalMove where employees may not (or no longer) see it."""
    row = Incident.objects.locked(incident.pk)
    before = Follower.objects.filter(incident=row, person=person).first()
    if before is not None:
        return before
    if not Incident.objects.shown_to_employees().filter(pk=row.pk).exists():
        raise IllegalMove(row.number, row.state, "following")
    made = Follower.objects.create(incident=row, person=person, since=now)
    said = _("%(name)s has it too.") % {"name": person}
    journal.line(row, TimelineEntry.Kind.NOTE, said, now=now, actor=person, data={"follower": person.pk})
    letters_requester.send_known(row, person, now=now)
    return made


def tell_over(*, now: datetime) -> int:
    """A letter to each who has it too once the incident is over; how many."""
    waiting = Follower.objects.to_tell(now).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_told(pk, now) for pk in list(waiting))


@tongues.deed
def _told(pk: int, now: datetime) -> bool:
    """False: somebody else has the row now, or told them."""
    rows = Follower.objects.to_tell(now).select_for_update(of=("self",), skip_locked=True)
    row = rows.select_related("incident__service", "person").filter(pk=pk).first()
    if row is None:
        return False
    row.told_at = now
    row.save(update_fields=["told_at"])
    letters_requester.send_over(row.incident, row.person, now=now)
    return True
