"""`doctor`: every setting, connection and permission looked at. Exit 0: pages go out; 1: something would stop one."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from servicedesk import clock
from servicedesk.operations import examination


class Command(BaseCommand):
    help = "Look at everything a page needs, and say what to do."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examination.examine(now=clock.now()))
        for found in findings:
            mark = "ok  " if found.is_fine else "STOP" if found.stops_pages else "look"
            self.stdout.write(f"{mark}  {found.part}: {found.words}")
        if any(found.stops_pages for found in findings):
            self.stdout.write("Something above would stop a page.")
            sys.exit(1)
        self.stdout.write("Pages go out.")
