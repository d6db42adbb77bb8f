"""The first run after the desk was founded: seven steps, each told from the rows, each to be put off and taken up again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import changed_hours, incidents
from incidents.escalation import arranging, snapshot
from incidents.escalation.snapshot import Plan, Target
from incidents.models import Incident, Policy, PolicyStep, StepTarget
from notifications.models import WAKING, Channel, ContactMethod
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation, Service, Team, User
from servicedesk.oncall import roster, rotations
from servicedesk.oncall.models import Rotation, Schedule
from servicedesk.operations.models import SetupStep

ORGANISATION, ACCOUNT, MAIL, PHONE, SERVICES, ON_CALL, TEST = "organisation", "account", "mail", "phone", "services", "on-call", "test"
WORDS: Mapping[str, Promise] = {
    ORGANISATION: gettext_lazy("The organisation"),
    ACCOUNT: gettext_lazy("Your account"),
    MAIL: gettext_lazy("Mail"),
    PHONE: gettext_lazy("Text messages and calls"),
    SERVICES: gettext_lazy("Services"),
    ON_CALL: gettext_lazy("On call"),
    TEST: gettext_lazy("Break something on purpose"),
}
HAND_OFF = time(9)
NEXT_AFTER_S = 600  # what the policy did before follows so long after whoever is on call
SEVERITY = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it stands for one administrator: done, put off ("skipped") or open."""

    name: str
    state: str

    @property
    def word(self) -> Promise:
        return WORDS[self.name]

    @property
    def href(self) -> str:
        return reverse("setup_step", args=[self.name])

    @property
    def is_done(self) -> bool:
        return self.state == "done"

    @property
    def is_skipped(self) -> bool:
        return self.state == "skipped"


def steps(person: User, *, now: datetime) -> list[Step]:
    """All of them, in their order."""
    skipped = set(SetupStep.objects.filter(skipped_at__isnull=False).values_list("name", flat=True))
    states = ((name, DONE[name](person, now)) for name in WORDS)
    return [Step(name, "done" if is_done else "skipped" if name in skipped else "open") for name, is_done in states]


def following(person: User, name: str = "", *, now: datetime) -> Step | None:
    """The next open step behind this one; behind none, the first. None: there is none."""
    found = steps(person, now=now)
    begin = list(WORDS).index(name) + 1 if name else 0
    return next((step for step in found[begin:] if step.state == "open"), None)


@tongues.deed
def skip(name: str, *, actor: User, now: datetime) -> None:
    """Put this step off; it stays on the list."""
    row, _is_new = SetupStep.objects.get_or_create(name=name)
    row.skipped_at, row.skipped_by = now, actor
    row.save(update_fields=["skipped_at", "skipped_by"])
    trail.record(row, "put off", actor=actor, now=now)


@tongues.deed
def describe(organisation: Organisation, said: Mapping[str, Any], *, actor: User, now: datetime) -> None:
    """Name, zone, language, telephone and hours of the organisation; open tickets follow new hours."""
    before = {name: getattr(organisation, name) for name in said}
    for name, value in said.items():
        setattr(organisation, name, value)
    organisation.save(update_fields=list(said))
    trail.record(organisation, "describe", actor=actor, now=now, before=before, after=dict(said))
    changed_hours.follow(organisation, now=now, actor=actor, was={name: before[name] for name in changed_hours.FIELDS if name in before})


def on_duty(now: datetime) -> list[roster.Duty]:
    """Whoever is on call at this moment, on whatever schedule."""
    rotas = roster.load(list(Schedule.objects.select_related("fallback", "team")), start=now, end=now)
    return [duty for rota in rotas for duty in rota.on_call(now)]


