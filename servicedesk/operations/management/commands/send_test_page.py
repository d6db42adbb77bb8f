from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import reach, trial
from notifications.models import Message
from notifications.states import TOLD, MessageState
from servicedesk import clock
from servicedesk.directory.models import User


class Command(BaseCommand):
    help = "Send a person a test page by every method of their urgent ladder that is due at once; show the later ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="user name or e-mail address")

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        person = User.objects.get_queryset().by_login(user).first()
        if person is None:
            raise CommandError(f"Nobody is called {user}.")
        now = clock.now()
        _errand, messages = trial.page(person, now=now)
        for message in messages:
            self.stdout.write(self.line(message))
        if not any(message.state in TOLD for message in messages):
            raise CommandError(f"{person} was not reached. {reach.why_not(person, 'urgent')}".strip())

    def line(self, message: Message) -> str:
        way = f"{message.get_channel_display()} to {message.to}"
        if message.state == MessageState.PLANNED:
            return f"{way}: would follow after {(message.due_at - message.created_at).seconds} s"
        return f"{way}: {message.get_state_display()} {message.reason}".rstrip()
