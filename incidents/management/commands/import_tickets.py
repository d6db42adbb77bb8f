from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.imports import work
from incidents.imports.mapping import BadMap
from incidents.imports.reading import CannotRead
from servicedesk import clock
from servicedesk.directory.models import Role, User
from servicedesk.jobs import sheets

SHOWN = 20


class Command(BaseCommand):
    help = "Bring in tickets of another desk, in silence. The same file again updates; nobody is told. Exit 1: rows were refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--map", required=True, help=f"A map's file, or one of: {', '.join(work.shipped())}.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done; write nothing.")
        parser.add_argument("--as", dest="person", default="", help="Whose name stands on the audit trail (default: an administrator).")
        parser.add_argument("--rejects", default="", help="Write the refused rows to this CSV file, each with the reason.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            by, content = work.map_called(options["map"]), Path(options["file"]).read_bytes()
            every = work.told(content, by)
        except (BadMap, CannotRead) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}", returncode=2) from error
        if options["dry_run"]:
            refused = [(one, " ".join(dict.fromkeys(map(work.words, one.faults)))) for one in every if one.faults]
            self.stdout.write(f"{len(every)} tickets, {len(refused)} of them would be refused. Nothing was written.")
        else:
            tally, refused = work.write_all(content, by, actor=self.person(options["person"]), now=clock.now())
            self.stdout.write(work.said(tally))
        self.tell(refused, options["rejects"])

    def person(self, username: str) -> User:
        found = User.objects.filter(username=username) if username else User.objects.get_queryset().holding(Role.ADMIN).order_by("pk")
        person = found.first()
        if person is None:
            raise CommandError(f"There is nobody called {username}." if username else "There is no administrator; name somebody with --as.")
        return person

    def tell(self, refused: list[tuple[work.Told, str]], rejects: str) -> None:
        for one, why in refused[:SHOWN]:
            self.stderr.write(f"{one.key or '(no number)'}: {why}")
        if rejects and refused:
            head = list(refused[0][0].rows[0])
            Path(rejects).write_text(sheets.BOM + sheets.lines([[*head, "Why"], *work.lines(refused, head)]), newline="")
        if refused:
            raise SystemExit(1)
