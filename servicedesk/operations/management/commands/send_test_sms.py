from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import trial
from notifications.models import Channel
from notifications.states import TOLD
from servicedesk import clock


class Command(BaseCommand):
    help = "Send a test text message to a number (+33612345678) and say whether the provider took it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number")

    def handle(self, *args: Any, number: str, **options: Any) -> None:
        message = trial.send(Channel.SMS, number, now=clock.now())
        if message.state not in TOLD:
            raise CommandError(f"{message.get_state_display()}: {message.reason}")
        self.stdout.write(f"The provider took the message to {number}: {message.provider_id}. Its receipt will stand in the outbox.")
