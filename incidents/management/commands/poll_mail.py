from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.mail import mailbox
from servicedesk import clock


class Command(BaseCommand):
    help = "Read the mailbox of MAIL_IN_URL now, to its end. The engine does the same every 20 seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        said = "On the first run also take what is in the mailbox already: filed in silence, nobody is told."
        parser.add_argument("--from-beginning", action="store_true", help=said)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MAIL_IN:
            raise CommandError("MAIL_IN_URL is not set. Use imaps://user:password@host/INBOX.")
        taken = 0
        try:
            while more := mailbox.read(now=clock.now(), from_beginning=options["from_beginning"]):
                taken += more
        except mailbox.MailboxFailed as error:
            raise CommandError(f"{settings.MAIL_IN['name']} cannot be read: {error}") from error
        self.stdout.write(f"{taken} mails taken from {settings.MAIL_IN['name']}")
