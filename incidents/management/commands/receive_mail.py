from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from incidents.mail import posting
from servicedesk import clock

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a mail server that pipes to us keeps the mail and tries again


class Command(BaseCommand):
    help = "Take the mail on standard input. Exit 0: it is kept; 75: it is not, deliver it again later."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("recipients", nargs="*", help="Whom the envelope names, where the mail server tells it.")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read()
        try:
            row = posting.receive(raw, door="pipe", now=clock.now(), recipients=options["recipients"])
        except (OSError, DatabaseError) as error:
            self.stderr.write(f"The mail is not kept, deliver it again: {error}")
            sys.exit(TRY_AGAIN)
        said = ". ".join(part for part in (row.get_state_display(), row.get_why_display(), row.words) if part)
        self.stdout.write(f"Mail {row.pk}: {said}")
