from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.mail import listening
from servicedesk import clock


class Command(BaseCommand):
    help = "Take mail by SMTP or LMTP at MAIL_LISTEN until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--heartbeat", type=Path, help="A file that is touched every two seconds, for whoever watches.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MAIL_LISTEN:
            raise CommandError("MAIL_LISTEN is not set. Use smtp://127.0.0.1:2525 or lmtp://127.0.0.1:2424.")
        self.stdout.write("Taking mail at {kind}://{host}:{port}".format(**settings.MAIL_LISTEN))
        with suppress(KeyboardInterrupt):
            asyncio.run(listening.Listener(clock.now, options["heartbeat"]).serve())
