"""Who leads which part of an incident, from when to when."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from incidents import journal, letters
from incidents.command import updates
from incidents.escalation import paging
from incidents.models import Incident, RoleHolding, TimelineEntry
from incidents.states import IllegalMove
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

Kind = RoleHolding.Kind


@tongues.deed
def give(incident: Incident, role: str, *, to: User | None, actor: User, now: datetime) -> RoleHolding | None:
    """This person has the role from now on; None releases it. Theirs already: unchanged. Who is given one is told."""
    incident = Incident.objects.locked(incident.pk)
    if not incident.is_open:
        raise IllegalMove(incident.number, incident.state, str(Kind(role).label))
    before = holder(incident, role)
    if (before.person if before else None) == to:
        return before
    if before is not None:
        before.until = now
        before.save(update_fields=["until"])
    made = RoleHolding.objects.create(incident=incident, role=role, person=to, since=now) if to else None
    _write_down(incident, role, before, made, actor=actor, now=now)
    if made and made.person != actor:
        _tell(incident, made, actor=actor, now=now)
    if made and (due := updates.due_at(incident)) is not None:
        updates.promise(incident, due, now=now)
    return made


@tongues.deed
def say(incident: Incident, role: str, *, doing: str, actor: User, now: datetime) -> RoleHolding | None:
    """What its holder does now. Nobody holds it, or the same words: unchanged."""
    incident = Incident.objects.locked(incident.pk)
    row = holder(incident, role)
    if row is None or row.doing == doing.strip():
        return row
    row.doing = doing.strip()
    row.save(update_fields=["doing"])
    words = {"role": Kind(role).label, "name": row.person, "doing": row.doing or _("nothing said")}
    text = _("%(role)s %(name)s: %(doing)s") % words
    journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, actor=actor, data={"role": role, "doing": row.doing})
    return row


def holder(incident: Incident, role: str) -> RoleHolding | None:
    return incident.roles.filter(role=role, until=None).select_related("person").first()


def holders(incident: Incident) -> dict[str, RoleHolding]:
    """Who holds what now."""
    return {row.role: row for row in incident.roles.filter(until=None).select_related("person")}


def _write_down(incident: Incident, role: str, before: RoleHolding | None, made: RoleHolding | None, *, actor: User, now: datetime) -> None:
    words = {"role": Kind(role).label, "name": made.person if made else "", "actor": actor}
    said = _("%(name)s takes the role %(role)s.") if made and made.person == actor else _("%(actor)s gives the role %(role)s to %(name)s.")
    text = (said if made else _("Nobody has the role %(role)s any more.")) % words
    was = before.person.username if before else None
    becomes = made.person.username if made else None
    journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, actor=actor, data={"role": role, "person": becomes}, key=bool(made))
    trail.record(incident, "role", actor=actor, now=now, before={role: was}, after={role: becomes})


def _tell(incident: Incident, made: RoleHolding, *, actor: User, now: datetime) -> None:
    headline = tongues.later_from(lambda: _("you are %(role)s") % {"role": _named(made)})
    words = tongues.later("%(name)s gave you this role.", {"name": actor})
    paging.tell(
        [made.person], incident, key=f"role:{made.pk}", now=now,
        write=lambda person, link: letters.informed(incident, person, headline=headline, words=words, link=link, now=now),
    )  # fmt: skip


def _named(made: RoleHolding) -> str:
    """The role inside a sentence. A German noun keeps its capital there."""
    role = str(made.get_role_display())
    return role if (get_language() or "").startswith("de") else role.lower()
