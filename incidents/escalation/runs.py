"""A run: starting it, and taking each of its steps when due. Every step is one transaction with all its letters.

A step is due `delay_s` after its round began. One that reaches nobody is followed by the next at once; one passed over
for its severity or window keeps its time. Steps found late, after the desk itself was down, keep their distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from django.utils.translation import gettext as _

from incidents import journal, letters, moves
from incidents.escalation import last_resort, paging, parts, programs, snapshot
from incidents.escalation.snapshot import Plan
from incidents.escalation.targets import Candidate, Rotas, candidates, rotas
from incidents.models import Incident, Policy, PolicyStep, Run, StepRecord, TimelineEntry
from incidents.states import RunState
from notifications import reach
from notifications.outbox import Letter
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Service, User

LATE = timedelta(minutes=1)
NOBODY = Plan(policy="", name="", zone="UTC", repeat=0)
MOST_WHY = 240


class Taken(Enum):
    PAGED = "paged"
    PASSED_OVER = "passed over"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Next:
    """Who is called next and when; nobody named and a time: the last resort."""

    people: Sequence[User]
    at: datetime | None


def start(incident: Incident, *, why: str, now: datetime, from_step: int = 1, actor: User | None = None, is_new: bool = False) -> Run:
    """A new run, its due steps taken in this transaction. The caller holds the incident; an open run is left as it is.

    `is_new`: the incident was made in this transaction, so that no run of it can be open.
    """
    standing = None if is_new else Run.objects.open_of(incident)
    if standing is not None:
        return standing
    policy = policy_for(incident)
    version = snapshot.publish(policy, now=now) if policy else None
    plan = snapshot.read(version.definition) if version else NOBODY
    first = from_step if plan.step(from_step) else 1
    run = Run.objects.create(
        incident=incident,
        policy=policy,
        policy_version=version.version if version else None,
        snapshot=plan.as_json(),
        step=first,
        round_began_at=now - plan.delay(first),
        why=why[:MOST_WHY],
        started_at=now,
    )
    trail.record(run, "start", actor=actor, now=now, after={"policy": plan.policy, "version": run.policy_version, "why": run.why})
    walk(run, incident, plan, now=now)
    return run


class Subject(Protocol):
    """An incident, or the grounds for one."""

    @property
    def policy(self) -> Policy | None: ...
    @property
    def service(self) -> Service | None: ...


def policy_for(subject: Subject) -> Policy | None:
    """Its own, else its service's, else the default one."""
    if subject.policy is not None:
        return subject.policy
    of_service = subject.service.policies.order_by("pk").first() if subject.service else None
    return of_service or Policy.objects.filter(is_default=True).first()


def walk(run: Run, incident: Incident, plan: Plan, *, now: datetime) -> None:
    """Take the steps that are due, then wait for the next; past the last one the round is over."""
    at_once = False
    while plan.step(run.step):
        taken = take(run, incident, plan, now=now)
        # a step passed over reaches nobody either, when the one before it already let the next follow at once
        taken = Taken.NOBODY if at_once and taken is Taken.PASSED_OVER else taken
        at_once = taken is Taken.NOBODY
        due = _next_due(run, plan, taken, now)
        run.step += 1
        if due > now:
            wait(run, due)
            return
    round_over(run, incident, plan, now=now)


def take(run: Run, incident: Incident, plan: Plan, *, now: datetime) -> Taken:
    """One step: page whom it means at this moment, and write down what came of it."""
    step = plan.step(run.step)
    assert step is not None  # the callers look
    skipped = step.skipped_for(incident.severity, now, plan.zone)
    if skipped:
        _record(run, incident, plan, skipped=skipped, kind=TimelineEntry.Kind.PAGE, now=now)
        return Taken.PASSED_OVER
    known = rotas(plan, start=now, end=now + plan.delay(len(plan.steps)) + plan.last_wait)
    answered = parts.answered(run) if any(each.require_all for each in plan.steps) else set()
    people = [one for one in candidates(plan, run.step, at=now, known=known) if one.person.pk not in answered]
    paged = page_step(run, incident, plan, people, now=now, known=known)
    told = programs.call(run, incident, plan, now=now)
    if not paged.reached:
        return _nobody(run, incident, plan, paged, told, now=now)
    _record_paged(run, incident, plan, people, paged, now=now)
    return Taken.NOBODY if _sleeps_on(run, incident, plan, paged.reached, now=now, known=known) else Taken.PAGED


