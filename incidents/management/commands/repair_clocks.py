"""Hold every stored due time against the ticket's history. `--check` only tells; exit code 1: something differs, or was put right."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from incidents import repairing
from servicedesk import clock

SHOWN = 20


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        now, looked, found, late = clock.now(), 0, 0, 0
        for number, differing in repairing.differences(now=now):
            looked += number
            for one in differing:
                found += 1
                if found <= SHOWN:
                    self.stdout.write(f"T-{one.ticket.pk} {one.column}: stored {one.stored}, by its history {one.right}")
                late += 0 if check else repairing.repair(one, now=now)
        self.stdout.write(f"tickets={looked} differences={found} turned_late={late} (listed, nobody is paged for them)")
        if found:
            sys.exit(1)
