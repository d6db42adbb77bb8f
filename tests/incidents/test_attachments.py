"""Files: sent with reports and answers, read by those who may, harmless whatever they claim to be."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from incidents import attaching, automation, conversation, file_fields, filetypes, vault
from incidents.models import Attachment, Ticket
from servicedesk import uploads
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import mails, report

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SAID = {"what": "The screen shows this", "impacted": "me", "effect": "part"}


def sent(name: str = "screen.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def filed(client: Client, *files: SimpleUploadedFile, **more: Any) -> Any:
    return client.post("/new/", {**SAID, "form_key": "k", "files": list(files), **more})


@pytest.fixture
def ella(acme: Company) -> Client:
    return signed_in(acme.people["ella"])


def asked(client: Client, file: Attachment) -> int:
    """The answer to asking for it."""
    answer = client.get(f"/files/{file.pk}/")
    list(getattr(answer, "streaming_content", ()))  # read, so that it is closed
    return answer.status_code


def page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


# Sending


def test_a_report_brings_its_files_and_ella_and_ana_see_them(ella: Client, acme: Company) -> None:
    answer = filed(ella, sent(), sent("log.txt", b"12:00 failed"))
    ticket = Ticket.objects.get()
    assert answer.status_code == 302
    kept = list(ticket.files.values_list("name", "kind", "audience"))
    assert kept == [("screen.png", "image/png", "public"), ("log.txt", "text/plain", "public")]
    for client, path in ((ella, f"/t/{ticket.pk}/"), (signed_in(acme.people["ana"]), f"/tickets/{ticket.pk}/")):
        assert "screen.png" in page(client, path)
        assert "log.txt" in page(client, path)


def test_sending_twice_keeps_each_file_once(ella: Client) -> None:
    filed(ella, sent())
    filed(ella, sent())
    assert (Ticket.objects.count(), Attachment.objects.count()) == (1, 1)


def test_an_answer_brings_files_and_opens_the_ticket_again(ella: Client, acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    ella.post(f"/t/{ticket.pk}/", {"text": "See this", "files": [sent("again.png")]})
    file = ticket.files.get()
    assert (file.entry, file.name) == (ticket.entries.get(kind="reply"), "again.png")
    assert "again.png" in page(ella, f"/t/{ticket.pk}/")


def test_an_answer_to_a_closed_ticket_takes_its_files_to_the_new_one(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    kept = vault.put("new.png", [PNG])
    later = automation.requester_reply(ticket, author=acme.people["ella"], text="Again", now=at(11), files=[kept])
    assert later != ticket
    assert later.files.get().name == "new.png"


def test_a_staff_answer_names_its_files_in_the_mail(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    ana = signed_in(acme.people["ana"])
    ana.post(f"/tickets/{ticket.pk}/reply/", {"text": "Do as it says", "last_seen": "0", "files": [sent("steps.pdf", b"%PDF-1.7")]})
    assert "steps.pdf" in mails(acme, "ella")[-1].text


def test_a_refused_form_keeps_its_files_and_sends_them_with_the_next_try(ella: Client) -> None:
    refused = filed(ella, sent("kept.png"), what="")
    (words, kept), *_ = refused.context["form"].kept
    assert (refused.status_code, kept.name) == (422, "kept.png")
    assert 'name="kept"' in refused.content.decode()
    assert filed(ella, kept=words).status_code == 302
    assert Attachment.objects.get().name == "kept.png"


def test_words_that_are_not_ours_bring_no_file(ella: Client) -> None:
    filed(ella, kept=["a:b:c", ""])
    assert Ticket.objects.get().files.count() == 0


# What is refused, by name


def test_a_file_that_is_too_large_or_empty_is_named_and_what_was_typed_stays(ella: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_fields, "LARGEST", 100)
    told = filed(ella, sent("film.mp4", b"x" * 101), sent("none.txt", b"")).content.decode()
    assert "“film.mp4” is larger than" in told
    assert "“none.txt” is empty" in told
    assert SAID["what"] in told
    assert Ticket.objects.count() == 0


def test_eleven_files_are_too_many(ella: Client) -> None:
    told = filed(ella, *(sent(f"{n}.png") for n in range(11)))
    assert "Send at most 10 files at once." in told.content.decode()


def test_of_a_file_beyond_the_limit_no_more_is_written_than_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 100)
    door = uploads.CappedUpload()
    assert [door.receive_data_chunk(b"x" * 60, start) for start in (0, 60, 120)] == [b"x" * 60, b"x" * 60, None]
    with pytest.raises(RequestDataTooBig):
        door.handle_raw_input(None, {}, uploads.WHOLE + 1, b"")


# Names and types


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("photo\u202egnp.exe", "photognp.exe"),
        (".ht\u200baccess", "htaccess"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("  caf\u0065\u0301 . ", "caf\u00e9"),
        ("..", "file"),
        ("\0", "file"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("x" * 300, "x" * 120),
    ],
)
def test_a_name_loses_its_path_and_its_tricks(name: str, clean: str) -> None:
    assert filetypes.clean_name(name) == clean


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"GIF89a=1;alert(1)//", "image/gif"),
        (b"%PDF-1.4<script>", "application/pdf"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
        (b"PK\x03\x04" + b"\0" * 30, "application/zip"),
        (b"MZ\x90\0", "application/octet-stream"),
        ("é".encode() * 3000, "text/plain"),
        (b"a" * 4095 + "é".encode(), "text/plain"),
        (b"\xff\xfe\x00a", "application/octet-stream"),
    ],
)
def test_the_type_is_what_the_first_bytes_prove(content: bytes, kind: str) -> None:
    assert filetypes.kind_of(content[: filetypes.HEAD]) == kind


@pytest.mark.parametrize(
    ("name", "content", "kind", "way"),
    [
        ("x.html", PNG + b"<script>alert(1)</script>", "image/png", "inline"),
        ("x.png", b"<html><script>alert(1)</script>", "text/plain", "attachment"),
        ("x.svg", b"<svg onload='alert(1)'/>", "text/plain", "attachment"),
        ("bomb.zip", b"PK\x03\x04" + b"\0" * 900, "application/zip", "attachment"),
        ("x.pdf", b"%PDF-1.4", "application/pdf", "inline"),
    ],
)
def test_nothing_in_a_file_runs(ella: Client, name: str, content: bytes, kind: str, way: str) -> None:
    filed(ella, sent(name, content))
    answer = ella.get(f"/files/{Attachment.objects.get().pk}/")
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Disposition"].startswith(way)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]


def test_a_name_cannot_write_headers(ella: Client) -> None:
    filed(ella, sent('a";\u202e filename="b.exe.png'))
    answer = ella.get(f"/files/{Attachment.objects.get().pk}/")
    disposition = answer.headers["Content-Disposition"]
    assert b"".join(answer.streaming_content) == PNG  # type: ignore[attr-defined]
    assert "\n" not in disposition
    assert disposition.startswith("inline;")


# Who may read


def test_a_notes_file_never_reaches_the_requester(ella: Client, acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    signed_in(acme.people["ana"]).post(f"/tickets/{ticket.pk}/note/", {"text": "Hm", "files": [sent("canary-7731.png")]})
    file = ticket.files.get()
    assert file.audience == "staff"
    assert asked(ella, file) == 404
    assert "canary-7731" not in page(ella, f"/t/{ticket.pk}/")
    assert asked(signed_in(acme.people["ana"]), file) == 200


def test_the_database_lets_no_file_of_a_report_be_for_staff_alone(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    (file,) = attaching.attach(ticket, None, [vault.put("a.png", [PNG])], actor=None, now=NINE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.filter(pk=file.pk).update(audience="staff")


def test_a_confidential_file_is_for_its_team_and_each_reading_is_written_down(ella: Client, acme: Company) -> None:
    filed(ella, sent("proof.png"), loss="on")
    file = Attachment.objects.get()
    assert asked(ella, file) == 200
    readers = [asked(signed_in(acme.people[who]), file) for who in ("vera", "adam")]
    assert readers == [404, 404]
    assert [(row.actor, row.after["file"]) for row in AuditEntry.objects.filter(verb="read_file")] == [(acme.people["ella"], file.pk)]


# The disk


def test_the_same_content_is_on_disk_once(acme: Company) -> None:
    one, two = vault.put("a.png", [PNG, b"same"]), vault.put("b.png", [PNG + b"same"])
    assert (one.sha256, one.size) == (two.sha256, len(PNG) + 4)
    assert vault.path_of(one.sha256).read_bytes() == PNG + b"same"
    assert vault.path_of(one.sha256).stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_after_a_crash_before_the_row_the_file_goes_and_no_other() -> None:
    now = NINE
    alone, young = vault.put("a", [b"alone"]), vault.put("b", [b"young"])
    for kept, age in ((alone, timedelta(hours=25)), (young, timedelta(hours=23))):
        os.utime(vault.path_of(kept.sha256), times=((now - age).timestamp(),) * 2)
    attaching.sweep(now=now)
    assert (vault.has(alone.sha256), vault.has(young.sha256)) == (False, True)


def test_what_a_row_speaks_of_stays(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    kept = vault.put("a.png", [b"spoken of"])
    conversation.note(ticket, author=acme.people["ana"], text="x", now=NINE, files=[kept])
    os.utime(vault.path_of(kept.sha256), times=(0, 0))
    attaching.sweep(now=NINE)
    assert vault.has(kept.sha256)


def test_a_file_that_comes_again_is_young_again() -> None:
    kept = vault.put("a", [b"comes again"])
    os.utime(vault.path_of(kept.sha256), times=(0, 0))
    vault.put("b", [b"comes again"])
    assert vault.path_of(kept.sha256).stat().st_mtime > 1_000_000


def test_a_deed_that_fails_leaves_no_row_and_the_sweep_takes_the_file(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    kept = vault.put("a", [b"rolled back"])
    with pytest.raises(conversation.StaffOnly):
        conversation.note(ticket, author=acme.people["ella"], text="x", now=NINE, files=[kept])
    assert not Attachment.objects.exists()
