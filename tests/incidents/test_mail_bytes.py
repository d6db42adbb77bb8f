"""Whatever bytes come: kept, and never a fault of the desk. The strangest real mails there are, and what nobody ever wrote."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from incidents import vault
from incidents.mail import folding, letter
from incidents.mail.bodies import as_text
from incidents.models import InboundMail, Ticket
from servicedesk.operations.worlds.company import Company
from tests.incidents.mailing import arrives, mail

REAL = Path(__file__).parents[2].parent / "shared/data"
MAILS = sorted([*(REAL / "mail").glob("*.eml"), *(REAL / "payloads/email").glob("*.eml")])
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "In-Reply-To", "Auto-Submitted"]
WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["multipart/mixed; boundary=b", "multipart/report", "=?utf-8?q?=ff?=", "a@b", "<>", "base64", "\x00"]),
)
HEAD = st.lists(st.tuples(st.sampled_from(HEADERS), WORDS), max_size=8)
MADE = st.builds(
    lambda head, body: "".join(f"{n}: {v}\n" for n, v in head).encode("utf-8", "surrogatepass") + b"\n" + body,
    HEAD,
    st.binary(max_size=200),
)


@given(st.one_of(st.binary(max_size=400), MADE))
@example(b"")
@example(b"\x00")
@example(b"From: (((((\n\n")
@example(b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n--b--")
def test_any_bytes_are_read_to_text_that_every_database_takes(raw: bytes) -> None:
    found = letter.read(raw)
    for text in (
        found.subject,
        found.said,
        found.quoted,
        found.html,
        found.sender[0],
        found.message_id,
        *(file.name for file in found.files),
    ):
        assert "\x00" not in text
        text.encode()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MADE)
def test_any_bytes_are_kept_as_they_came(acme: Company, raw: bytes) -> None:
    row = arrives(raw)
    assert row.state != InboundMail.State.RECEIVED
    copies = InboundMail.objects.filter(identity=row.identity)
    assert copies.count() == 1
    kept = vault.path_of(hashlib.sha256(raw).hexdigest())
    assert kept.read_bytes() == raw


@pytest.mark.skipif(not MAILS, reason="the real mails lie beside the project only where it is developed")
def test_the_strangest_real_mails_go_through_without_loss_or_crash(acme: Company) -> None:
    rows = [arrives(path.read_bytes()) for path in MAILS]
    assert len(MAILS) >= 34
    assert not [row for row in rows if row.state == InboundMail.State.RECEIVED or row.why == InboundMail.Why.UNREADABLE]
    for path, row in zip(MAILS, rows, strict=True):
        assert InboundMail.objects.filter(identity=row.identity).exists()
        assert vault.path_of(hashlib.sha256(path.read_bytes()).hexdigest()).exists()


SLOW = {
    "empty lines": (folding.fold, "\n" * 200_000),
    "blanks and lines": (folding.fold, " \n" * 100_000),
    "the same word": (folding.fold, "On " * 100_000),
    "quoted lines": (folding.fold, "> a\n" * 100_000),
    "open marks": (as_text, "<div>" * 100_000),
    "comments without an end": (as_text, "<!--" * 100_000),
}


@pytest.mark.parametrize("name", sorted(SLOW))
def test_no_text_holds_the_reader_for_long(name: str) -> None:
    deed, text = SLOW[name]
    began = time.monotonic()
    deed(text)
    assert time.monotonic() - began < 40  # what grows by the square takes minutes


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: " + b"a" * 1_000_000 + b"\n\nx",
        b"Content-Type: text/plain" + b";a=b" * 250_000 + b"\n\nx",
        b"From: " + b"(" * 1_000_000 + b"\n\nx",
        b"From: a@b.c\nTo: " + b"a@b.c, " * 140_000 + b"\n\nx",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 5_000,
    ],
    ids=["subject", "parameters", "brackets", "recipients", "parts in parts"],
)
def test_a_megabyte_in_one_place_is_read_soon(raw: bytes) -> None:
    began = time.monotonic()
    found = letter.read(raw)
    assert time.monotonic() - began < 40
    assert len(found.subject) <= 200


def test_twins_of_one_address_are_one_person(acme: Company) -> None:
    for number, address in enumerate(["zo\u00eb@other.test", "zoe\u0308@other.test"]):
        arrives(f"From: Zoe <{address}>\nSubject: {number}\n\nHello".encode())
    assert len({ticket.requester for ticket in Ticket.objects.all()}) == 1


def test_a_bomb_stays_packed_and_a_picture_that_is_none_is_saved_not_shown(acme: Company) -> None:
    parts = b'\n--b\nContent-Type: application/zip; name="bomb.zip"\n\nPK\x03\x04' + b"\0" * 5_000
    parts += b'\n--b\nContent-Type: image/png; name="evil.png"\n\n<svg onload=alert(1)>\n--b--\n'
    row = arrives(b"From: ella@acme.example\nContent-Type: multipart/mixed; boundary=b\n" + parts)
    assert row.ticket
    bomb, evil = row.ticket.files.order_by("pk")
    assert (bomb.kind, evil.is_shown) == ("application/zip", False)
    assert bomb.size < 6_000


def test_a_subject_cannot_write_a_header_of_our_letters(acme: Company) -> None:
    row = arrives(mail().replace(b"Subject: Outlook", b"Subject: =?utf-8?q?Outlook=0d=0aBcc:_eve@evil.test?="))
    assert row.ticket
    assert "\n" not in row.ticket.title