def _nobody(run: Run, incident: Incident, plan: Plan, paged: paging.Paged, told: Sequence[str], *, now: datetime) -> Taken:
    """A step that reaches no person. Where a program was told, that is enough for what wakes nobody anyhow."""
    if told and not paged.missed and incident.severity > paging.URGENT_UNTIL:
        StepRecord.objects.create(run=run, loop=run.loop, step=run.step, at=now)
        return Taken.PAGED
    missed = "; ".join(f"{person}: {reason}" for person, reason in paged.missed)
    skipped = missed or (_("a program wakes nobody") if told else _("nobody is on it"))
    _record(run, incident, plan, skipped=skipped, kind=TimelineEntry.Kind.WARNING, now=now)
    return Taken.NOBODY


def _sleeps_on(run: Run, incident: Incident, plan: Plan, reached: Sequence[User], *, now: datetime, known: Rotas) -> bool:
    """An urgent step that only mails people wakes nobody, and somebody after it could be woken. Written down when so."""
    if incident.severity > paging.URGENT_UNTIL or any(map(reach.wakes, reached)):
        return False
    rest = range(run.step + 1, len(plan.steps) + 1)
    later = (one.person for number in rest for one in candidates(plan, number, at=now, known=known))
    if not any(map(reach.wakes, [*later, *last_resort.people(plan)])):
        return False
    text = _("%(step)s can wake nobody: %(names)s by e-mail only.") % {"step": _place(run, plan), "names": paging.names_of(reached)}
    journal.line(incident, TimelineEntry.Kind.WARNING, text, now=now, data={"run": run.pk, "loop": run.loop, "step": run.step})
    return True


def page_step(
    run: Run, incident: Incident, plan: Plan, people: Sequence[Candidate], *, now: datetime, known: Rotas | None = None
) -> paging.Paged:
    """Page these people under the run's present step."""
    step = plan.step(run.step)
    assert step is not None
    before = run.pages.filter(step__gt=0, step__lt=run.step).select_related("person").order_by("-id")
    silent = [page.person for page in before] if run.step > 1 else []
    follows = following(run, incident, plan, now=now, known=known)

    def write(one: Candidate, link: str) -> Letter:
        others = [person for person in dict.fromkeys(silent) if person != one.person]
        why = letters.Why(one.because, one.role, run.step, others, follows.people, follows.at)
        return letters.page(incident, one.person, why=why, link=link, now=now)

    key = f"run:{run.pk}:{run.loop}:{run.step}"
    only = step.among != PolicyStep.Among.ALL
    return paging.page_each(incident, run, people, key=key, write=write, step=run.step, loop=run.loop, first_only=only, now=now)


def following(run: Run, incident: Incident, plan: Plan, *, now: datetime, over: datetime | None = None, known: Rotas | None = None) -> Next:
    """Who is called after the run's present step if nobody acknowledges. `over`: when the round ends, where that is known."""
    for number in range(run.step + 1, len(plan.steps) + 1):
        step, due = plan.step(number), max(run.round_began_at + plan.delay(number), now)
        is_taken = step is not None and not step.skipped_for(incident.severity, due, plan.zone)
        people = candidates(plan, number, at=due, known=known) if is_taken else []
        if people:
            return Next([one.person for one in people], due)
    over = over or now + plan.last_wait
    if run.loop < plan.repeat:
        return Next([one.person for one in candidates(plan, 1, at=over, known=known)], over)
    return Next([], over if incident.severity <= paging.URGENT_UNTIL else None)


def wait(run: Run, due: datetime | None) -> None:
    run.next_step_at = due
    run.save(update_fields=["loop", "step", "round_began_at", "next_step_at", "asked_owner_at"])


def round_over(run: Run, incident: Incident, plan: Plan, *, now: datetime) -> None:
    """Another round where the policy repeats and somebody was paged in this one; else nobody is left."""
    anybody = run.records.filter(loop=run.loop, step__gt=0, skipped="").exists()
    if not anybody or run.loop >= plan.repeat:
        exhaust(run, incident, plan, now=now)
        return
    run.loop, run.step, run.round_began_at = run.loop + 1, 1, now
    text = _("Round %(round)d of %(rounds)d begins: nobody acknowledged.") % {"round": run.loop + 1, "rounds": plan.repeat + 1}
    journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, data={"run": run.pk, "loop": run.loop})
    walk(run, incident, plan, now=now)