@tongues.deed
def take_duty(person: User, *, now: datetime) -> Schedule:
    """The service desk's schedule with this person on call from now on, and the default policy pages it first."""
    team = Team.objects.filter(slug="service-desk").first()
    house = Organisation.current()
    zone = house.zone if house else "UTC"
    words = {"name": _("Service desk"), "duty": _("primary"), "team": team, "zone": zone}
    schedule, _is_new = Schedule.objects.get_or_create(slug="service-desk", defaults=words)
    today = now.astimezone(ZoneInfo(schedule.zone)).date()
    monday = today - timedelta(days=today.weekday() or 7)  # a week that has begun, also before the hand-off of a Monday
    draft = rotations.Draft((person,), starts_on=monday, kind=Rotation.Kind.WEEKLY, length=1, handoff=HAND_OFF, zone=schedule.zone)
    rotations.arrange(schedule, draft, by=person, now=now)
    policy = Policy.objects.filter(is_default=True).first()
    if policy is not None and not StepTarget.objects.filter(step__policy=policy, kind=StepTarget.Kind.SCHEDULE).exists():
        _page_first(policy, schedule, by=person, now=now)
    return schedule


def _page_first(policy: Policy, schedule: Schedule, *, by: User, now: datetime) -> None:
    plan = snapshot.plan_of(policy)
    target = Target(StepTarget.Kind.SCHEDULE, schedule.pk, schedule.name)
    first = snapshot.Step(1, 0, PolicyStep.Among.ALL, 4, None, (target,))
    later = [replace(step, position=step.position + 1, delay_s=step.delay_s + NEXT_AFTER_S) for step in plan.steps]
    made: Plan = replace(plan, steps=(first, *later))
    arranging.arrange(policy, made, since=arranging.fingerprint(plan), note=_("The first run"), by=by, now=now)


@tongues.deed
def break_something(person: User, *, now: datetime) -> Incident:
    """A SEV2 that says it is a test and pages like any other; the one under way, where there is one."""
    SetupStep.objects.get_or_create(name=TEST)
    row = SetupStep.objects.select_for_update().get(name=TEST)
    standing = row.incident
    if standing is not None and standing.is_open:
        return standing
    grounds = incidents.Grounds(
        title=_("TEST: broken on purpose"),
        reason=_("%(name)s tries whether pages arrive. Nothing is wrong.") % {"name": person},
        severity=SEVERITY,
        since=now,
    )
    made = incidents.declare(grounds, actor=person, now=now).incident
    assert made is not None  # only a proposal is held
    row.incident, row.skipped_at, row.skipped_by = made, None, None
    row.save(update_fields=["incident", "skipped_at", "skipped_by"])
    return made


@tongues.deed
def end_test(incident: Incident, *, actor: User, now: datetime) -> Incident:
    """It was a test: it counts as no incident, and needs no report."""
    return incidents.demote(incident, reason=_("It was a test of the first run."), actor=actor, now=now)


def test_incident() -> Incident | None:
    """The incident of the last test."""
    row = SetupStep.objects.select_related("incident__acknowledged_by").filter(name=TEST).first()
    return row.incident if row else None


def _is_reached(person: User, kinds: tuple[str, ...]) -> bool:
    return ContactMethod.objects.usable().filter(person=person, kind__in=kinds).exists()


def _was_acknowledged(_person: User, _now: datetime) -> bool:
    incident = test_incident()
    return incident is not None and incident.acknowledged_at is not None


DONE: Mapping[str, Callable[[User, datetime], bool]] = {
    ORGANISATION: lambda _person, _now: Organisation.current() is not None,
    ACCOUNT: lambda person, _now: bool(is_mfa_enabled(person)),
    MAIL: lambda person, _now: settings.EMAIL_CONFIGURED and _is_reached(person, (Channel.EMAIL,)),
    PHONE: lambda person, _now: settings.TWILIO_CONFIGURED and _is_reached(person, WAKING),
    SERVICES: lambda _person, _now: Service.objects.filter(is_active=True).exists(),
    ON_CALL: lambda _person, now: bool(on_duty(now)),
    TEST: _was_acknowledged,
}
