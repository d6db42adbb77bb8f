"""Put tickets and words that are not found yet into the search index; safe to repeat, also while the desk works."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from incidents import finding
from servicedesk import clock


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"indexed={finding.reindex(now=clock.now())}")
