"""`restore FILE`: this desk becomes the one of a backup, compared by counts and hashes, and stands on hold. Exit 1: it does not agree."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import clock
from servicedesk.operations import archive, backups, dumping, start
from servicedesk.operations.backups import Restored


class Command(BaseCommand):
    help = "Put a backup in this desk's place. Nothing that was due in it is sent; the desk stands on hold until `hold off`."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--verify", action="store_true", help="also list every table that was compared (they always are)")
        parser.add_argument("--replace", action="store_true", help="although this desk is not empty; what is in it is gone then")
        parser.add_argument("--scratch", action="store_true", help="restore into a scratch database, compare and drop it: a rehearsal")

    def handle(self, *args: Any, file: Path, verify: bool, replace: bool, scratch: bool, **options: Any) -> None:
        began = time.monotonic()
        try:
            restored = self._restore(file, replace=replace, scratch=scratch)
        except (backups.Refused, archive.Busy, archive.NotWhole, dumping.CannotDump, start.CannotStart) as error:
            raise CommandError(f"{file} was not restored. {error}") from error
        except OSError as error:
            raise CommandError(f"{file} was not restored: {error.strerror or error}.") from error
        if verify:
            for name, table in restored.manifest.tables.items():
                self.stdout.write(f"{name}: {table.rows} rows, {table.digest}")
        self._tell(restored, scratch=scratch, took_s=time.monotonic() - began)
        if restored.differences:
            sys.exit(1)

    def _restore(self, file: Path, *, replace: bool, scratch: bool) -> Restored:
        if scratch:
            return backups.try_out(file, now=clock.now())
        lock = start.take_lock(settings.DATA_DIR)
        try:
            return backups.put_back(file, replace=replace, now=clock.now())
        finally:
            os.close(lock)

    def _tell(self, restored: Restored, *, scratch: bool, took_s: float) -> None:
        made = restored.manifest
        for words in restored.differences:
            self.stdout.write(f"DIFFERS  {words}")
        agree = "counts and hashes differ, see above" if restored.differences else "counts and hashes agree"
        where = "Restored into a scratch database and dropped again" if scratch else "Restored"
        self.stdout.write(
            f"{where}: {made.organisation or 'an empty desk'}, as of {made.made_at}: {len(made.tables)} tables, {made.rows} rows, "
            f"{made.files} files in {took_s:.0f} s; {agree}."
        )
        if not scratch:
            self.stdout.write(f"{restored.not_sent} letters that were waiting in it are not sent and stand in the outbox as expired.")
            self.stdout.write("The desk is on hold. Start it, look at the open incidents, then run `manage.py hold off`.")
