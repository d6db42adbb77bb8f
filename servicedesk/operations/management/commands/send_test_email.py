from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import trial
from notifications.models import Channel
from notifications.states import TOLD
from servicedesk import clock


class Command(BaseCommand):
    help = "Send a test letter to an address and say whether the mail server took it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        message = trial.send(Channel.EMAIL, address, now=clock.now())
        if message.state not in TOLD:
            raise CommandError(f"{message.get_state_display()}: {message.reason}")
        self.stdout.write(f"The mail server took the letter to {address}.")
