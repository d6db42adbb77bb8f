"""`export_audit FILE`: the sealed trail as lines of JSON; `verify_audit FILE` checks them anywhere. The export itself is on the trail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import clock
from servicedesk.audit import outward, trail
from servicedesk.directory.models import Organisation


class Command(BaseCommand):
    help = "Write the audit trail to a file, one row a line, in the order of its chain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="from this day on (UTC)")
        parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="before this day (UTC)")

    def handle(self, *args: Any, file: Path, since: datetime | None, until: datetime | None, **options: Any) -> None:
        rows = -1
        try:
            with file.open("w", encoding="utf-8") as out:
                file.chmod(0o600)
                for line in outward.lines(since=since, until=until):
                    out.write(line + "\n")
                    rows += 1
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        rows = max(rows, 0)
        if (organisation := Organisation.current()) is not None:
            trail.record(organisation, "export audit", actor=None, now=clock.now(), after={"file": file.name, "rows": rows})
        self.stdout.write(f"{file}: {rows} rows.")


def _day(word: str) -> datetime:
    return datetime.strptime(word, "%Y-%m-%d").replace(tzinfo=UTC)
