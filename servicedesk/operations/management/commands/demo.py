from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from servicedesk import clock, doorbell
from servicedesk.directory.models import Organisation
from servicedesk.operations.worlds import company, demo


class Command(BaseCommand):
    help = "Lay the demo company into an empty database and print who can sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        here = Organisation.current()
        if here is None:
            with doorbell.held():
                demo.found(now=clock.now())
        elif here.name != company.NAME:
            self.stdout.write(f"{here.name} is in this database; the demo company was not laid beside it.")
            return
        people = ", ".join(actor.username for actor in company.ACTORS)
        self.stdout.write(f"Demo company {company.NAME}. Sign in as {people}; the password of each is: {company.PASSWORD}")
