"""`prune`: drop what is older than its category is kept; what was dropped of each."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from servicedesk import clock
from servicedesk.audit import holds
from servicedesk.operations import retention


class Command(BaseCommand):
    help = "Drop what is older than it is kept. The engine does the same each hour."

    def handle(self, *args: Any, **options: Any) -> None:
        if hold := holds.held(prefix="INC-"):
            self.stdout.write(f"Legal hold {hold.pk} ({hold.subject}): nothing is dropped.")
        kept = retention.days_kept()
        for name, gone in retention.pruned(now=clock.now()).items():
            self.stdout.write(f"{name}: kept {kept[name]} days, dropped {gone}")
