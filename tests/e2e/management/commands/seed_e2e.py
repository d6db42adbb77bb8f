from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from servicedesk.operations.worlds import company
from tests.e2e import pristine, seeding


class Command(BaseCommand):
    help = "Lay the acceptance world into a new database under DATA_DIR, keep a copy for resets, and print its passwords and tokens."

    def handle(self, *args: Any, **options: Any) -> None:
        connection.close()
        database = Path(settings.DATABASES["default"]["NAME"])
        database.parent.mkdir(parents=True, exist_ok=True)
        for leftover in database.parent.glob(f"{database.name}*"):
            leftover.unlink()
        call_command("migrate", interactive=False, verbosity=0)
        seeded = seeding.seed()
        pristine.keep()
        people = ", ".join(actor.username for actor in company.ACTORS)
        self.stdout.write(f"Acceptance world at {settings.SITE_URL}, Monday 23 November 2026, 09:00 in Paris")
        self.stdout.write(f"People: {people}; the password of each is: {company.PASSWORD}")
        self.stdout.write(f"Token for results: {seeded.results_token}")
        self.stdout.write(f"Token for the API, of a program of Adam's: {seeded.admin_token}")
        self.stdout.write(f"Heartbeat: {settings.SITE_URL}/ping/{seeding.HEARTBEAT}")
        self.stdout.write(f"TWILIO_AUTH_TOKEN={settings.TWILIO_AUTH_TOKEN}")
