"""While somebody has an incident: asking them alone whether they still do, and paging again where no answer comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from incidents import journal, letters, moves
from incidents.escalation import paging, runs
from incidents.escalation.targets import Candidate
from incidents.models import Incident, Run, SeverityLevel, TimelineEntry
from incidents.states import IncidentState, RunState
from servicedesk.directory import tongues
from servicedesk.directory.models import User

USUAL_MIN = 60  # where the severity says nothing else; the lesser ones never ask
TO_ANSWER = timedelta(minutes=10)


def asks_at(incident: Incident, *, since: datetime) -> datetime | None:
    """When an owner who does nothing from `since` on is asked; None: this severity never asks."""
    set_to = SeverityLevel.objects.filter(rank=incident.severity).values_list("ask_again_min", flat=True).first()
    usual = USUAL_MIN if incident.severity <= paging.URGENT_UNTIL else 0
    minutes = usual if set_to is None else set_to
    return since + timedelta(minutes=minutes) if minutes else None


def look(run: Run, incident: Incident, *, now: datetime) -> None:
    """A held run is due: wait on where a person did something meanwhile, else ask the owner, else page again."""
    acted_at = last_human_act(incident)
    if run.asked_owner_at is not None and acted_at <= run.asked_owner_at:
        resume(run, incident, why=_("%(name)s did not say it is still theirs") % {"name": incident.acknowledged_by}, now=now)
        return
    run.asked_owner_at = None
    due = asks_at(incident, since=acted_at)
    if due is not None and due <= now:
        ask(run, incident, now=now)
    else:
        runs.wait(run, due)


def ask(run: Run, incident: Incident, *, now: datetime, because: str = "") -> None:
    """ "Still yours?", to the owner alone; ten minutes to say so."""
    owner = incident.acknowledged_by
    assert owner is not None  # the constraint acknowledged_by_somebody
    run.asked_owner_at, answer_by = now, now + TO_ANSWER
    errand = paging.page(
        incident, Candidate(owner, tongues.later("who has it")), key=f"run:{run.pk}:still:{run.pages.count()}:{owner.pk}", run=run,
        is_question=True, now=now,
        write=lambda one, link: letters.still_yours(incident, one.person, link=link, answer_by=answer_by, because=because, now=now),
    )  # fmt: skip
    text = _("%(name)s is asked: still yours?") % {"name": owner}
    journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, because=str(because), data={"run": run.pk, "people": [owner.pk]})
    runs.wait(run, now if paging.is_missed(errand) else answer_by)


def confirmed(run: Run | None, incident: Incident, *, by: User, now: datetime) -> None:
    """The owner says it is still theirs. Where nobody asked, nothing changes."""
    if run is None or run.asked_owner_at is None or by != incident.acknowledged_by:
        return
    run.asked_owner_at = None
    runs.wait(run, asks_at(incident, since=now))
    text = _("%(name)s says it is still theirs.") % {"name": by}
    journal.line(incident, TimelineEntry.Kind.ACK, text, now=now, actor=by, data={"run": run.pk})


def resume(run: Run, incident: Incident, *, why: str, now: datetime, from_step: int | None = None, actor: User | None = None) -> Run:
    """Nobody has it any more: a new run, from the step after the owner's (`from_step` where given)."""
    step = from_step or _owners_step(run, incident) + 1
    runs.end(run, incident, reason=why, actor=actor, now=now)
    text = _("Nobody has it any more: paging goes on.")
    moves.move_incident(
        incident, IncidentState.TRIGGERED, now=now, actor=actor, text=text, because=why, acknowledged_at=None, acknowledged_by=None
    )
    return runs.start(incident, why=why, now=now, from_step=step, actor=actor)


def last_human_act(incident: Incident) -> datetime:
    """The last thing a person did on the timeline; the acknowledgement is one."""
    acted_at: datetime | None = incident.timeline.filter(actor__isnull=False).aggregate(at=Max("at"))["at"]
    return acted_at or incident.acknowledged_at or incident.created_at


def hold(run: Run, incident: Incident, *, by: User, now: datetime) -> None:
    """The run waits while this person has the incident."""
    moves.move_run(run, RunState.HELD, now=now, actor=by, next_step_at=asks_at(incident, since=now), asked_owner_at=None)


def _owners_step(run: Run, incident: Incident) -> int:
    """The step by which the owner was paged, else the last one taken."""
    page = run.pages.filter(person=incident.acknowledged_by, step__gt=0).order_by("-id").first()
    return page.step if page else run.step - 1
