from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from servicedesk.directory.models import Organisation
from servicedesk.operations import start, statics


class Command(BaseCommand):
    requires_system_checks = ["desk"]  # what a setting may get wrong; the rest is the code's own and checked before it is shipped
    help = "Start everything: database brought up to date, broker, web, engine and worker under one supervisor."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Lay the demo company into an empty database first.")
        parser.add_argument("--broker", default="", help="The broker's binary (default: one on PATH, else the bundled one).")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            start.take_lock(settings.DATA_DIR)
            start.check_port(settings.BIND, settings.PORT)
            made = start.plan(f"Servicedesk answers at {settings.SITE_URL}", options["broker"])
        except start.CannotStart as error:
            raise CommandError(str(error)) from error
        self.migrate()
        if options["demo"]:
            call_command("demo")
        if Organisation.current() is None:
            made["say"] += f"\nNobody is here yet. Begin at {settings.SITE_URL}{reverse('setup')}"
        statics.gather()
        connection.close()
        start.become_supervisor(made)

    def migrate(self) -> None:
        """Only when something is to be done: a start without it is a second faster."""
        executor = MigrationExecutor(connection)
        steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if steps:
            self.stdout.write(f"Bringing the database up to date ({len(steps)} migrations).")
            call_command("migrate", interactive=False, verbosity=0)
