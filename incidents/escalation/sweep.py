"""What the engine finds due: runs, people who asked for more time, and pages that reached nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.utils.translation import gettext as _

from incidents import journal
from incidents.escalation import acks, owner, paging, runs, snapshot
from incidents.escalation.targets import candidates
from incidents.models import Incident, Page, PolicyStep, Run, TimelineEntry
from incidents.states import IncidentState, RunState
from notifications import outbox
from notifications.models import Errand
from servicedesk.directory import tongues

log = structlog.get_logger(__name__)
THREADS = "INC-"


@tongues.deed
def advance(run_id: int, *, now: datetime) -> Run:
    """Do what this run has due; a run that is not due comes back unchanged."""
    incident = Incident.objects.locked(Run.objects.values_list("incident_id", flat=True).get(pk=run_id))
    run = Run.objects.select_for_update().get(pk=run_id)
    run.incident = incident
    if run.next_step_at is None or run.next_step_at > now:
        return run
    if run.state == RunState.HELD:
        owner.look(run, incident, now=now)
        return run
    plan = snapshot.read(run.snapshot)
    go_on = runs.call_last_resort_again if run.state == RunState.EXHAUSTED else runs.walk
    go_on(run, incident, plan, now=now)
    return run


def advance_due(*, now: datetime, limit: int = 50) -> int:
    """Every run and every asked-for repeat that is due; how many. One that fails does not hold up the others."""
    due = [partial(advance, pk) for pk in Run.objects.due(now).order_by("next_step_at").values_list("pk", flat=True)[:limit]]
    again = Page.objects.again(now).select_related("person__site").order_by("again_at")[:limit]
    return _each([*due, *(partial(_ask_again, page) for page in again)], now=now)


def notice_unsettled(*, now: datetime, limit: int = 50) -> int:
    """Pages of which every method failed: the next step at once, where nobody else of their step can still answer."""
    lost = outbox.unsettled(THREADS).order_by("pk")[:limit]
    return _each([partial(_notice, errand) for errand in lost], now=now)


@tongues.deed
def _ask_again(page: Page, *, now: datetime) -> None:
    acks.ask_again(page, now=now)


@tongues.deed
def _notice(errand: Errand, *, now: datetime) -> None:
    page = Page.objects.select_related("person").filter(errand_key=errand.key).first()
    if page is None:
        outbox.settle(errand, now=now)
        return
    incident = Incident.objects.locked(page.incident_id)
    run = Run.objects.open_of(incident)
    outbox.settle(errand, now=now)
    text = _("%(name)s could not be reached.") % {"name": page.person}
    journal.line(incident, TimelineEntry.Kind.WARNING, text, now=now, because=paging.why_missed(errand), data={"people": [page.person_id]})
    if incident.state == IncidentState.PROPOSED:
        Incident.objects.filter(pk=incident.pk).update(decide_at=now)
    elif run is not None and run.pk == page.run_id:
        _climb(run, incident, page, now=now)


def _climb(run: Run, incident: Incident, page: Page, *, now: datetime) -> None:
    """The owner who cannot be asked has it no more; of a step nobody can answer, the next person or step follows."""
    if run.state == RunState.HELD and run.asked_owner_at is not None and page.person_id == incident.acknowledged_by_id:
        runs.wait(run, now)
    if run.state != RunState.RUNNING or (page.loop, page.step) != (run.loop, run.step - 1) or _somebody_left(run, page):
        return
    plan = snapshot.read(run.snapshot)
    if not _page_another(run, incident, plan, page, now=now):
        runs.walk(run, incident, plan, now=now)


def _page_another(run: Run, incident: Incident, plan: snapshot.Plan, page: Page, *, now: datetime) -> bool:
    """Where a step pages one of several, the next of them who can be reached."""
    step = plan.step(page.step)
    if step is None or step.among == PolicyStep.Among.ALL:
        return False
    tried = set(run.pages.filter(loop=page.loop, step=page.step).values_list("person_id", flat=True))
    others = [one for one in candidates(plan, page.step, at=now) if one.person.pk not in tried]
    run.step -= 1
    paged = runs.page_step(run, incident, plan, others, now=now)
    run.step += 1
    if paged.reached:
        text = _("%(names)s paged instead.") % {"names": paging.names_of(paged.reached)}
        journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, data={"run": run.pk, "people": [each.pk for each in paged.reached]})
    return bool(paged.reached)


def _somebody_left(run: Run, page: Page) -> bool:
    """Whether anybody else paged by this step may still answer."""
    others = run.pages.filter(loop=page.loop, step=page.step, answered_at=None).exclude(pk=page.pk)
    keys = others.values_list("errand_key", flat=True)
    return Errand.objects.filter(key__in=list(keys)).exclude(state=Errand.State.UNREACHABLE).exists()


def _each(deeds: Iterable[Callable[..., Any]], *, now: datetime) -> int:
    done = 0
    for deed in deeds:
        try:
            deed(now=now)
            done += 1
        except Exception:  # one broken run must not stop the others from paging
            log.exception("escalation did not advance", deed=str(deed))
    return done
