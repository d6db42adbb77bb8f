"""`verify_audit`: walk the audit trail's hash chain. Exit 0: whole; 1: a fault was found, and where."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import clock
from servicedesk.audit import chain, outward
from servicedesk.audit.models import AuditEntry

MOST_SHOWN = 20


class Command(BaseCommand):
    help = "Check that no row of the audit trail was changed, removed or slipped in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="lines that export_audit wrote, instead of the desk's own trail")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        if file is not None:
            return self._file(file)
        found = list(islice(chain.faults(now=clock.now()), MOST_SHOWN))
        for fault in found:
            self.stdout.write(f"{fault.sequence or '-'}: {fault.words}")
        if found:
            self.stdout.write(
                f"The trail is broken; the first {len(found)} faults are above." if len(found) == MOST_SHOWN else "The trail is broken."
            )
            sys.exit(1)
        last = AuditEntry.objects.exclude(sequence=None).order_by("-sequence").first()
        sealed = f"{last.sequence} rows, last seal {last.digest}" if last else "no sealed row yet"
        self.stdout.write(f"The trail is whole: {sealed}.")
        return None

    def _file(self, file: Path) -> None:
        try:
            with file.open(encoding="utf-8") as given:
                self.stdout.write(f"The file is whole: {outward.verify(given)} rows.")
        except outward.Broken as error:
            self.stdout.write(f"The file is broken. {error}")
            sys.exit(1)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{file} cannot be read as a trail: {error}") from error
