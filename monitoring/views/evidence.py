"""/incidents/<no>/evidence/: what was heard of an incident's services from a day before it until it was over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents import access, pins
from incidents.models import Incident
from monitoring.models import Check, PinnedResult
from monitoring.storage import pinning
from servicedesk import clock
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role

MOST = 200  # readings shown of one check: those that were not OK, or changed something


@dataclass(slots=True)
class Heard:
    """One check's readings: how many of each status, and those that tell."""

    name: str
    number: int
    counts: Counter[str] = field(default_factory=Counter)
    rows: list[PinnedResult] = field(default_factory=list)
    left_out: int = 0

    @property
    def counted(self) -> list[tuple[str, int]]:
        return self.counts.most_common()

    def hear(self, row: PinnedResult) -> None:
        self.counts[row.status] += 1
        if row.status == "ok" and not row.change:
            return
        if len(self.rows) < MOST:
            self.rows.append(row)
        else:
            self.left_out += 1


@require_safe
@only(Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
def evidence(request: PersonRequest, number: int) -> HttpResponse:
    now, found = clock.now(), access.incident(request.user, number)
    heard = sorted(_heard(found, now).values(), key=lambda one: one.name)
    details = found.alerts.exclude(detail="").order_by("since")
    context = {"incident": found, "pin": pins.pin_of(found, now=now), "heard": heard, "details": details}
    return render(request, "monitoring/evidence.html", context)


def _heard(found: Incident, now: datetime) -> dict[int, Heard]:
    checks: dict[int, Heard] = {}
    names = dict(Check.objects.values_list("pk", "slug"))
    for row in pinning.of_incident(found, now=now):
        one = checks.setdefault(row.check_id, Heard(names.get(row.check_id, f"{row.check_id}"), row.check_id))
        one.hear(row)
    return checks
