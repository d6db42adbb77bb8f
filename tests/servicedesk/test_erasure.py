"""A person erased: nowhere named, the trail whole, figures as before; and what they get of their data before that."""

from __future__ import annotations

import json
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from incidents import attaching, conversation, vault
from incidents.models import Attachment, Entry, Ticket
from notifications.models import ContactMethod, Message
from servicedesk.audit import chain, trail
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import User
from servicedesk.operations import erasure, fingerprints
from servicedesk.operations.scrubbing import FROZEN, Names
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.test_incidents import ticket

MAIL = "ella.fisher@acme.example"
NAMES = Names("ella", "Ella Fisher", frozenset({MAIL, "+33612345678", "12"}), "Erased person 1")


@pytest.fixture
def gone(acme: Company) -> User:
    """Ella Fisher has left; she wrote, was written to, sent a file, and stands on the trail."""
    ella = acme.people["ella"]
    User.objects.filter(pk=ella.pk).update(name="Ella Fisher", email=MAIL, phone="+33612345678", is_active=False)
    ella.refresh_from_db()
    asked = ticket(acme)
    Ticket.objects.filter(pk=asked.pk).update(what=f"Write to {MAIL.upper()} or call +33612345678, says ella fisher", requester=ella)
    attaching.attach(asked, None, [vault.put("cv.txt", [b"Ella's own"])], actor=ella, now=NINE)
    conversation.note(asked, author=acme.people["ana"], text="Ella Fisher called", now=NINE)
    trail.record(ella, "change", actor=acme.people["adam"], now=NINE, before={"email": MAIL}, after={"names": ["ella", "Eve"]})
    trail.record(asked, "close", actor=ella, now=NINE)
    Message.objects.create(
        thread="T-1001",
        key="k",
        channel="email",
        to=MAIL,
        text="Dear Ella",
        person=ella,
        reference="",
        due_at=NINE,
        created_at=NINE,
        state="sent",
    )
    chain.seal(now=NINE)
    return ella


def everywhere() -> str:
    """Every row of every table the erasure may touch, as one text."""
    said = []
    with connection.cursor() as cursor:
        for table in fingerprints.ours():
            cursor.execute(f'SELECT * FROM "{table}"')
            said += [repr(row) for row in cursor.fetchall()]
    return "\n".join(said).lower()


def test_nobody_is_named_any_more_and_figures_stay(acme: Company, gone: User) -> None:
    tickets = Ticket.objects.count(), Entry.objects.count()
    done = erasure.erase(gone, actor=acme.people["adam"], now=NINE)
    left = everywhere()
    for word in (MAIL, "ella fisher", "+33612345678", "dear ella"):
        assert word not in left
    assert (Ticket.objects.count(), Entry.objects.count()) == tickets
    assert done.look_through == [Ticket.objects.get().number]
    assert User.objects.get(pk=gone.pk).username == f"erased-{gone.pk}"
    assert not ContactMethod.objects.filter(person=gone, disabled_at=None).exists()


def test_the_trail_still_verifies_and_says_what_was_redacted(acme: Company, gone: User) -> None:
    erasure.erase(gone, actor=acme.people["adam"], now=NINE)
    chain.seal(now=NINE)
    assert list(chain.faults(now=NINE)) == []
    row = AuditEntry.objects.get(verb="change", noun="directory.user", object_id=str(gone.pk))
    assert row.after == {"names": [f"Erased person {gone.pk}", "Eve"]}
    assert str(row.pk) in AuditEntry.objects.get(verb=chain.REDACT).after["rows"]


def test_a_change_beside_the_redaction_is_still_found(acme: Company, gone: User) -> None:
    erasure.erase(gone, actor=acme.people["adam"], now=NINE)
    chain.seal(now=NINE)
    AuditEntry.objects.filter(verb="change", object_id=str(gone.pk)).update(after={"names": ["nobody"]})
    assert ["is not what was sealed" in fault.words for fault in chain.faults(now=NINE)] == [True]


def test_a_redaction_that_is_not_sealed_excuses_nothing(acme: Company, gone: User) -> None:
    row = AuditEntry.objects.filter(verb="close").get()
    AuditEntry.objects.filter(pk=row.pk).update(verb="open")
    row.refresh_from_db()
    trail.record(row, chain.REDACT, actor=None, now=NINE, after={"rows": {str(row.pk): chain.words_digest(row)}})
    assert len(list(chain.faults(now=NINE))) == 1


def test_files_go_from_the_store_unless_somebody_else_sent_the_same(
    acme: Company, gone: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    own, asked = Attachment.objects.get().sha256, Ticket.objects.get()
    shared = vault.put("a.txt", [b"in two hands"])
    attaching.attach(asked, None, [shared], actor=gone, now=NINE)
    attaching.attach(asked, None, [shared], actor=acme.people["omar"], now=NINE)
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(gone, actor=None, now=NINE)
    assert (vault.has(own), vault.has(shared.sha256)) == (False, True)
    assert attaching.named() == {shared.sha256}


def test_who_still_works_here_is_not_erased(acme: Company) -> None:
    with pytest.raises(CommandError, match="Deactivate them first"):
        call_command("erase_person", "sam", "--yes")
    assert User.objects.filter(username="sam").exists()


def test_without_yes_nothing_is_changed(acme: Company, gone: User) -> None:
    said = StringIO()
    call_command("erase_person", "ella", stdout=said)
    assert "1 tickets to look through. Add --yes." in said.getvalue()
    assert User.objects.filter(username="ella").exists()
    call_command("erase_person", "ella", "--yes", "--by", "adam", stdout=said)
    assert AuditEntry.objects.get(verb="erase").actor == acme.people["adam"]


def test_an_export_has_what_is_theirs_and_no_secret(acme: Company, gone: User, tmp_path: Path) -> None:
    call_command("erase_person", "ella", "--export", str(tmp_path / "ella.zip"), stdout=StringIO())
    with zipfile.ZipFile(tmp_path / "ella.zip") as found:
        data = json.loads(found.read("data.json"))
        files = [found.read(name) for name in found.namelist() if name.startswith("files/")]
    assert data["person"]["email"] == MAIL
    assert data["incidents.ticket (requester)"][0]["what"].startswith("Write to")
    assert files == [b"Ella's own"]
    assert "password" not in data["person"]
    assert "Ella Fisher called" not in json.dumps(data)  # that was Ana's note
    assert (tmp_path / "ella.zip").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Ask Ella Fisher.", "Ask Erased person 1."),
        ("Ella Fishers", "Ella Fishers"),
        ("12 people", "12 people"),
        ({"who": "ella", "text": "ella"}, {"who": "Erased person 1", "text": "Erased person 1"}),
        (["ella@x", 7, None], ["ella@x", 7, None]),
    ],
)
def test_only_what_names_them_beyond_doubt_is_taken_out(said: object, left: object) -> None:
    assert NAMES.clean(said) == left


def test_what_was_signed_stays_as_it_was_signed() -> None:
    assert {"incidents.planreview", "audit.auditentry"} <= FROZEN
