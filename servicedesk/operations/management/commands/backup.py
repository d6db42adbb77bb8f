"""`backup FILE`: the whole desk in one file, read back before it has its name. Exit 1: it was not made, or a file is missing in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import clock
from servicedesk.operations import archive, backups, dumping


class Command(BaseCommand):
    help = "Write database, files and settings (no secrets) to one file, with counts and hashes. The desk may go on working."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="where to; a former one of that name is replaced when the new one is whole")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            made = backups.make(file.absolute(), now=clock.now())
        except (archive.Busy, archive.NotWhole, dumping.CannotDump) as error:
            raise CommandError(f"No backup was made. {error}") from error
        except OSError as error:
            raise CommandError(f"No backup was made: {error.strerror or error}. Is there room in {file.absolute().parent}?") from error
        size = file.stat().st_size / 2**20
        self.stdout.write(f"{file}: {len(made.tables)} tables, {made.rows} rows, {made.files} files, {size:.1f} MiB; read back and whole.")
        self.stdout.write("Keep SECRET_KEY and FIELD_KEYS elsewhere: they are not in it, and what is sealed needs them.")
        if made.missing:
            self.stdout.write(f"{len(made.missing)} files that tickets name are not on the disk, the first {made.missing[0]}.")
            sys.exit(1)
