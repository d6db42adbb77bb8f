"""What is said about who would be paged is what the engine then does; saying it leaves nothing behind."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from incidents import escalation, incidents, rehearsal
from incidents.models import Incident, LastResort, Policy, PolicyStep, Run, StepTarget
from incidents.rehearsal import answers
from notifications import delivery
from notifications.models import ContactMethod, Errand, Message, Webhook
from servicedesk.audit.models import AuditEntry
from servicedesk.oncall.models import Away, Override, Rotation, RotationMember
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at
from tests.e2e.stepping import next_due

__all__ = ["acme"]
WORLDS = int(os.environ.get("REHEARSED_WORLDS", "12"))
NIGHT = at(3, day=25)
RUNGS = timedelta(minutes=10)  # the last ladders run on after the last step
DESK = ("ana", "ben", "sam", "dana", "kim")
Said = set[tuple[datetime, str, str, int]]


def lines(answer: rehearsal.Answer) -> list[tuple[str, str, int]]:
    return [(line.person.username, line.channel, int((line.at - answer.at).total_seconds())) for line in answer.walk.lines]


def test_the_ladder_of_it_ops_at_three_in_the_night(acme: Company) -> None:
    answer = rehearsal.who_would_be_paged(service=acme.services["email"], severity=1, at=NIGHT)
    assert lines(answer)[:6] == [
        ("sam", "email", 0), ("sam", "sms", 0), ("sam", "voice", 180),
        ("dana", "email", 600), ("dana", "sms", 600), ("dana", "voice", 780),
    ]  # fmt: skip
    assert answer.first_person_s == 0
    assert answer.walk.lines[1].because == "primary for IT Ops (step 1 of 3)"
    assert answer.if_provider_down == {"twilio": "nobody is woken", "email": "Sam Lee by SMS after 0 s"}


def test_nothing_is_left_behind_and_no_number_is_used_up(acme: Company, django_capture_on_commit_callbacks: Any) -> None:
    first = declared(acme, "file-server")
    kinds = (Incident, Run, Errand, Message, AuditEntry)
    before = [kind.objects.count() for kind in kinds]
    with django_capture_on_commit_callbacks() as rung:
        rehearsal.who_would_be_paged(service=acme.services["email"], severity=1, at=NIGHT)
    assert [kind.objects.count() for kind in kinds] == before
    assert rung == []
    assert declared(acme, "vpn").pk == first.pk + 1


def declared(acme: Company, service: str) -> Incident:
    grounds = incidents.Grounds(title="It is down", reason="", severity=4, since=NINE, service=acme.services[service])
    opened = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert opened
    return opened


def test_why_not_somebody(acme: Company) -> None:
    sam, ben = acme.people["sam"], acme.people["ben"]
    days = {"starts_at": at(0, day=25), "ends_at": at(0, day=27), "created_at": NINE}
    Override.objects.create(schedule=acme.schedules["it-ops"], kind="cover", person=ben, replaces=sam, **days)
    Away.objects.create(person=acme.people["dana"], **days)
    answer = rehearsal.who_would_be_paged(service=acme.services["email"], severity=1, at=NIGHT)
    reasons = {person.username: because for person, because in answer.not_paged}
    assert reasons["sam"] == "Ben covers on IT Ops primary"
    assert reasons["dana"] == "away until Fri 27 Nov, 00:00"
    assert reasons["ana"] == "not named by this policy"
    assert "Step 2 of 3 is skipped: nobody is on it." in answer.warnings
    assert lines(answer)[3] == ("kim", "email", 600)


def test_somebody_without_a_verified_phone_is_warned_about(acme: Company) -> None:
    ContactMethod.objects.filter(person=acme.people["sam"]).exclude(kind="email").update(verified_at=None)
    answer = rehearsal.who_would_be_paged(service=acme.services["email"], severity=1, at=NIGHT)
    assert "Sam Lee has no verified phone: e-mail only." in answer.warnings
    assert "Step 1 of 3 can wake nobody: Sam Lee by e-mail only." in answer.warnings


def test_an_open_incident_takes_it_in(acme: Company) -> None:
    grounds = incidents.Grounds(
        title="Email", reason="a rule", severity=2, since=NINE, service=acme.services["email"], group_key="service:email"
    )
    opened = incidents.declare(grounds, now=NINE).incident
    assert opened
    assert rehearsal.who_would_be_paged(service=acme.services["email"], severity=1, at=NINE).attaches_to == opened.number


def test_the_command_answers_in_json_and_says_when_nobody_is_paged(acme: Company) -> None:
    said = StringIO()
    call_command("who_would_be_paged", "--service", "email", "--severity", "1", "--at", "2026-12-25T03:00", "--json", stdout=said)
    answer = json.loads(said.getvalue())
    assert (answer["at"], answer["policy"], answer["pages"][1]["person"]) == ("2026-12-25T02:00:00Z", "it-ops", "sam")
    assert answer["pages"][1]["to_masked"] == "+33•••01"
    ContactMethod.objects.update(disabled_at=NINE)
    with pytest.raises(SystemExit, match="1"):
        call_command("who_would_be_paged", "--service", "email", "--at", "2026-12-25T03:00", stdout=said)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_engine_then_does_what_was_said(acme: Company, seed: int) -> None:
    """Random policies, rotas, leave, severities and methods. A large count by hand: REHEARSED_WORLDS=500."""
    world = random.Random(seed)
    policy, moment = shuffled(acme, world), NINE + timedelta(minutes=world.randrange(20_000))
    severity = world.choice([1, 1, 2, 3, 4])
    said = rehearsal.rehearse(policy=policy, service=acme.services["vpn"], severity=severity, at=moment)
    expected = {(line.at, line.person.username, line.channel, line.step) for line in said.lines}
    assert done(acme, policy, severity, moment, until=(said.ended_at or moment + timedelta(hours=3)) + RUNGS) == expected


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_that_ends_with_what_is_looked_for_finds_the_same(acme: Company, seed: int) -> None:
    world = random.Random(100 + seed)
    asked: dict[str, Any] = {"policy": shuffled(acme, world), "service": acme.services["vpn"], "severity": 1, "at": NINE}
    for down in answers.PROVIDERS.values():
        whole = rehearsal.rehearse(**asked, without=down)
        early = rehearsal.rehearse(**asked, without=down, until=lambda line: line.wakes)
        assert early.first_woken == whole.first_woken


def test_a_chat_message_wakes_nobody(acme: Company) -> None:
    ContactMethod.objects.filter(kind="voice").delete()
    ContactMethod.objects.filter(kind="sms").update(kind="chat")
    walk = rehearsal.who_would_be_paged(service=acme.services["email"], severity=1, at=NIGHT).walk
    assert "chat" in {line.channel for line in walk.lines}
    assert walk.first_woken is None


def done(acme: Company, policy: Policy, severity: int, moment: datetime, *, until: datetime) -> Said:
    """A real incident on a moved clock; nobody answers, every provider accepts."""
    grounds = incidents.Grounds(title="VPN", reason="", severity=severity, since=moment, service=acme.services["vpn"], policy=policy)
    opened = incidents.declare(grounds, actor=acme.people["adam"], now=moment).incident
    assert opened
    now: datetime | None = moment
    passes: tuple[Callable[..., int], ...] = (escalation.notice_unsettled, escalation.advance_due, delivery.promote_due)
    while now is not None and now <= until:
        for run in passes:
            run(now=now)
        Message.objects.filter(state=Message.State.QUEUED).update(state=Message.State.SENT, sent_at=now)  # every provider accepts
        now = next_due(now)
    steps = dict(opened.pages.values_list("errand_key", "step"))
    rows = Message.objects.of_thread(opened.number).filter(errand__key__in=list(steps)).select_related("errand", "person")
    return {(row.due_at, row.person.username, row.channel, steps[row.errand.key]) for row in rows if row.errand and row.person}


def shuffled(acme: Company, world: random.Random) -> Policy:
    policy = Policy.objects.create(slug="random", name="Random", repeat=world.choice([0, 0, 1, 2]))
    delay = 0
    for position in range(1, world.randint(1, 4) + 1):
        window = world.choice([{}, {}, {"window_from": "22:00", "window_until": "06:30"}])
        among, least = world.choice(PolicyStep.Among.values), world.choice([4, 4, 2, 1])
        columns = {
            "position": position,
            "delay_s": delay,
            "among": among,
            "least_severity": least,
            "require_all": world.random() < 0.2,
            **window,
        }
        step = PolicyStep.objects.create(policy=policy, **columns)
        delay += world.choice([60, 300, 900])
        for kind in world.sample(StepTarget.Kind.values, world.randint(1, 2)):
            StepTarget.objects.create(step=step, kind=kind, **target(acme, kind, world))
    LastResort.objects.create(policy=policy, position=0, person=acme.people[world.choice(DESK)])
    LastResort.objects.create(policy=policy, position=1, number="555-0100")
    _rotas(acme, world)
    return policy


def target(acme: Company, kind: str, world: random.Random) -> dict[str, Any]:
    if kind == StepTarget.Kind.PERSON:
        return {"person": acme.people[world.choice(DESK)]}
    if kind == StepTarget.Kind.WEBHOOK:
        return {"webhook": Webhook.objects.get_or_create(name="ops", url="https://ops.example/", secret="x", created_at=NINE)[0]}
    if kind == StepTarget.Kind.SCHEDULE:
        return {"schedule": world.choice(list(acme.schedules.values()))}
    return {"team": world.choice(list(acme.teams.values()))}


def _rotas(acme: Company, world: random.Random) -> None:
    """More turns, leave, covers, and methods that do not work."""
    rotation = Rotation.objects.create(schedule=acme.schedules["network"], kind="hours", length=world.randint(5, 60), starts_on=NINE.date())
    for place, name in enumerate(world.sample(DESK, world.randint(1, 3))):
        RotationMember.objects.create(rotation=rotation, person=acme.people[name], position=place)
    for name in world.sample(DESK, 2):
        start = NINE + timedelta(hours=world.randrange(200))
        Away.objects.create(
            person=acme.people[name], starts_at=start, ends_at=start + timedelta(hours=world.randrange(1, 90)), created_at=NINE
        )
    off = ContactMethod.objects.filter(person__username__in=world.sample(DESK, world.randint(0, 3)))
    off.filter(kind__in=world.sample(["email", "sms", "voice"], world.randint(1, 3))).update(disabled_at=NINE)
