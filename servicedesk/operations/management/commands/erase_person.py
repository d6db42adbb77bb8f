"""`erase_person USER`: one person's data as a file, and out of the desk. Without --yes it only says what it would do."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents import vault
from servicedesk import clock
from servicedesk.audit import holds
from servicedesk.directory.models import User
from servicedesk.operations import erasure


class Command(BaseCommand):
    help = "Give out a person's data (--export), and erase it (--yes). The person must be deactivated; a legal hold forbids it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="user name or e-mail address")
        parser.add_argument("--export", type=Path, metavar="FILE", help="write everything that is theirs to this zip file first")
        parser.add_argument("--by", metavar="USER", help="who asked for it, for the trail")
        parser.add_argument("--yes", action="store_true", help="erase; it cannot be undone")

    def handle(self, *args: Any, user: str, export: Path | None, by: str | None, yes: bool, **options: Any) -> None:
        person, actor = _person(user), _person(by) if by else None
        if export:
            self._export(person, export)
        if not yes and export:
            return
        try:
            erasure.refuse(person)
        except erasure.StillActive as error:
            raise CommandError(f"{person.username} is active. Deactivate them first (admin, People), then erase.") from error
        except holds.UnderHold as error:
            raise CommandError(f"{person.username} is not erased. {error}") from error
        if not yes:
            self.stdout.write(
                f"{person.username} would be erased, with {len(erasure.look_through(person))} tickets to look through. Add --yes."
            )
            return
        done = erasure.erase(person, actor=actor, now=clock.now())
        self.stdout.write(f"{person.username} is “{done.pseudonym}” now.")
        for what, number in done.counts.items():
            self.stdout.write(f"{what}: {number}")
        if done.look_through:
            self.stdout.write(f"Look through the free text of: {', '.join(done.look_through)}")
        self.stdout.write("Backups made before still have it; they are the older ones until they are dropped.")

    def _export(self, person: User, path: Path) -> None:
        try:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
                path.chmod(0o600)
                out.writestr("data.json", erasure.as_json(erasure.export(person)))
                for row in erasure.files_of(person):
                    out.write(vault.path_of(row.sha256), f"files/{row.pk}-{row.name}")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{path}: what the desk holds of {person.username}.")


def _person(word: str) -> User:
    found = User.objects.get_queryset().by_login(word).first()
    if found is None:
        raise CommandError(f"Nobody is called {word}.")
    return found
