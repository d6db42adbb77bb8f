"""`hold 20m`: the desk stands still for its own maintenance. What comes in is kept; what falls due comes as one page afterwards."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import clock
from servicedesk.directory.models import HeldFor
from servicedesk.operations import standstill

UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


class Command(BaseCommand):
    help = "Hold the desk for so long (20m, 2h), or “off” to end the hold; alone: say whether it is held."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("length", nargs="?", help="90s, 20m or 2h, at most 24h; or off")

    def handle(self, *args: Any, length: str | None, **options: Any) -> None:
        if length is not None:
            self._change(length)
        self.stdout.write(standstill.words() or "Not on hold.")

    def _change(self, length: str) -> None:
        now = clock.now()
        if length == "off":
            if not standstill.is_on():
                self.stdout.write("Not on hold.")
                sys.exit(0)
            standstill.begin(until=now, held_for=HeldFor.MAINTENANCE, now=now)
            self.stdout.write("The engine takes up again within seconds; where none runs, when it starts.")
            sys.exit(0)
        try:
            standstill.begin(until=now + _length(length), held_for=HeldFor.MAINTENANCE, now=now)
        except standstill.NothingToHold as error:
            raise CommandError("Nobody has set this desk up yet; there is nothing to hold.") from error


def _length(word: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", word)
    length = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < length <= standstill.LONGEST:
        raise CommandError(f"{word} is not a length such as 20m or 2h, at most 24h; nor is it “off”.", returncode=2)
    return length
