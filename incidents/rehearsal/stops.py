"""What would keep a page from beginning at that moment: silences, maintenance, and a group that was rejected lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents.incidents.deciding import HOLD
from incidents.models import Incident, LinkedAlert, Silence
from incidents.states import IncidentState
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Service


def stops(service: Service | None, *, at: datetime) -> list[str]:
    """One sentence each; what was made later is left out."""
    return [*_silences(service, at), *_holds(service, at)] if service else []


def _silences(service: Service, at: datetime) -> Iterator[str]:
    checks = LinkedAlert.objects.filter(service=service).order_by().values("check_slug")
    about = Q(service=service) | Q(check_slug__in=checks) & ~Q(check_slug="")
    for silence in Silence.objects.standing(at).filter(about, created_at__lte=at).select_related("service").order_by("pk"):
        window = silence.window(at)
        if window is not None:
            words = {"about": silence.about, "until": _stamp(window[1], at), "reason": silence.reason}
            told = _("Maintenance of %(about)s until %(until)s (%(reason)s): its alerts open nothing and page nobody. Tickets still may.")
            quiet = _("%(about)s is silenced until %(until)s (%(reason)s): its alerts open nothing and page nobody. Tickets still may.")
            yield (told if silence.audience else quiet) % words


def _holds(service: Service, at: datetime) -> Iterator[str]:
    """A rejection holds its group for hours, or until so many have reported it."""
    rejected = Incident.objects.filter(state=IncidentState.REJECTED, service=service, hold_until__gt=at, hold_until__lte=at + HOLD)
    for incident in rejected.filter(is_confidential=False).exclude(group_key="").order_by("-pk"):
        words = {"incident": incident.number, "until": _stamp(incident.hold_until or at, at), "n": incident.hold_count or 0}
        if incident.hold_count is None:
            yield _("%(incident)s was rejected: rules open the same again only after %(until)s.") % words
        else:
            yield _("%(incident)s was rejected: until %(until)s rules open the same only when %(n)d people report it.") % words


def _stamp(then: datetime, at: datetime) -> str:
    return moments.stamp(zones.local(then, None), zones.local(at, None))
