"""Whom a step means at a moment: schedules, teams and managers are resolved when the step runs, never earlier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, QuerySet

from incidents.escalation.snapshot import Plan, Step, Target
from incidents.models import Page, PolicyStep, StepTarget
from servicedesk.directory.models import Role, Team, User
from servicedesk.directory.tongues import later, later_from
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule


@dataclass(frozen=True, slots=True)
class Candidate:
    """`because` completes "You are …"; `role` is the word for a text message. Both are put in words when they are read."""

    person: User
    because: str
    role: str = ""


Rotas = Mapping[int, roster.Rota]


def rotas(plan: Plan, *, start: datetime, end: datetime) -> Rotas:
    """The schedules all steps name, read once for every moment of the span."""
    wanted = {target.id for step in plan.steps for target in step.targets if target.kind == StepTarget.Kind.SCHEDULE}
    schedules = list(_schedules().filter(pk__in=wanted)) if wanted else []
    return {rota.schedule.pk: rota for rota in (roster.load(schedules, start=start, end=end) if schedules else [])}


def candidates(plan: Plan, number: int, *, at: datetime, known: Rotas | None = None) -> list[Candidate]:
    """Everyone the step names at that moment, each once, in the order they are tried. `known`: rotas that reach to it."""
    step = plan.step(number)
    if step is None:
        return []
    place = later("step %(step)d of %(steps)d", {"step": number, "steps": len(plan.steps)})
    found: dict[int, Candidate] = {}
    for target in step.targets:
        for person, because, role in _people(target, at, known or {}):
            found.setdefault(person.pk, Candidate(person, _placed(because, place), role))
    return _in_turn(list(found.values()), step)


def _placed(because: str, place: str) -> str:
    return later_from(lambda: f"{because} ({place})")


def _people(target: Target, at: datetime, known: Rotas) -> Iterator[tuple[User, str, str]]:
    """Those behind one target, with the sentence and the word that say why."""
    if target.kind == StepTarget.Kind.PERSON:
        person = User.objects.filter(pk=target.id, is_active=True).select_related("site").first()
        yield from [(person, later("named in the policy"), later("named in the policy"))] if person else []
    elif target.kind == StepTarget.Kind.SCHEDULE:
        yield from _on_call(target, at, known)
    elif target.kind != StepTarget.Kind.WEBHOOK:  # a program is no person
        yield from _of_team(target, at)


def _on_call(target: Target, at: datetime, known: Rotas) -> Iterator[tuple[User, str, str]]:
    rota = known.get(target.id) or next(iter(roster.load(list(_schedules().filter(pk=target.id)), start=at, end=at)), None)
    for duty in rota.on_call(at) if rota else []:
        role = later("the fallback") if duty.is_fallback else (rota.schedule.duty if rota else "") or later("on call")
        yield duty.person, duty.because, role


def _schedules() -> QuerySet[Schedule]:
    return Schedule.objects.select_related("team", "fallback__site")


def _of_team(target: Target, at: datetime) -> Iterator[tuple[User, str, str]]:
    team = Team.objects.select_related("manager").filter(pk=target.id).first()
    if team is None:
        return
    words = {"team": team}
    if target.kind == StepTarget.Kind.MANAGER:
        manager = roster.manager_on_duty(team, at=at)
        yield from [(manager, later("IT manager of %(team)s", words), later("IT manager"))] if manager else []
        return
    members = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER).filter(grants__team=team).distinct().order_by("name", "pk")
    for person in roster.present(members.select_related("site"), at=at):
        yield person, later("of the team %(team)s", words), later("of %(team)s", words)


def _in_turn(found: Sequence[Candidate], step: Step) -> list[Candidate]:
    """In turns: whoever was paged longest ago, or never, comes first. The sort is stable, so the order given breaks ties."""
    if step.among != PolicyStep.Among.ROUND_ROBIN or not found:
        return list(found)
    people = [candidate.person for candidate in found]
    latest = dict(Page.objects.filter(person__in=people, step__gt=0).values_list("person").annotate(Max("at")))
    return sorted(found, key=lambda candidate: latest[candidate.person.pk].timestamp() if candidate.person.pk in latest else 0)
