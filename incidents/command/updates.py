"""Stakeholder updates: who is told what, by which way, and when they hear again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import journal, letters, letters_requester
from incidents.command import desk
from incidents.escalation import last_resort, paging
from incidents.models import Command, Incident, TimelineEntry, Update
from incidents.models.incidents import IncidentQuerySet
from incidents.states import LIVE_INCIDENT, IllegalMove, IncidentState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

Audience = Update.Audience
PUBLIC = frozenset({Audience.STATUS_PAGE, Audience.BANNER, Audience.REQUESTERS})
SHOWN = frozenset({Audience.STATUS_PAGE, Audience.BANNER})
FIRST_AFTER = {1: timedelta(minutes=30), 2: timedelta(minutes=60)}  # no word by then is late
REMINDS_BEFORE = timedelta(minutes=5)
SOON = timedelta(minutes=15)


class NotPublic(ValueError):
    """What is confidential is told to no employee."""


class NobodyTold(ValueError):
    """An update has somebody who reads it."""


class AlreadyPast(ValueError):
    """The next update is promised for a time to come."""


@tongues.deed
def publish(
    incident: Incident, *, phase: str, text: str, audiences: Collection[str], actor: User, now: datetime,
    next_update_at: datetime | None = None,
) -> Update:  # fmt: skip
    """Tell them, and promise the next word. Raises IllegalMove, NotPublic, NobodyTold, AlreadyPast."""
    incident = Incident.objects.locked(incident.pk)
    told = _checked(incident, audiences, next_update_at, now)
    is_last = phase == Update.Phase.RESOLVED
    promised = None if is_last else next_update_at
    made = Update.objects.create(
        incident=incident, phase=phase, text=text.strip(), audiences=told, is_public=bool(SHOWN & set(told)), author=actor, at=now,
        next_update_at=promised,
    )  # fmt: skip
    made.mailed = _mail(made, actor=actor, now=now)
    made.save(update_fields=["mailed"])
    _show(made, actor=actor, now=now)
    promise(incident, promised, now=now)
    return made


def promise(incident: Incident, at: datetime | None, *, now: datetime) -> None:
    """When the next word is due, and when somebody is reminded of it. The caller holds the incident's row."""
    row = desk.of(incident)
    row.next_update_at = at
    row.remind_at = max(at - REMINDS_BEFORE, now) if at else None
    row.save(update_fields=["next_update_at", "remind_at"])


def due_at(incident: Incident) -> datetime | None:
    """When the next update is due: as promised, else of a severe one that nobody has been told of, so long after it began."""
    if incident.state not in LIVE_INCIDENT:
        return None
    return due_by(incident, Command.objects.filter(incident=incident).first(), is_told=incident.updates.exists())


def due_by(incident: Incident, command: Command | None, *, is_told: bool) -> datetime | None:
    """As `due_at`, of what is known already. `is_told`: there was an update."""
    if incident.state not in LIVE_INCIDENT:
        return None
    if command is not None and command.next_update_at is not None:
        return command.next_update_at
    after = FIRST_AFTER.get(incident.severity)
    return None if after is None or incident.triggered_at is None or is_told else incident.triggered_at + after


def tone(due: datetime | None, *, now: datetime) -> str:
    """How pressing it is: bad when late, warn when soon."""
    if due is None or due > now + SOON:
        return ""
    return "bad" if due <= now else "warn"


def latest_public(incident: Incident) -> Update | None:
    """What employees read of it now."""
    return Update.objects.public().filter(incident=incident).order_by("-id").first()


def requesters(incident: Incident) -> list[User]:
    """Who hears of it by mail: who reported it, for whom it was reported, and who said to have it too."""
    open_to_all = incident.tickets.filter(is_confidential=False)
    asked = Q(pk__in=open_to_all.values("requester")) | Q(pk__in=open_to_all.exclude(reported_by=None).values("reported_by"))
    people = User.objects.filter(asked | Q(pk__in=incident.followers.values("person")), is_active=True).exclude(email=None)
    return list(people.exclude(email="").exclude(kind=User.Kind.SERVICE).order_by("pk"))


def managers(incident: Incident) -> list[User]:
    """The IT managers who may read it."""
    return [person for person in last_resort.managers() if IncidentQuerySet(Incident).visible_to(person).filter(pk=incident.pk).exists()]


def _checked(incident: Incident, audiences: Collection[str], next_update_at: datetime | None, now: datetime) -> list[str]:
    told = [str(one) for one in Audience.values if one in audiences]
    if incident.state not in (*LIVE_INCIDENT, IncidentState.RESOLVED):
        raise IllegalMove(incident.number, incident.state, str(_("told of")))
    if incident.is_confidential and PUBLIC & set(told):
        raise NotPublic
    if not told:
        raise NobodyTold
    if next_update_at is not None and next_update_at <= now:
        raise AlreadyPast
    return told


def _mail(made: Update, *, actor: User, now: datetime) -> int:
    """How many people get a mail."""
    incident, told = made.incident, set(made.audiences)
    asked = requesters(incident) if Audience.REQUESTERS in told else []
    for person in asked:
        letters_requester.send_update(incident, person, words=made.text, part=str(made.pk), now=now)
    leading = [person for person in managers(incident) if person != actor] if Audience.MANAGERS in told else []
    headline = tongues.later_from(lambda: str(Update.Phase(made.phase).label))
    paging.write_to(
        leading, incident, key=f"update:{made.pk}", now=now,
        write=lambda person, link: letters.informed(incident, person, headline=headline, words=made.text, link=link, now=now),
    )  # fmt: skip
    return len(asked) + len(leading)


def _show(made: Update, *, actor: User, now: datetime) -> None:
    """Employees see the incident from now on where they were told by page; its timeline says who was told."""
    incident = made.incident
    if made.is_public and not incident.is_shown:
        incident.is_shown = True
        incident.save(update_fields=["is_shown"])
    names = ", ".join(str(Audience(one).label).lower() for one in made.audiences)
    words = {"n": incident.updates.count(), "name": actor, "phase": Update.Phase(made.phase).label}
    text = _("Update %(n)d by %(name)s: %(phase)s.") % words
    because = _("%(text)s (%(names)s; mails: %(mails)d)") % {"text": made.text, "names": names, "mails": made.mailed}
    journal.line(incident, TimelineEntry.Kind.UPDATE, text, now=now, actor=actor, because=because, data={"update": made.pk})
    after = {"update": made.pk, "phase": made.phase, "audiences": made.audiences, "mailed": made.mailed}
    trail.record(incident, "update", actor=actor, now=now, after=after)
