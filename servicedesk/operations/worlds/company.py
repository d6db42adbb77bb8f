"""Acme: the people, services, rotas and policies of the demo company. The acceptance world and the tests live in it too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction

from incidents import knowledge, plans, reviews, seeding
from incidents.models import Article, LastResort, Policy, PolicyStep, StepTarget
from monitoring.models import Check, Source
from notifications.models import Channel, ContactMethod, LadderRung, Urgency
from servicedesk.directory.models import Grant, Organisation, Role, Service, Site, Team, User
from servicedesk.oncall.models import Rotation, RotationMember, Schedule

NAME = "Acme Help Desk"
ZONE = "Europe/Paris"
PASSWORD = "correct horse 9"  # noqa: S105  (a demo's password is printed on purpose)
HOURS = {str(day): [["08:00", "18:00"]] for day in range(5)}


@dataclass(frozen=True, slots=True)
class Actor:
    username: str
    name: str
    role: str | None = None
    team: str | None = None
    department: str = ""
    number: str = ""
    verified: bool = True
    has_email: bool = True


ACTORS = (
    Actor("ella", "Ella", department="Finance"),
    Actor("omar", "Omar", department="Finance"),
    Actor("lea", "Lea", department="Legal"),
    Actor("eve", "Eve", department="Sales"),
    Actor("ana", "Ana", Role.AGENT, "service-desk", number="+33600000005", verified=False),
    Actor("ben", "Ben", Role.AGENT, "service-desk", number="+33600000004"),
    Actor("sam", "Sam Lee", Role.AGENT, "it-ops", number="+33600000001"),
    Actor("dana", "Dana Ruiz", Role.MANAGER, number="+33600000002"),
    Actor("kim", "Kim", Role.MANAGER, number="+33600000003"),
    Actor("adam", "Adam", Role.ADMIN),
    Actor("vera", "Vera", Role.AUDITOR),
)
SERVICES: tuple[dict[str, Any], ...] = (
    {"slug": "email", "name": "Email", "tier": 1, "words": ["email", "e-mail", "mail", "outlook", "mailbox", "inbox", "smtp"]},
    {"slug": "vpn", "name": "VPN", "tier": 2, "group": "Network", "words": ["vpn", "remote access", "tunnel"]},
    {"slug": "printing", "name": "Printing", "tier": 3, "group": "Offices", "words": ["printer", "printing", "print", "toner", "scanner"]},
    {
        "slug": "file-server",
        "name": "File server",
        "tier": 2,
        "group": "Offices",
        "words": ["file server", "fs-02", "shared folder", "network drive", "folder"],
    },
)

ARTICLES = (
    {
        "slug": "outlook-cannot-connect",
        "title": "Outlook cannot connect",
        "answer": "Check that you are online, then close Outlook and start it again.",
        "body": (
            "1. Open any web page. If it does not load, plug the network cable in again or choose the Wi-Fi **Acme**.\n"
            "2. From home: start the VPN and wait until it says *Connected*.\n"
            "3. Close Outlook and start it again.\n"
            "4. At the bottom of the window it must not say *Working offline*. If it does, choose *Send / Receive*, "
            "then *Work Offline*.\n\n"
            "## If it still cannot connect\n\n"
            "Report it with the words Outlook shows. Until it works, you can read your mail in the browser.\n"
        ),
    },
)


@dataclass
class Company:
    """What was founded, by short name."""

    organisation: Organisation
    people: dict[str, User]
    teams: dict[str, Team]
    services: dict[str, Service]
    schedules: dict[str, Schedule]
    policies: dict[str, Policy]
    checks: dict[str, Check]


@transaction.atomic
def found(*, now: datetime, password: str = PASSWORD, planned_at: datetime | None = None) -> Company:
    """Everything a company needs before its first ticket. The database must be empty. `planned_at`: since when it has a plan."""
    organisation = Organisation.objects.create(pk=1, name=NAME, zone=ZONE, desk_phone="555-0100", desk_hours=HOURS, created_at=now)
    paris = Site.objects.create(slug="paris", name="Paris", zone=ZONE, country="FR")
    teams = {slug: Team.objects.create(slug=slug, name=name) for slug, name in TEAMS}
    people = {actor.username: _person(actor, teams, paris, now, password) for actor in ACTORS}
    Team.objects.filter(slug__in=["it-ops", "service-desk"]).update(manager=people["dana"])
    Team.objects.filter(slug="network").update(manager=people["kim"])
    services = {s["slug"]: Service.objects.create(owner=people["kim"], team=teams["it-ops"], **s) for s in SERVICES}
    schedules = _schedules(teams, people, now)
    policies = _policies(teams, people, services, schedules)
    checks = _checks(services, now)
    seeding.install_rules(now=now)
    _plan(people, services, planned_at or now)
    reviews.install()
    _articles(people["kim"], now)
    return Company(organisation, people, teams, services, schedules, policies, checks)


def _plan(people: dict[str, User], services: dict[str, Service], now: datetime) -> None:
    dana, kim, sam, adam = (people[name] for name in ("dana", "kim", "sam", "adam"))
    holders = [(dana, kim), (kim, dana), (sam, adam), (people["lea"], dana)]
    plans.install(owner=adam, services=services.values(), holders=holders, now=now)


def _articles(owner: User, now: datetime) -> None:
    for told in ARTICLES:
        article = Article.objects.create(owner=owner, created_at=now, updated_at=now, **told)
        knowledge.publish(article, actor=owner, now=now)


TEAMS = (("service-desk", "Service desk"), ("it-ops", "IT Ops"), ("network", "Network"))


def _person(actor: Actor, teams: dict[str, Team], site: Site, now: datetime, password: str) -> User:
    user = User.objects.create_user(
        actor.username,
        name=actor.name,
        email=f"{actor.username}@acme.example",
        department=actor.department,
        site=site,
        phone=actor.number,
        password=password,
        created_at=now,
    )
    if actor.role:
        Grant.objects.create(user=user, role=actor.role, team=teams.get(actor.team or ""))
    if actor.role in (Role.AGENT, Role.MANAGER):
        _ladders(user, actor, now)
    return user


def _ladders(user: User, actor: Actor, now: datetime) -> None:
    """E-mail and SMS at once, a call after 3 minutes; by day e-mail alone."""
    verified_at = now if actor.verified else None
    email = ContactMethod.objects.create(person=user, kind=Channel.EMAIL, address=str(user.email), verified_at=now, created_at=now)
    sms = ContactMethod.objects.create(person=user, kind=Channel.SMS, address=actor.number, verified_at=verified_at, created_at=now)
    call = ContactMethod.objects.create(person=user, kind=Channel.VOICE, address=actor.number, verified_at=verified_at, created_at=now)
    for position, (method, delay_s) in enumerate([(email, 0), (sms, 0), (call, 180)]):
        LadderRung.objects.create(person=user, urgency=Urgency.URGENT, position=position, delay_s=delay_s, method=method)
    LadderRung.objects.create(person=user, urgency=Urgency.NORMAL, position=0, delay_s=0, method=email)


def _schedules(teams: dict[str, Team], people: dict[str, User], now: datetime) -> dict[str, Schedule]:
    rows = (
        ("it-ops", "IT Ops primary", "primary", "it-ops", "sam"),
        ("it-ops-secondary", "IT Ops secondary", "secondary", "it-ops", "dana"),
        ("service-desk", "Service desk", "on duty", "service-desk", "ana"),
        ("network", "Network", "primary", "network", None),
    )
    made = {}
    for slug, name, duty, team, person in rows:
        made[slug] = Schedule.objects.create(slug=slug, name=name, duty=duty, team=teams[team], zone=ZONE)
        if person:
            rotation = Rotation.objects.create(schedule=made[slug], starts_on=(now - timedelta(days=98)).date(), handoff=time(9), length=1)
            RotationMember.objects.create(rotation=rotation, person=people[person], position=0)
    return made


def _policies(
    teams: dict[str, Team], people: dict[str, User], services: dict[str, Service], schedules: dict[str, Schedule]
) -> dict[str, Policy]:
    it_ops = Policy.objects.create(slug="it-ops", name="IT Ops", team=teams["it-ops"], is_default=True)
    it_ops.services.set(services.values())
    _step(it_ops, 1, 0, kind=StepTarget.Kind.SCHEDULE, schedule=schedules["it-ops"])
    _step(it_ops, 2, 600, kind=StepTarget.Kind.SCHEDULE, schedule=schedules["it-ops-secondary"])
    _step(it_ops, 3, 1200, kind=StepTarget.Kind.PERSON, person=people["kim"])
    network = Policy.objects.create(slug="network", name="Network", team=teams["network"])
    _step(network, 1, 0, kind=StepTarget.Kind.SCHEDULE, schedule=schedules["network"])
    security = Policy.objects.create(slug="security-on-call", name="Security on call", team=teams["it-ops"])
    _step(security, 1, 0, kind=StepTarget.Kind.SCHEDULE, schedule=schedules["it-ops"])
    _step(security, 2, 600, kind=StepTarget.Kind.PERSON, person=people["kim"])
    for policy in (it_ops, network, security):
        LastResort.objects.create(policy=policy, position=0, person=people["kim"])
        LastResort.objects.create(policy=policy, position=1, number="555-0100")
    return {policy.slug: policy for policy in (it_ops, network, security)}


def _step(policy: Policy, position: int, delay_s: int, **target: Any) -> None:
    step = PolicyStep.objects.create(policy=policy, position=position, delay_s=delay_s)
    StepTarget.objects.create(step=step, **target)


def _checks(services: dict[str, Service], now: datetime) -> dict[str, Check]:
    agents = Source.objects.create(slug="agents", name="Agents", kind="results")
    common = {"source": agents, "created_at": now}
    return {
        "smtp-01": Check.objects.create(slug="smtp-01", service=services["email"], confirm=2, period_s=60, grace_s=240, **common),
        "fs-02": Check.objects.create(slug="fs-02", service=services["file-server"], confirm=2, period_s=300, grace_s=600, **common),
    }
