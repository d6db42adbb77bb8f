"""Stories told as one would by telephone: who reports what, whose phone rings, what they answer, what time it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from incidents.models import Incident, Ticket
from servicedesk import clock as desk_clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.e2e import durations, stepping
from tests.e2e.world import Beat
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox

FIELDS = {"impacted": "me", "effect": "part"}


@dataclass
class Clock:
    """The time, moved by hand: what is due on the way happens on the way."""

    phone: Phone
    beats: list[Beat] = field(default_factory=list)

    def forward(self, span: str) -> None:
        stepping.run_until(desk_clock.now() + durations.span(span), self)
        self.act(desk_clock.now())

    def set(self, moment: datetime) -> None:
        stepping.run_until(moment, self)

    @property
    def reporting(self) -> list[str]:
        return [beat.slug for beat in self.beats]

    def next_at(self) -> datetime | None:
        return min((beat.next_at for beat in self.beats if not beat.is_calm), default=None)

    def act(self, now: datetime) -> None:
        self.phone.twilio.settle()
        for beat in self.beats:
            beat.report(now)


@dataclass
class Office:
    """The company and the people in it; what they do, they do by the desk's own pages."""

    acme: Company
    clock: Clock

    def report(self, who: str, what: str, **answers: str) -> Ticket:
        """Fill in the form and press Send."""
        said = {"what": what, **FIELDS, **answers}
        answer = signed_in(self.acme.people[who]).post("/new/", said)
        assert answer.status_code == 302, answer.context["form"].errors
        self.clock.forward("1s")
        return Ticket.objects.latest("pk")

    def check(self, name: str, status: str) -> None:
        """It says so now, and every minute from now on."""
        others = [beat for beat in self.clock.beats if beat.slug != name]
        self.clock.beats = [*others, Beat(name, status, desk_clock.now())]
        self.clock.forward("0s")

    def open(self, link: str) -> str:
        """What a telephone shows that follows a link; nobody is signed in."""
        answer = Client().get(path_of(link))
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    def tap(self, link: str, action: str, **said: str) -> str:
        """Press a button of a signed page; the page it leads to."""
        answer = Client(enforce_csrf_checks=True).post(path_of(link), {"action": action, **said})
        assert answer.status_code == 303, answer.content.decode()
        self.clock.forward("0s")
        return self.open(link)

    @property
    def incident(self) -> Incident:
        return Incident.objects.get()


def path_of(link: str) -> str:
    return "/" + link.split("://", 1)[1].partition("/")[2]


@pytest.fixture
def clock(settings: Settings, tmp_path: Path, phone: Phone, mailbox: Mailbox) -> Clock:
    """Nine on a Monday; what comes by phone and by mail must be expected."""
    settings.CLOCK_FILE = tmp_path / "clock"
    desk_clock.move_to(NINE)
    return Clock(phone)


@pytest.fixture
def office(acme: Company, clock: Clock) -> Office:
    return Office(acme, clock)


@pytest.fixture
def night(office: Office, clock: Clock) -> Office:
    """Tuesday, 03:12: smtp-01 has begun to fail."""
    clock.set(NINE + timedelta(hours=18, minutes=12))
    office.check("smtp-01", "critical")
    return office
