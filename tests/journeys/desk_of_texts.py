"""A desk whose people have telephones that only take texts: who is texted is the whole story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from incidents import escalation, incidents
from incidents.models import Incident, Policy, PolicyStep, StepTarget
from notifications.models import ContactMethod
from servicedesk import clock as desk_clock
from servicedesk.oncall.models import Override, Rotation, RotationMember
from tests.fakes.phone import Phone
from tests.journeys.conftest import Clock, Office

NUMBERS = {"sam": "+33600000001", "dana": "+33600000002", "kim": "+33600000003", "ben": "+33600000004"}
NAMES = {number: name for name, number in NUMBERS.items()}


@dataclass
class Texts:
    """The desk, its telephones, and what is done by hand."""

    office: Office
    phone: Phone
    clock: Clock

    def __post_init__(self) -> None:
        ContactMethod.objects.exclude(kind="sms").update(verified_at=None)
        self.acme = self.office.acme

    def breaks(self, title: str = "Email is down", **given: Any) -> Incident:
        """Ben declares it for the policy IT Ops unless told otherwise."""
        columns = {"severity": 1, "since": desk_clock.now(), "policy": self.acme.policies["it-ops"], "reason": "Seen.", **given}
        found = incidents.declare(incidents.Grounds(title=title, **columns), actor=self.acme.people["ben"], now=desk_clock.now()).incident
        assert found
        self.clock.forward("1s")
        return found

    def texted(self, *words: str) -> list[str]:
        """Who has got unread texts since the last look, in order; texts with these words only are expected."""
        found = self.phone.waiting()
        assert all(any(word in text.words for word in words) for text in found if words), self.phone.shown()
        self.phone.read += found
        return [NAMES.get(text.to, text.to) for text in found]

    def says(self, who: str, words: str) -> str:
        return self.phone.text(words, sender=NUMBERS[who]) or ""

    def ends(self, incident: Incident) -> list[str]:
        """Who is texted that it is over."""
        incidents.resolve(incident, actor=self.acme.people["ben"], reason="Over.", now=desk_clock.now())
        self.clock.forward("1s")
        return self.texted()

    def stop(self, incident: Incident) -> None:
        escalation.stop(incident, now=desk_clock.now(), reason="the story is over", actor=self.acme.people["ben"])
        self.clock.forward("1s")
        self.texted()

    def step(self, number: int, **columns: Any) -> PolicyStep:
        """A step of IT Ops, changed."""
        step = self.acme.policies["it-ops"].steps.get(position=number)
        for name, value in columns.items():
            setattr(step, name, value)
        step.save(update_fields=list(columns) or ["position"])
        return step

    def names(self, step: PolicyStep, *people: str) -> None:
        """The step pages these people, and nobody else."""
        step.targets.all().delete()
        for name in people:
            StepTarget.objects.create(step=step, kind="person", person=self.acme.people[name])

    def turns(self, *people: str, **columns: Any) -> Policy:
        """These take turns on Network; its policy."""
        usual = {"kind": "weekly", "starts_on": date(2026, 11, 23), "zone": "Europe/Paris", **columns}
        rotation = Rotation.objects.create(schedule=self.acme.schedules["network"], **usual)
        for place, name in enumerate(people):
            RotationMember.objects.create(rotation=rotation, person=self.acme.people[name], position=place)
        return self.acme.policies["network"]

    def override(self, kind: str, who: str, *, schedule: str = "it-ops", made: int = 0) -> None:
        """For two days from now; `made` orders several by when they were made."""
        now = desk_clock.now()
        times = {"starts_at": now, "ends_at": now + timedelta(days=2), "created_at": now + timedelta(seconds=made)}
        Override.objects.create(schedule=self.acme.schedules[schedule], kind=kind, person=self.acme.people[who], **times)
