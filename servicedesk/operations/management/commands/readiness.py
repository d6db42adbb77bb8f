"""`readiness`: whether somebody would come in the next days. Exit 1 when something is missing."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents import readiness
from servicedesk import clock

MOST_DAYS = 366


class Command(BaseCommand):
    help = "Say which hours of the next days reach nobody, who cannot be woken, and which last resort would not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=14)
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days is a number from 1 to {MOST_DAYS}.")
        report = readiness.report(now=clock.now(), days=options["days"])
        sentences = [
            *(["Ready: somebody would come at every moment."] if report.is_ready else []),
            *(gap.text for gap in report.gaps),
            *(text for _person, _problem, text in report.everybody),
            *report.last_resort,
        ]
        self.stdout.write(json.dumps(report.as_json(), indent=2) if options["json"] else "\n".join(sentences))
        if not report.is_ready:
            sys.exit(1)
