from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import clock
from servicedesk.tokens import issuing, scopes


class Command(BaseCommand):
    help = "Make a token of the API and print it, alone; it is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what will use it; the name of the service account it acts as")
        parser.add_argument("--scope", action="append", required=True, metavar="SCOPE", help=f"one or more of {', '.join(scopes.SCOPES)}")
        parser.add_argument("--days", type=int, help="how long it is valid (default: until it is revoked)")

    def handle(self, *args: Any, name: str, scope: list[str], days: int | None, **options: Any) -> None:
        now = clock.now()
        if days is not None and not 0 < days <= 3660:
            raise CommandError("--days is a number from 1 to 3660.", returncode=2)
        expires_at = now + timedelta(days=days) if days else None
        try:
            issued = issuing.mint(name=name, scopes=scope, expires_at=expires_at, now=now)
        except scopes.UnknownScope as error:
            raise CommandError(str(error), returncode=2) from error
        except issuing.NameNeeded as error:
            raise CommandError("Give the token a name of letters or digits: what will use it.", returncode=2) from error
        self.stdout.write(issued.secret)
