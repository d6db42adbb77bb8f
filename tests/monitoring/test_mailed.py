"""Mail to a check's address: what its words say, and that the same mail counts once."""

from __future__ import annotations

import pytest

from incidents.mail import letter
from monitoring import mailed
from monitoring.models import Alert, Check, RawBody, Result, Source
from monitoring.sources import mail
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE

HEAD = "From: nas@acme.example\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{n}@nas>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n"
MAIL = HEAD + "\r\nSee the log.\r\n"


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        ("** PROBLEM Service Alert: web/HTTP is CRITICAL **", "fail"),
        ("** RECOVERY Service Alert: web/HTTP is OK **", "success"),
        ("Backup completed with 0 errors", "success"),
        ("Backup not ok", "fail"),
        ("RAID degraded", "warn"),
        ("nightly job started", "start"),
        ("Weekly report", ""),
    ],
)
def test_the_first_telling_word_decides(subject: str, word: str) -> None:
    assert mail.said(subject, "") == word


def test_where_the_subject_says_nothing_the_text_does() -> None:
    assert mail.said("nas-2", "Array md0: FAILED") == "fail"


def post(check: Check, subject: str, *, n: int = 1) -> str:
    to = f"support+check-{check.ping_id.hex}@acme.example"
    raw = MAIL.format(to=to, subject=subject, n=n).encode()
    return mailed.take(letter.read(raw), recipients=[to], raw=raw, now=NINE)


def test_a_mail_opens_and_another_closes_and_a_copy_is_nothing_new(acme: Company) -> None:
    check = Check.objects.create(source=Source.objects.get(slug="agents"), slug="nas", created_at=NINE)
    assert "nas" in post(check, "Disk failed", n=1)
    assert "nas" in post(check, "Disk failed", n=1)
    assert (Alert.objects.open().get().status, Result.objects.count(), RawBody.objects.count()) == ("critical", 1, 2)
    post(check, "Disk ok", n=2)
    assert not Alert.objects.open().exists()


def test_a_heartbeats_mail_is_a_ping(acme: Company) -> None:
    check = Check.objects.create(
        source=Source.objects.get(slug="agents"), slug="backup", kind="heartbeat", period_s=86_400, created_at=NINE
    )
    post(check, "Weekly report")
    assert Result.objects.get().status == "ok"
    post(check, "Backup FAILED", n=2)
    assert Alert.objects.open().get().check_ref == check


def test_mail_to_nobodys_check_is_left_to_the_desk(acme: Company) -> None:
    raw = MAIL.format(to="support@acme.example", subject="Printer failed", n=1).encode()
    assert (
        mailed.take(letter.read(raw), recipients=["support@acme.example", f"support+check-{'0' * 32}@acme.example"], raw=raw, now=NINE)
        == ""
    )
    assert Result.objects.count() == 0


def test_the_address_is_made_of_the_desks_own(acme: Company, settings: object) -> None:
    check = Check.objects.create(source=Source.objects.get(slug="agents"), slug="nas", created_at=NINE)
    settings.SUPPORT_ADDRESS = "help@acme.example"  # type: ignore[attr-defined]
    assert mailed.address_of(check) == f"help+check-{check.ping_id.hex}@acme.example"
    settings.SUPPORT_ADDRESS = ""  # type: ignore[attr-defined]
    assert mailed.address_of(check) == ""
