"""When an incident turns out more serious: ask who has it, and page those the old severity left out."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal
from incidents.escalation import owner, paging, runs, snapshot
from incidents.escalation.targets import candidates
from incidents.models import Incident, Run, TimelineEntry
from incidents.states import RunState
from servicedesk.directory import tongues


def risen(incident: Incident, *, was: int, because: str, now: datetime) -> None:
    """The caller holds the incident, whose severity is the new one; `was` is the old."""
    run = Run.objects.open_of(incident)
    if run is None:
        return
    is_urgent_now = incident.severity <= paging.URGENT_UNTIL
    if run.state != RunState.HELD and is_urgent_now and was > paging.URGENT_UNTIL:
        _begin_anew(run, incident, because=because, now=now)
        return
    _page_left_out(run, incident, was=was, now=now)
    if run.state == RunState.HELD and is_urgent_now:
        owner.ask(
            run,
            incident,
            now=now,
            because=tongues.later("It is SEV%(rank)d now: %(reason)s", {"rank": incident.severity, "reason": because}),
        )


def _begin_anew(run: Run, incident: Incident, *, because: str, now: datetime) -> None:
    """Nobody was woken at the old severity, so everybody is still to be."""
    why = _("SEV%(rank)d now: %(reason)s") % {"rank": incident.severity, "reason": because}
    runs.end(run, incident, reason=why, actor=None, now=now)
    runs.start(incident, why=why, now=now)


def _page_left_out(run: Run, incident: Incident, *, was: int, now: datetime) -> None:
    """Of the steps already taken, those passed over for the old severity page whoever was not paged yet."""
    plan, at_step = snapshot.read(run.snapshot), run.step
    paged = set(incident.pages.values_list("person_id", flat=True))
    for number, step in enumerate(plan.steps[: at_step - 1], start=1):
        if not was > step.least_severity >= incident.severity:
            continue
        new = [one for one in candidates(plan, number, at=now) if one.person.pk not in paged]
        run.step = number
        reached = runs.page_step(run, incident, plan, new, now=now).reached
        run.step = at_step
        paged |= {person.pk for person in reached}
        if reached:
            text = _("%(names)s paged: the severity rose.") % {"names": paging.names_of(reached)}
            data = {"run": run.pk, "step": number, "people": [person.pk for person in reached]}
            journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, data=data)
