"""`verify_audit`: walk the audit trail's hash chain. Exit 0: whole; 1: a fault was found, and where."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand

from servicedesk import clock
from servicedesk.audit import chain
from servicedesk.audit.models import AuditEntry

MOST_SHOWN = 20


class Command(BaseCommand):
    help = "Check that no row of the audit trail was changed, removed or slipped in."

    def handle(self, *args: Any, **options: Any) -> None:
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
