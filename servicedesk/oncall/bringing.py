"""A schedule of another pager, laid into one of ours: tried first, then brought in. Nobody is made: unknown names are a warning."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from servicedesk import plain
from servicedesk.directory.models import Role, User
from servicedesk.oncall import changes, foreign, roster, rotations, shifts
from servicedesk.oncall.changes import Change
from servicedesk.oncall.foreign import Foreign
from servicedesk.oncall.models import Override, Schedule
from servicedesk.oncall.rotations import Draft
from servicedesk.oncall.shifts import Turns

AHEAD = timedelta(weeks=26)  # so far recurring events are read


@dataclass(slots=True)
class Arrival:
    """What would be brought in: turns, each by the line it stands on, and stretches of duty beside them."""

    source: str
    drafts: dict[int, Draft] = field(default_factory=dict)
    stand: int = 0  # turns that are here already, word for word
    added: list[Change] = field(default_factory=list)
    known: int = 0  # stretches that stand here already
    warnings: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.drafts and not self.added


def read(schedule: Schedule, content: bytes, *, now: datetime) -> Arrival:
    """What the file holds, in our people and words. Raises foreign.CannotRead."""
    told = foreign.read(content, zone=schedule.zone, start=now, end=now + AHEAD)
    found = Arrival(told.source, warnings=list(told.warnings))
    people = _people(told, found)
    _turns(schedule, told, people, found, now)
    _stretches(schedule, told, people, found, now)
    if found.is_empty and not found.known and not found.stand:
        found.warnings.append(_("Nothing in it lies ahead and names somebody of the desk."))
    return found


def tried(schedule: Schedule, arrival: Arrival, *, start: datetime, end: datetime, now: datetime) -> roster.Rota:
    """The rota as it would be. Nothing is written."""
    rota = rotations.tried_all(schedule, arrival.drafts, start=start, end=end, now=now)
    (also,) = roster.load([schedule], start=min(start, now), end=end, also=[change.person for change in arrival.added])
    rota = replace(rota, people={**also.people, **rota.people}, leave=tuple(dict.fromkeys((*rota.leave, *also.leave))))
    added = tuple(shifts.Override("add", one.person.pk, None, one.starts_at, one.ends_at) for one in arrival.added)
    return replace(rota, overrides=(*rota.overrides, *added))


@transaction.atomic
def bring(schedule: Schedule, arrival: Arrival, *, by: User, now: datetime) -> int:
    """Save the turns and the stretches; how many things were made. The same file again makes nothing twice."""
    for line, draft in arrival.drafts.items():
        rotations.arrange(schedule, draft, by=by, now=now, line=line)
    for change in arrival.added:
        changes.make(schedule, change, by=by, now=now)
    return len(arrival.drafts) + len(arrival.added)


def _turns(schedule: Schedule, told: Foreign, people: dict[str, User], found: Arrival, now: datetime) -> None:
    """Each rotation of the file on a line of its own, in the file's order; those that stand here already are left."""
    standing = rotations.lines(schedule, now=now)
    drafts = {line: draft for line, turns in enumerate(told.turns) if (draft := _draft(turns, people, found)) is not None}
    for line, draft in drafts.items():
        if line in standing and rotations.described(standing[line]) == draft.as_json():
            found.stand += 1
        else:
            found.drafts[line] = draft
    beside = len(set(standing) - set(drafts)) if drafts else 0
    if beside:
        words = ngettext(
            "%(n)d rotation that stands here is not in the file. It goes on.",
            "%(n)d rotations that stand here are not in the file. They go on.",
            beside,
        )
        found.warnings.append(words % {"n": beside})


def _people(told: Foreign, found: Arrival) -> dict[str, User]:
    """Everybody of the desk the file names, by address, user name or name."""
    names = dict.fromkeys([*(name for turns in told.turns for name in turns.people), *(shift.person for shift in told.shifts)])
    known = {name: person for name in names if (person := person_called(name)) is not None}
    unknown = [name for name in names if name not in known]
    if unknown:
        found.warnings.append(_("Not known here, or not of the desk; their turns are left out: %(names)s.") % {"names": ", ".join(unknown)})
    return known


def person_called(name: str) -> User | None:
    """The one person of the desk with this address, user name or name."""
    name, desk = plain.line(name), User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).filter(is_active=True)
    matching = desk.filter(Q(email__iexact=name) | Q(username__iexact=name) | Q(name__iexact=name)).distinct()[:2]
    return matching[0] if len(matching) == 1 else None


def _draft(turns: Turns[str], people: dict[str, User], found: Arrival) -> Draft | None:
    who = tuple(people[name] for name in turns.people if name in people)
    if not who:
        return None
    if len(who) < len(turns.people):
        found.warnings.append(_("Turns of those left out fall to the others: look at the first weeks."))
    return Draft(**{**vars(turns), "people": who})


def _stretches(schedule: Schedule, told: Foreign, people: dict[str, User], found: Arrival, now: datetime) -> None:
    standing = Override.objects.filter(schedule=schedule, kind=Override.Kind.ADD, withdrawn_at=None)
    known = set(standing.values_list("person", "starts_at", "ends_at"))
    for shift in told.shifts:
        person = people.get(shift.person)
        if person is None or shift.ends_at <= max(now, shift.starts_at):
            continue
        key = (person.pk, shift.starts_at, shift.ends_at)
        found.known += key in known
        if key not in known:
            known.add(key)
            found.added.append(Change(Override.Kind.ADD, person, None, shift.starts_at, shift.ends_at))
