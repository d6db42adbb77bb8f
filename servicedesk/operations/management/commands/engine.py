from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from servicedesk.operations.engine import Engine


class Command(BaseCommand):
    help = "Run what is due, second by second, until stopped. Two of them do no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        beat = os.environ.get("HEARTBEAT_FILE")
        engine = Engine(heartbeat=Path(beat) if beat else None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: engine.stop.set())
        engine.run()
