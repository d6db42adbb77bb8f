"""Making a backup, and putting one back: the database, the files, what the desk was set up with (no secrets), and a manifest.

A desk that was restored stands on hold, and what was due in the backup is not sent (servicedesk.operations.standstill).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Now

from incidents import attaching, vault
from notifications import stale
from servicedesk import env
from servicedesk.audit import trail
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Organisation
from servicedesk.environment import env as given
from servicedesk.operations import archive, dumping, fingerprints, standstill
from servicedesk.operations.archive import DATABASE, FILES, Manifest
from servicedesk.operations.models import EnginePass

MADE, TRIED, RESTORED = "backup", "try restore", "restore"  # verbs of the trail
# what may be told of the settings: the others are addresses with passwords, keys and tokens
TOLD = frozenset(
    {
        "ALLOWED_HOSTS", "APPRISE_SCHEMAS",
        "BIND", "CSRF_TRUSTED_ORIGINS", "DATA_DIR", "DEBUG", "DEFAULT_FROM_EMAIL", "LOG_FORMAT", "MAIL_AUTHORITY",
        "OIDC_GROUPS", "OIDC_GROUPS_CLAIM", "OIDC_ISSUER", "OIDC_NAME", "PORT", "PROBE_ALLOW", "PROBE_PLUGIN_DIR", "SITE_URL",
        "SQLITE_SYNC", "STATIC_ROOT", "SUPPORT_ADDRESS", "TIME_ZONE", "TRUSTED_PROXIES", "WEBHOOK_ALLOW", "WEB_CONCURRENCY",
    }
)  # fmt: skip
PIECE = 2**20


class Refused(Exception):
    """A backup is not put back here; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`differences` in words; empty when every count and digest is equal."""

    manifest: Manifest
    differences: list[str]
    not_sent: int = 0


def make(target: Path, *, now: datetime) -> Manifest:
    """Write the whole desk to `target` and read it back. Raises archive.Busy, archive.NotWhole, dumping.CannotDump, OSError."""
    with archive.place(target) as folder:
        tables = dumping.dump(folder / "database", fingerprints.there())
        manifest = Manifest(now.isoformat(), connection.vendor, _name(), sorted(map(list, _applied())), tables)
        known = attaching.named()
        manifest.missing = sorted(one for one in known if not vault.has(one))
        archive.write(folder / "archive", manifest, folder / "database", told(), {one: vault.path_of(one) for one in vault.names()})
        archive.check(folder / "archive")
        archive.move(folder / "archive", target)
    _note(MADE, manifest, target, now=now)
    return manifest


def told() -> dict[str, str]:
    """The settings of this process; of a secret only that it is set."""
    names = {name.removesuffix("_FILE"): name for name in sorted(given.environ) if env.known(name) and name not in env.INTERNAL}
    return {bare: given.environ[name] if bare in TOLD and bare == name else "set, not kept here" for bare, name in names.items()}


def put_back(source: Path, *, replace: bool, now: datetime) -> Restored:
    """Make this desk the one of the backup, on hold. Raises Refused, archive.NotWhole, dumping.CannotDump."""
    manifest = archive.check(source)
    _refuse(manifest, replace=replace)
    with _unpacked(source, keep_files=True) as dumped:
        keep_as = f"before-{now:%Y%m%dT%H%M%S}"
        found = dumping.restore(dumped, _columns(manifest), keep_as=keep_as if replace else "")
    differences = [*fingerprints.differences(manifest.tables, found), *_missing(manifest)]
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        not_sent = stale.expire(now=now, reason=standstill.not_sent())
        _note(RESTORED, manifest, source, now=now, differences=len(differences), not_sent=not_sent)
    return Restored(manifest, differences, not_sent)


def try_out(source: Path, *, now: datetime) -> Restored:
    """Restore into a scratch database and compare; nothing here changes but the trail. Raises as `put_back` does."""
    manifest = archive.check(source)
    _refuse_foreign(manifest)
    with _unpacked(source, keep_files=False) as dumped:
        found = dumping.try_out(dumped, _columns(manifest))
    differences = fingerprints.differences(manifest.tables, found)
    _note(TRIED, manifest, source, now=now, differences=len(differences))
    return Restored(manifest, differences)


def last(*verbs: str) -> AuditEntry | None:
    """The newest of these deeds on the trail."""
    return AuditEntry.objects.filter(noun=Organisation._meta.label_lower, object_id="1", verb__in=verbs).order_by("-id").first()


def _name() -> str:
    return str(Organisation.objects.filter(pk=1).values_list("name", flat=True).first() or "")


def _note(verb: str, manifest: Manifest, path: Path, *, now: datetime, **said: object) -> None:
    """On the trail, where the database is one of this version."""
    loader = MigrationLoader(connection)
    if set(loader.disk_migrations) - set(loader.applied_migrations):
        return
    organisation = Organisation.objects.filter(pk=1).first()
    if organisation is not None:
        after = {"file": path.name, "made_at": manifest.made_at, "rows": manifest.rows, "files": manifest.files, **said}
        trail.record(organisation, verb, actor=None, now=now, after=after)


def _applied() -> set[tuple[str, str]]:
    return set(MigrationLoader(connection).applied_migrations)


def _refuse(manifest: Manifest, *, replace: bool) -> None:
    _refuse_foreign(manifest)
    if not dumping.is_empty():
        if not replace:
            raise Refused("This desk is not empty. --replace puts the backup in its place; what is in it now is gone then.")
        if holder := EnginePass.objects.filter(lease_until__gt=Now()).values_list("holder", flat=True).first():
            raise Refused(f"The engine runs ({holder}). Stop the desk first, every process of it.")


def _refuse_foreign(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        raise Refused(f"It was made on {manifest.vendor}, and DATABASE_URL is {connection.vendor}. Restore it to a database of its kind.")
    newer = {tuple(one) for one in manifest.migrations} - set(MigrationLoader(connection).disk_migrations)
    if newer:
        names = ", ".join(".".join(one) for one in sorted(newer)[:3])
        raise Refused(f"It was made by a newer version ({names}). Install that version, then restore.")


def _columns(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    return {name: table.columns for name, table in manifest.tables.items()}


@contextmanager
def _unpacked(source: Path, *, keep_files: bool) -> Iterator[Path]:
    """The dump as a file where the database can take it from; the files, where wanted, on the disk before any row speaks of them."""
    with archive.place(dumping.beside() / "restore") as folder:
        dumped = folder / DATABASE

        def put(name: str, stream: IO[bytes]) -> None:
            pieces = iter(lambda: stream.read(PIECE), b"")
            if name == DATABASE:
                with dumped.open("wb") as file:
                    file.writelines(pieces)
            elif name.startswith(FILES) and keep_files:
                vault.put(name, pieces)

        archive.extract(source, put)
        yield dumped


def _missing(manifest: Manifest) -> list[str]:
    """Files that were in the archive and are not on the disk."""
    names = (name.removeprefix(FILES) for name in manifest.members if name.startswith(FILES))
    return [f"file {name} is not there" for name in names if not vault.has(name)]
