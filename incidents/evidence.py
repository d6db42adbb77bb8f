"""What speaks for an incident now: the reasons that still hold, who is hit, and what was like it before.

Nothing here names a requester: a signed page may be read over a shoulder, from a phone that was lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, LinkedAlert, Run, TimelineEntry
from incidents.states import IncidentState, Severity
from servicedesk.directory import moments, zones

KEPT = 240  # characters of a reason an alert keeps
BEFORE = timedelta(days=90)
MOST = 3


class Standing:
    """What stands for one incident at this moment. Its checks, lines and run are read once, however many ask."""

    def __init__(self, incident: Incident) -> None:
        self.incident = incident

    @classmethod
    def read(cls, incident: Incident, *, alerts: list[LinkedAlert], timeline: Iterable[TimelineEntry], run: Run | None) -> Standing:
        """Of what a page has read already: all its alerts, its whole timeline, and its open run."""
        standing = cls(incident)
        standing.alerts = alerts
        standing.lines = [(line.data, line.because) for line in sorted(timeline, key=lambda line: line.pk) if line.because]
        standing.why = run.why if run else None
        return standing

    @cached_property
    def alerts(self) -> list[LinkedAlert]:
        """All of them, the newest first."""
        return list(self.incident.alerts.defer("value", "detail"))

    @property
    def failing(self) -> list[LinkedAlert]:
        return [alert for alert in self.alerts if alert.cleared_at is None]

    @cached_property
    def over(self) -> set[str]:
        """Reasons said of checks that are all well again."""
        said = {alert.incident_reason for alert in self.alerts} - {""}
        return said - {alert.incident_reason for alert in self.failing}

    @cached_property
    def lines(self) -> list[tuple[dict[str, Any], str]]:
        """The facts and the reason of each line of the timeline that has one, oldest first."""
        return list(self.incident.timeline.exclude(because="").order_by("id").values_list("data", "because"))

    @cached_property
    def why(self) -> str | None:
        """What its open run was started for."""
        return Run.objects.open().filter(incident=self.incident).values_list("why", flat=True).first()

    @cached_property
    def reasons(self) -> list[str]:
        """Why it is open, as things stand: what it was opened or last raised for, each rule's newest sentence, each failing check's.

        What is said only of a check that is well again is left out.
        """
        of_rules = {data["rule"]: because for data, because in self.lines if data.get("rule")}
        failing = [alert.incident_reason for alert in sorted(self.failing, key=lambda alert: alert.since, reverse=True)]
        said: dict[str, str] = {}
        for reason in (self.incident.reason, *reversed(of_rules.values()), *failing):
            if reason and reason[:KEPT] not in self.over:
                said.setdefault(reason[:KEPT], reason)
        return list(said.values())

    @cached_property
    def why_paging(self) -> str:
        """Why people are called for it now, where that is no reason of its own: reopened, handed back, decided by nobody."""
        why = self.why
        if why is None or any(old in why for old in self.over):
            return ""
        told = [reason[:KEPT] for reason in self.reasons]
        own, _semicolon, quoted = why.partition("; ")
        if any(reason.startswith(why) for reason in told):
            return ""
        return own if quoted and any(reason.startswith(quoted) for reason in told) else why

    def well_again(self, *, at: str = "") -> str:
        """ "smtp-01 is OK again": of the check that recovered last, where none fails any more."""
        cleared = [] if self.failing else [(alert.cleared_at, alert.check_slug) for alert in self.alerts if alert.cleared_at]
        if not cleared:
            return ""
        words = {"check": max(cleared, key=lambda each: each[0])[1], "at": at}
        return (_("%(check)s is OK again since %(at)s") if at else _("%(check)s is OK again")) % words


def reasons(incident: Incident) -> list[str]:
    return Standing(incident).reasons


def why_paging(incident: Incident) -> str:
    return Standing(incident).why_paging


def well_again(incident: Incident, *, at: str = "") -> str:
    return Standing(incident).well_again(at=at)


def card(incident: Incident, *, now: datetime) -> list[tuple[str, str]]:
    """What an IT manager decides a proposal by, without empty rows; nothing of a confidential one."""
    if incident.is_confidential:
        return []
    rule = incident.rule
    named = _("%(key)s, version %(n)s: %(name)s") % {"key": rule.key, "n": incident.rule_version, "name": rule.name} if rule else ""
    service = incident.service.name if incident.service else ""
    rows = [
        (_("Who"), reporters(incident)),
        (_("Service"), service),
        (_("Rule"), named),
        (_("Before"), "; ".join(before(incident, now=now))),
    ]
    return [(label, value) for label, value in rows if value]


def reporters(incident: Incident) -> str:
    """ "5 people: Sales 3, Finance 2": those who reported it, by department; the same person counts once."""
    found = incident.tickets.order_by("requester").values_list("requester", "requester__department").distinct()
    people = max(len(found), incident.people)
    if not people:
        return ""
    counted = Counter(department for _person, department in found if department)
    said = ngettext("%(n)d person", "%(n)d people", people) % {"n": people}
    where = ", ".join(f"{department} {count}" for department, count in counted.most_common(MOST))
    return f"{said}: {where}" if where else said


def before(incident: Incident, *, now: datetime) -> list[str]:
    """What the service had in the last three months, newest first: number, day, how long, and what ended it."""
    if incident.service_id is None:
        return []
    past = Incident.objects.filter(service=incident.service_id, is_confidential=False, created_at__gt=now - BEFORE).exclude(pk=incident.pk)
    ended = past.filter(state__in=[IncidentState.RESOLVED, IncidentState.CLOSED, IncidentState.REJECTED]).order_by("-pk")
    return [_past(each, now) for each in ended[:MOST]] or [_("nothing like it in 90 days")]


def _past(incident: Incident, now: datetime) -> str:
    last = incident.timeline.filter(data__state=incident.state).order_by("-id").first()
    words = {
        "number": incident.number,
        "sev": f"SEV{int(Severity(incident.severity))}",
        "at": moments.stamp(zones.local(incident.since, None), zones.local(now, None)),
        "state": incident.get_state_display().lower(),
        "why": f": {last.because}" if last and last.because else "",
    }
    return _("%(number)s %(sev)s, %(at)s, %(state)s%(why)s") % words
