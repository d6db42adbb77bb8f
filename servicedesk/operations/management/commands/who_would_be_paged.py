"""`who_would_be_paged --service email --severity 1 --at 2026-12-25T03:00`: the engine's own answer. Exit 1: nobody would be."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model

from incidents import rehearsal
from incidents.models import Policy
from incidents.rehearsal.happened import Happened
from servicedesk import clock, walltime
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Service

Row = TypeVar("Row", bound=Model)


class Command(BaseCommand):
    help = "Say who would be paged for a service at a moment: as configured now, or as it was then, where that is past."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--service", default="", help="its short name")
        parser.add_argument("--policy", default="", help="its short name; without one, the policy of the service")
        parser.add_argument("--severity", type=int, choices=range(1, 5), default=1)
        parser.add_argument("--at", default="", help="2026-12-25T03:00, on the organisation's clock; without: now")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        service, policy = named(Service, options["service"]), named(Policy, options["policy"])
        now = clock.now()
        at = moment(options["at"]) if options["at"] else now
        answer = rehearsal.answered(service=service, policy=policy, severity=options["severity"], at=at, now=now)
        self.stdout.write(json.dumps(answer.as_json(), indent=2) if options["json"] else "\n".join(told(answer)))
        if not answer.walk.lines:
            sys.exit(1)


def named(kind: type[Row], slug: str) -> Row | None:
    """The row of this short name; None where none was given."""
    found = kind._default_manager.filter(slug=slug).first() if slug else None
    if slug and found is None:
        raise CommandError(f"No {kind._meta.verbose_name} is called {slug}.")
    return found


def moment(words: str) -> datetime:
    try:
        asked = datetime.fromisoformat(words)
    except ValueError as error:
        raise CommandError(f"{words!r} is not a moment such as 2026-12-25T03:00.") from error
    return asked if asked.tzinfo else walltime.first(asked, ZoneInfo(zones.of(None)))


def told(answer: rehearsal.Answer) -> list[str]:
    lines = [f"as it was then, policy version {answer.walk.version or 'not kept'}"] if answer.as_it_was else []
    lines += [f"? {words}" for words in answer.unknown]
    lines += [f"! {words}" for words in (*answer.warnings, *answer.stops)]
    lines += [f"{_clock(line.at, answer.at)}  {line.person}  {line.channel} {line.to_masked}  {line.because}" for line in answer.walk.lines]
    lines += [f"not paged: {person}, {because}" for person, because in answer.not_paged]
    lines += [f"joins {answer.attaches_to}, which is open: nobody is paged again"] if answer.attaches_to else []
    lines += happened(answer.happened) if answer.happened else []
    return [*lines, *(f"if {name} is down: {words}" for name, words in answer.if_provider_down.items())]


def happened(real: Happened) -> list[str]:
    """What was sent then, and whether it is what the policy of then says."""
    pages = [f"{message.person} {message.channel} {message.shown_state}" for message in real.messages]
    told = [f"not done: {words}" for words in real.not_done] + [f"not planned: {words}" for words in real.not_planned]
    return [f"what happened: {real.incident.number}: {'; '.join(pages)}. {real.acknowledged}".strip(), *(told or ["equal to the plan"])]


def _clock(then: datetime, asked: datetime) -> str:
    zone = ZoneInfo(zones.of(None))
    return moments.stamp(then.astimezone(zone), asked.astimezone(zone))
