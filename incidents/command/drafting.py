"""What an update may say: a text per phase to begin from, with what the desk knows filled in."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import letters
from incidents.models import Incident, Update
from servicedesk.directory import moments, zones

Phase = Update.Phase


def draft(incident: Incident, phase: str, *, now: datetime) -> str:
    """In plain words for people who wait: what is hit, since when, what is done, what they can do."""
    words = {
        "what": incident.service.name if incident.service else incident.title,
        "who": letters.who_is_hit(incident) or _("some people"),
        "since": moments.stamp(zones.local(incident.since, None), zones.local(now, None)),
    }
    return _template(phase) % words


def following(phase: str) -> str:
    """The phase an update after this one is likely to have."""
    order = [Phase.INVESTIGATING, Phase.IDENTIFIED, Phase.WATCHING, Phase.RESOLVED]
    return order[min(order.index(Phase(phase)) + 1, len(order) - 1)] if phase else order[0]


def _template(phase: str) -> str:
    return {
        Phase.INVESTIGATING: _(
            "%(what)s does not work as it should for %(who)s since %(since)s. We are looking for the cause. You need not report it."
        ),
        Phase.IDENTIFIED: _("%(what)s does not work as it should for %(who)s since %(since)s. We have found the cause and are mending it."),
        Phase.WATCHING: _("%(what)s works again for most people. We are watching it. Tell us if it does not work for you."),
        Phase.RESOLVED: _("%(what)s works again. The trouble began at %(since)s. Tell us if it does not work for you."),
    }[Phase(phase)]