def exhaust(run: Run, incident: Incident, plan: Plan, *, now: datetime) -> None:
    """Nobody acknowledged. SEV1 and SEV2 go to the last resort and by mail to every other IT manager; nobody is woken for less."""
    is_urgent = incident.severity <= paging.URGENT_UNTIL
    walked = last_resort.walked(run, plan, now=now)
    text = _("Nobody acknowledged %(walked)s.") % {"walked": walked}
    again = now + last_resort.AGAIN if is_urgent else None
    moves.move_run(run, RunState.EXHAUSTED, now=now, actor=None, loop=run.loop, step=run.step, exhausted_at=now, next_step_at=again)
    journal.line(incident, TimelineEntry.Kind.WARNING, text, now=now, because=_not_woken(is_urgent), data={"run": run.pk}, key=True)
    if not is_urgent:
        return
    paged = last_resort.call(run, incident, plan, now=now)
    paging.write_to(
        [each for each in last_resort.managers() if each not in paged], incident, key=f"run:{run.pk}:exhausted", now=now,
        write=lambda person, link: letters.exhausted(incident, person, walked=walked, link=link, now=now),
    )  # fmt: skip


def call_last_resort_again(run: Run, incident: Incident, plan: Plan, *, now: datetime) -> None:
    """Every 15 minutes until somebody acknowledges, for four hours."""
    last_resort.call(run, incident, plan, now=now)
    again = now + last_resort.AGAIN
    is_over = run.exhausted_at is not None and again >= run.exhausted_at + last_resort.FOR
    if is_over:
        journal.line(incident, TimelineEntry.Kind.WARNING, _("The last resort is not called again: four hours passed."), now=now, key=True)
    wait(run, None if is_over else again)


@tongues.deed
def stop(incident: Incident, *, now: datetime, reason: str, actor: User | None = None) -> Run | None:
    """Stop paging, tell those already woken and say why. Without an open run nothing changes."""
    incident = Incident.objects.locked(incident.pk)
    run = Run.objects.open_of(incident)
    if run is None:
        return None
    woken = end(run, incident, reason=reason, actor=actor, text=_("Paging is stopped."), now=now)
    paging.tell(
        [person for person in woken if person != actor], incident, key=f"run:{run.pk}:stopped", now=now,
        write=lambda person, link: letters.stopped(incident, person, reason=reason, link=link, now=now),
    )  # fmt: skip
    return run


def end(run: Run, incident: Incident, *, reason: str, actor: User | None, now: datetime, text: str = "") -> list[User]:
    """The run stops and its pending pages are cancelled; the people already woken."""
    moves.move_run(run, RunState.STOPPED, now=now, actor=actor, text=text, because=str(reason), next_step_at=None, ended_at=now)
    return paging.call_off(incident, reason=str(reason), now=now)


def _next_due(run: Run, plan: Plan, taken: Taken, now: datetime) -> datetime:
    """When the step after the present one acts, or the round ends."""
    late = now - (run.round_began_at + plan.delay(run.step))
    if late > LATE:
        run.round_began_at += late
    if taken is Taken.NOBODY:
        return now
    if plan.step(run.step + 1):
        return run.round_began_at + plan.delay(run.step + 1)
    return now + plan.last_wait if taken is Taken.PAGED else now


def _record(run: Run, incident: Incident, plan: Plan, *, skipped: str, kind: str, now: datetime) -> None:
    StepRecord.objects.create(run=run, loop=run.loop, step=run.step, at=now, skipped=skipped[:MOST_WHY])
    text = _("%(step)s is skipped: %(reason)s.") % {"step": _place(run, plan), "reason": skipped.rstrip(".")}
    journal.line(incident, kind, text, now=now, data={"run": run.pk, "loop": run.loop, "step": run.step})


def _record_paged(run: Run, incident: Incident, plan: Plan, people: Sequence[Candidate], paged: paging.Paged, *, now: datetime) -> None:
    StepRecord.objects.create(run=run, loop=run.loop, step=run.step, at=now)
    text = _("%(step)s: %(names)s paged.") % {"step": _place(run, plan), "names": paging.names_of(paged.reached)}
    because = "; ".join(f"{one.person}: {one.because}" for one in people if one.person in paged.reached)
    missed = "; ".join(_("%(name)s not reached: %(reason)s") % {"name": person, "reason": reason} for person, reason in paged.missed)
    data = {"run": run.pk, "loop": run.loop, "step": run.step, "people": [person.pk for person in paged.reached]}
    journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, because="; ".join(filter(None, [because, missed])), data=data)


def _place(run: Run, plan: Plan) -> str:
    return _("Step %(step)d of %(steps)d") % {"step": run.step, "steps": len(plan.steps)}


def _not_woken(is_urgent: bool) -> str:
    return "" if is_urgent else _("nobody is woken further at this severity; it waits for the morning")
