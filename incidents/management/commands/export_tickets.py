from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents import exports
from servicedesk import clock
from servicedesk.directory import zones
from servicedesk.directory.models import User
from servicedesk.jobs import running, sheets
from servicedesk.jobs.models import JobState

FIRST = "1980-01-01"


class Command(BaseCommand):
    help = "Write tickets as CSV to standard output: those the named person may see, and no cell that a spreadsheet would run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as", dest="person", required=True, help="The user name of somebody of the desk.")
        parser.add_argument(
            "--from", dest="first", default=FIRST, type=date.fromisoformat, help="First day of creation, such as 2026-11-23."
        )
        parser.add_argument("--to", dest="last", default=None, type=date.fromisoformat, help="Last day (default: today).")
        parser.add_argument("--only-open", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        person, now = User.objects.filter(username=options["person"]).first(), clock.now()
        if person is None or not person.is_desk_staff:
            raise CommandError(f"{options['person']} is nobody of the desk.")
        last = options["last"] or zones.local(now, person).date()
        job = exports.ask(person, first=options["first"], last=last, only_open=options["only_open"], now=now)
        while running.run(job.pk, now=clock.now(), slice_s=60.0):
            job.refresh_from_db()
        if job.state != JobState.DONE:
            raise CommandError(f"The tickets could not be written: {job.message or job.get_state_display()}")
        self.stdout.write(sheets.BOM, ending="")
        for part in job.parts.order_by("number").iterator():
            self.stdout.write(part.text, ending="")
