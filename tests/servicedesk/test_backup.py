"""A backup is whole or is none; a restore gives back every row and file, and sends nothing of what was due in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now

from incidents import attaching, vault
from incidents.models import Attachment, Incident, Ticket
from notifications.models import Message
from servicedesk.audit import chain
from servicedesk.audit.models import LegalHold
from servicedesk.directory.models import Organisation, User
from servicedesk.operations import archive, backups, fingerprints, founding
from servicedesk.operations.fingerprints import Table
from servicedesk.operations.models import EnginePass
from servicedesk.operations.passes import PASSES
from tests.actors import NINE

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = b"the printer smokes"
DIES_S = 30.0


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[User]:
    """A founded desk with a ticket, a file and an incident whose page waits."""
    admin = founding.found(
        {"name": "Acme", "zone": "Europe/Paris"},
        {"name": "Adam", "username": "adam", "email": "adam@acme.example", "password": "correct horse 9"},
        now=NINE,
    )
    ticket = Ticket.objects.create(
        title="Smoke", what="It smokes", requester=admin, created_at=NINE, updated_at=NINE, impacted="me", effect="part"
    )
    attaching.attach(ticket, None, [vault.put("smoke.txt", [CONTENT])], actor=admin, now=NINE)
    Message.objects.create(
        thread="INC-214", key="page:1", lane="page", channel="sms", to="+33600000001", text="SEV1", person=admin, reference="A214",
        state="queued", due_at=NINE, created_at=NINE,
    )  # fmt: skip
    yield admin
    vault.path_of(Attachment.objects.get().sha256).unlink(missing_ok=True) if Attachment.objects.exists() else None


def backup(path: Path) -> str:
    said = StringIO()
    call_command("backup", str(path), stdout=said)
    return said.getvalue()


def restore(path: Path, *options: str) -> str:
    said = StringIO()
    call_command("restore", str(path), *options, stdout=said)
    return said.getvalue()


def held() -> dict[str, Table]:
    """What the database holds, without what a backup and a restore themselves write down."""
    tables = {name: columns for name, columns in fingerprints.ours().items() if name not in ("audit_auditentry", "notifications_message")}
    with transaction.atomic(), connection.cursor() as cursor:
        return fingerprints.take(cursor, connection.vendor, tables)


def altered(path: Path, name: str, content: bytes | None) -> Path:
    """The same archive with one member other than it was; None: without it."""
    other = path.with_name("altered")
    with tarfile.open(path) as old, tarfile.open(other, "w") as new:
        for member in old:
            stream = old.extractfile(member)
            if member.name == name and content is not None:
                member.size = len(content)
                new.addfile(member, archive.io.BytesIO(content))
            elif member.name != name:
                new.addfile(member, stream)
    return other


def manifest(path: Path) -> dict[str, object]:
    with tarfile.open(path) as tar:
        stream = tar.extractfile(archive.MANIFEST)
        assert stream
        return json.load(stream)


def test_everything_comes_back_and_nothing_that_was_due_is_sent(desk: User, tmp_path: Path) -> None:
    said = backup(tmp_path / "desk.tar")
    before, sha256 = held(), Attachment.objects.get().sha256
    Ticket.objects.update(title="Changed afterwards")
    User.objects.create_user("late", created_at=NINE, name="Late")
    vault.path_of(sha256).unlink()
    assert "read back and whole" in said
    told = restore(tmp_path / "desk.tar", "--replace", "--verify")
    assert "counts and hashes agree" in told
    assert "incidents_ticket: 1 rows, " in told
    assert held() == before
    assert vault.path_of(sha256).read_bytes() == CONTENT
    page = Message.objects.get(key="page:1")
    assert (page.state, page.reason) == ("expired", "Not sent: the desk was restored from a backup, and this was due before.")
    assert Organisation.objects.get().held_for == "restore"


def test_after_a_restore_the_trail_goes_on_and_verifies(desk: User, tmp_path: Path) -> None:
    chain.seal(now=NINE)
    backup(tmp_path / "desk.tar")
    restore(tmp_path / "desk.tar", "--replace")
    chain.seal(now=NINE)
    assert list(chain.faults(now=NINE)) == []
    found = backups.last(backups.RESTORED)
    assert found
    assert (found.after["file"], found.after["differences"], found.after["not_sent"]) == ("desk.tar", 0, 1)


def test_a_desk_that_is_not_empty_is_refused_without_the_flag(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    User.objects.create_user("late", created_at=NINE, name="Late")
    with pytest.raises(CommandError, match="not empty"):
        restore(tmp_path / "desk.tar")
    assert User.objects.filter(username="late").exists()
    assert Organisation.objects.get().held_since is None


def test_a_desk_whose_engine_runs_is_refused(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    EnginePass.objects.create(name="p", every_s=1, version=1, holder="here:7", lease_until=Now() + timedelta(minutes=1))
    with pytest.raises(CommandError, match=r"The engine runs \(here:7\)"):
        restore(tmp_path / "desk.tar", "--replace")


def test_a_rehearsal_changes_nothing(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    User.objects.create_user("late", created_at=NINE, name="Late")
    before = held()
    assert "dropped again" in restore(tmp_path / "desk.tar", "--scratch")
    assert held() == before
    assert backups.last(backups.TRIED)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (archive.MANIFEST, None, "cut off"),
        (archive.DATABASE, b"SQLite format 3\0 no more", "database is damaged"),
        (archive.DATABASE, None, "database is missing"),
        (archive.MANIFEST, b"{", "cannot be read"),
    ],
)
def test_a_damaged_archive_is_refused(desk: User, tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    backup(tmp_path / "desk.tar")
    with pytest.raises(CommandError, match=words):
        restore(altered(tmp_path / "desk.tar", name, content), "--replace")
    assert Organisation.objects.get().held_since is None


def test_a_truncated_archive_and_none_at_all_are_refused(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    cut = tmp_path / "cut"
    cut.write_bytes((tmp_path / "desk.tar").read_bytes()[:20_000])
    for path in (cut, tmp_path / "none"):
        with pytest.raises(CommandError, match="was not restored"):
            restore(path, "--replace")


def test_a_backup_of_a_newer_version_or_another_database_is_refused(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    said = manifest(tmp_path / "desk.tar")
    said["migrations"] += [["incidents", "9999_later"]]  # type: ignore[operator]
    with pytest.raises(CommandError, match="newer version"):
        restore(altered(tmp_path / "desk.tar", archive.MANIFEST, json.dumps(said).encode()), "--replace")
    said["vendor"] = "oracle"
    with pytest.raises(CommandError, match="made on oracle"):
        restore(altered(tmp_path / "desk.tar", archive.MANIFEST, json.dumps(said).encode()), "--replace")


def test_a_row_that_differs_is_told(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    said = manifest(tmp_path / "desk.tar")
    tables: dict[str, dict[str, object]] = said["tables"]  # type: ignore[assignment]
    tables["incidents_ticket"]["digest"], tables["directory_user"]["rows"] = "0" * 32, 7
    told = StringIO()
    with pytest.raises(SystemExit):
        call_command("restore", str(altered(tmp_path / "desk.tar", archive.MANIFEST, json.dumps(said).encode())), "--replace", stdout=told)
    assert "DIFFERS  incidents_ticket: the rows differ" in told.getvalue()
    assert "DIFFERS  directory_user: 7 rows in the backup, 1 restored" in told.getvalue()


def test_no_secret_is_in_it_and_who_was_signed_in_is_not(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    with tarfile.open(tmp_path / "desk.tar") as tar:
        stream = tar.extractfile(archive.SETTINGS)
        assert stream
        told = json.load(stream)
    assert told["TWILIO_AUTH_TOKEN"] == "set, not kept here"
    assert told["SITE_URL"] == "http://testserver"
    assert "django_session" not in manifest(tmp_path / "desk.tar")["tables"]  # type: ignore[operator]
    assert (tmp_path / "desk.tar").stat().st_mode & 0o077 == 0


def test_a_file_that_is_gone_is_told_and_the_rest_is_kept(desk: User, tmp_path: Path) -> None:
    vault.path_of(Attachment.objects.get().sha256).unlink()
    told = StringIO()
    with pytest.raises(SystemExit):
        call_command("backup", str(tmp_path / "desk.tar"), stdout=told)
    assert "1 files that tickets name are not on the disk" in told.getvalue()
    assert archive.check(tmp_path / "desk.tar").rows


def test_a_database_that_is_not_migrated_yet_is_backed_up_as_it_is(desk: User, tmp_path: Path) -> None:
    MigrationRecorder(connection).record_unapplied("audit", "0002_legal_hold")
    LegalHold.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_legalhold RENAME TO away")
    try:
        backup(tmp_path / "desk.tar")
        assert "audit_legalhold" not in manifest(tmp_path / "desk.tar")["tables"]  # type: ignore[operator]
        assert backups.last(backups.MADE) is None  # the trail of a newer version may not be there either
    finally:
        MigrationRecorder(connection).record_applied("audit", "0002_legal_hold")
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO audit_legalhold")


def test_a_database_in_which_others_live_is_left_alone(desk: User, tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("an SQLite file is the desk's alone")
    backup(tmp_path / "desk.tar")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE payroll (id int)")
    try:
        with pytest.raises(CommandError, match="tables that are not the desk's: payroll"):
            restore(tmp_path / "desk.tar", "--replace")
        assert User.objects.filter(pk=desk.pk).exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE payroll")


def test_a_backup_where_none_can_be_written_says_so(desk: User) -> None:
    with pytest.raises(CommandError, match="No backup was made"):
        call_command("backup", "/proc/desk.tar")


# Killed in the middle


def started(*command: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own, on this test's database and folder."""
    said = connection.settings_dict
    url = f"sqlite:///{said['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{said['USER']}:{said['PASSWORD']}@{said['HOST']}:{said['PORT'] or 5432}/{said['NAME']}"
    environ = {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(settings.DATA_DIR), "DJANGO_SETTINGS_MODULE": "servicedesk.settings"}
    connection.close()
    return subprocess.Popen(
        [sys.executable, "manage.py", *command], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def killed_at(sight: Path, process: subprocess.Popen[bytes], after_s: float) -> None:
    """Kill the process and all it started, so long after it laid that file down."""
    end = time.monotonic() + DIES_S
    while not sight.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_backup_killed_in_the_middle_leaves_the_one_before(desk: User, tmp_path: Path) -> None:
    target = tmp_path / "desk.tar"
    backup(target)
    before = target.read_bytes()
    part = tmp_path / ".desk.tar.part"
    killed_at(part, started("backup", str(target)), 0.0)
    assert target.read_bytes() == before
    assert part.exists()
    backup(target)
    assert not part.exists()
    assert archive.check(target).rows


def test_a_restore_killed_in_the_middle_leaves_the_desk_as_it_was_or_held(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    User.objects.create_user("late", created_at=NINE, name="Late")
    before = held()
    near = Path(connection.settings_dict["NAME"]).parent if connection.vendor == "sqlite" else Path(settings.DATA_DIR)
    killed_at(near / ".restore.part" / "database", started("restore", str(tmp_path / "desk.tar"), "--replace"), 0.005)
    is_held = Organisation.objects.get().held_since is not None
    assert is_held or held() == before
    assert is_held != User.objects.filter(username="late").exists()
    restore(tmp_path / "desk.tar", "--replace")
    assert not User.objects.filter(username="late").exists()


def test_a_backup_taken_while_people_work_agrees_with_itself(desk: User, tmp_path: Path) -> None:
    process = started("backup", str(tmp_path / "desk.tar"))
    number = 0
    while process.poll() is None:
        number += 1
        User.objects.create_user(f"new{number}", created_at=NINE, name="New")
    assert number
    made = archive.check(tmp_path / "desk.tar")
    assert "counts and hashes agree" in restore(tmp_path / "desk.tar", "--scratch")
    assert 1 <= made.tables["directory_user"].rows <= number + 1


def test_ending_the_hold_after_a_restore_pages_nobody_of_the_backup(desk: User, tmp_path: Path) -> None:
    backup(tmp_path / "desk.tar")
    restore(tmp_path / "desk.tar", "--replace")
    with pytest.raises(SystemExit):
        call_command("hold", "off", stdout=StringIO())
    hold_end = next(one for one in PASSES if one.name == "end a hold")
    hold_end.do(Organisation.objects.get().held_until)  # type: ignore[arg-type]
    assert Organisation.objects.get().held_since is None
    assert not Message.objects.filter(lane="page").exclude(state="expired").exists()
    assert not Incident.objects.exists()
