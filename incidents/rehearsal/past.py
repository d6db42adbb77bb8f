"""Who would be paged, asked of any moment: what is past is answered as it was then, all else as configured now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q

from incidents.incidents.openings import ATTACHES_FOR
from incidents.models import Incident, Policy
from incidents.rehearsal import answers, bygone, happened, walks
from incidents.rehearsal.answers import Answer
from incidents.states import IncidentState
from servicedesk.directory.models import Service, User

PRESENT = timedelta(minutes=1)


def answered(
    *, policy: Policy | None = None, service: Service | None = None, severity: int, at: datetime, now: datetime, reader: User | None = None
) -> Answer:
    """The answer for that moment. Of the past also what happened, where the reader may see it."""
    if at >= now - PRESENT:
        return answers.who_would_be_paged(policy=policy, service=service, severity=severity, at=at)
    with walks.undone():
        then = bygone.put_back(policy, service, at=at)
        answer = answers.who_would_be_paged(policy=then.policy, service=service, severity=severity, at=at)
    real = happened.near(then.policy, service, answer.walk, at=at, now=now, reader=reader) if then.policy else None
    return replace(
        answer,
        walk=replace(answer.walk, version=then.version),
        attaches_to=_open_then(service, at, real.incident if real else None),
        as_it_was=True,
        unknown=then.unknown,
        happened=real,
    )


def _open_then(service: Service | None, at: datetime, real: Incident | None) -> str:
    """The incident of this service that was open then and not quiet for longer than openings are taken in."""
    rows = Incident.objects.filter(service=service, is_confidential=False, created_at__lt=at).exclude(pk=real.pk if real else 0)
    rows = rows.exclude(group_key="").exclude(state__in=(IncidentState.REJECTED, IncidentState.MERGED))
    open_then = rows.filter(Q(resolved_at=None) | Q(resolved_at__gt=at), timeline__at__range=(at - ATTACHES_FOR, at))
    found = open_then.order_by("severity", "pk").first() if service else None
    return found.number if found else ""
