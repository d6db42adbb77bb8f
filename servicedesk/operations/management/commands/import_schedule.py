"""`import_schedule SCHEDULE FILE [--dry-run]`: turns of another pager or calendar. Exit 1: something was left out; 2: usage."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from servicedesk import clock
from servicedesk.directory.models import Role, User
from servicedesk.oncall import bringing
from servicedesk.oncall.foreign import CannotRead
from servicedesk.oncall.models import Schedule


class Command(BaseCommand):
    help = "Bring the turns of an iCal, Grafana OnCall or Opsgenie file into a schedule. The same file again makes nothing twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schedule", help="its short name")
        parser.add_argument("file")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done; write nothing.")
        parser.add_argument("--as", dest="person", default="", help="Whose name stands on the audit trail (default: an administrator).")

    def handle(self, *args: Any, **options: Any) -> None:
        schedule = Schedule.objects.filter(slug=options["schedule"]).first()
        if schedule is None:
            raise CommandError(f"There is no schedule {options['schedule']}.", returncode=2)
        now = clock.now()
        try:
            arrival = bringing.read(schedule, Path(options["file"]).read_bytes(), now=now)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}", returncode=2) from error
        except CannotRead as error:
            raise CommandError(str(error), returncode=2) from error
        for draft in arrival.drafts.values():
            self.stdout.write(f"Turns of {', '.join(map(str, draft.people))} from {draft.first_hand_off:%Y-%m-%d %H:%M}.")
        self.stdout.write(f"{len(arrival.added)} stretches of duty; {arrival.known + arrival.stand} things stand here already.")
        if options["dry_run"]:
            self.stdout.write("Nothing was written.")
        else:
            self.stdout.write(f"{bringing.bring(schedule, arrival, by=self.person(options['person']), now=now)} brought in.")
        for words in arrival.warnings:
            self.stderr.write(words)
        if arrival.warnings:
            sys.exit(1)

    def person(self, username: str) -> User:
        named = User.objects.filter(username=username) if username else User.objects.get_queryset().holding(Role.ADMIN).order_by("pk")
        found = named.first()
        if found is None:
            raise CommandError(f"There is nobody called {username}." if username else "Name somebody with --as.", returncode=2)
        return found
