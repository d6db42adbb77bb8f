# ruff: noqa: E501  (log lines are as long as they are)
"""Round trips, boxes, queues and logs of mail."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.probes import maillog, mailtrip
from tests.actors import NINE
from tests.fakes.imap import FakeImap
from tests.fakes.smtp import FakeSmtp
from tests.monitoring.probes.looking import free_port, look, told, values
from tests.patience import soon

MINUTE = timedelta(minutes=1)


@pytest.fixture
def imap() -> Iterator[FakeImap]:
    with FakeImap() as server:
        yield server


def box(imap: FakeImap, **more: Any) -> dict[str, Any]:
    return {"imap_host": imap.host, "imap_port": imap.port, "imap_tls": "none", "imap_user": "probe", "imap_password": "secret", **more}


def trip(imap: FakeImap, smtp_port: int, **more: Any) -> dict[str, Any]:
    return {
        **box(imap),
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "sender": "probe@acme.test",
        "recipient": "box@acme.test",
        "wait_s": 3,
    } | more


def carry(smtp: FakeSmtp, imap: FakeImap, stop: threading.Event) -> None:
    """What a mail server does: what came in by SMTP is in the box a moment later."""
    carried = 0
    while not stop.is_set():
        for mail in smtp.mails[carried:]:
            imap.add(mail.raw)
            carried += 1
        time.sleep(0.05)


def test_a_letter_goes_round_is_timed_and_removed(imap: FakeImap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailtrip, "EVERY_S", 0.1)
    imap.add(b"Subject: a person's own letter\n\nhello")
    stop = threading.Event()
    with FakeSmtp() as smtp:
        thread = threading.Thread(target=carry, args=(smtp, imap, stop))
        thread.start()
        result = told("mailtrip", **trip(imap, smtp.port))
        stop.set()
        thread.join()
    figures = {metric["name"]: metric["value"] for metric in result["metrics"]}
    assert result["status"] == "ok", result
    assert 0 < figures["round_trip_s"] < 3
    assert list(imap.letters) == [1]


def test_a_letter_that_never_arrives_is_critical(imap: FakeImap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailtrip, "EVERY_S", 0.1)
    with FakeSmtp() as smtp:
        result = told("mailtrip", **trip(imap, smtp.port, wait_s=1))
    assert (result["status"], "sent, and not in the box" in result["summary"]) == ("critical", True)


def test_each_half_that_fails_is_named(imap: FakeImap) -> None:
    assert "not sent by 127.0.0.1" in told("mailtrip", **trip(imap, free_port()))["summary"]
    with FakeSmtp() as smtp:
        smtp.behave("550 5.1.1 No such user")
        assert "No such user" in told("mailtrip", **trip(imap, smtp.port))["summary"]
        smtp.behave("ok")
        assert told("mailtrip", **trip(imap, smtp.port, imap_password="wrong"))["status"] == "critical"


HEAD = "From: Ana <ana@acme.test>\nReturn-Path: <ana@acme.test>\nSubject: x\n"


def letter(head: str, text: str = "hello") -> bytes:
    return f"{HEAD}{head}\n\n{text}".encode()


def fresh(imap: FakeImap, *letters: bytes, **given: Any) -> dict[str, float]:
    first = look("mailbox", **box(imap, **given))
    for one in letters:
        imap.add(one)
    return values(look("mailbox", memory=first.memory, **box(imap, **given)))


def test_new_letters_are_judged_by_their_headers_alone(imap: FakeImap) -> None:
    imap.add(letter("X-Spam-Flag: YES"))  # was there before
    found = fresh(
        imap,
        letter("Authentication-Results: mx.acme.test; spf=fail smtp.mailfrom=x; dkim=pass; dmarc=fail"),
        letter("Authentication-Results: evil.test; spf=fail; dmarc=fail"),
        letter("Reply-To: boss@evil.test\nX-Spam-Status: Yes, score=7.1 required=5.0"),
        letter("Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0000\nReceived: from c by a; Mon, 23 Nov 2026 06:00:00 +0000"),
        own_server="mx.acme.test",
    )
    wanted = {
        "new": 4,
        "spf_fail": 1,
        "dkim_fail": 0,
        "dmarc_fail": 1,
        "reply_elsewhere": 1,
        "spam": 1,
        "delayed": 1,
        "sender_elsewhere": 0,
    }
    assert {name: found[name] for name in wanted} == wanted
    assert not any("BODY.PEEK[]" in asked for asked in imap.fetched)
    assert "content" not in found


def test_content_is_read_where_a_pattern_asks_for_it(imap: FakeImap) -> None:
    found = fresh(imap, letter("", "my card is 4111 1111 1111 1111"), letter("", "hello"), patterns=r"\b(?:\d{4} ?){4}\b")
    assert found["content"] == 1
    assert any("BODY.PEEK[]" in asked for asked in imap.fetched)


def test_letters_nobody_reads_are_counted_with_their_age(imap: FakeImap) -> None:
    imap.add(letter(""))
    found = values(look("mailbox", now=NINE + timedelta(hours=30), **box(imap)))
    assert (found["letters"], found["unread"]) == (1, 1)
    assert found["oldest_unread_h"] == pytest.approx(30, abs=14)


@pytest.mark.parametrize(
    "head", ["From: =?x?q?\nAuthentication-Results:", "Received: ;;;nonsense", "X-Spam-Score: NaN", "Reply-To: \x00@@@"]
)
def test_broken_headers_break_nothing(imap: FakeImap, head: str) -> None:
    assert fresh(imap, letter(head))["new"] == 1


def postqueue(folder: Path, text: str, code: int = 0) -> None:
    program = folder / "postqueue"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n")
    program.chmod(0o755)


def waiting(hours: float, queue: str = "deferred") -> str:
    to = [{"address": "a@slow.test", "delay_reason": "connect to mx.slow.test: timed out"}]
    return json.dumps({"queue_name": queue, "arrival_time": int(NINE.timestamp() - hours * 3600), "recipients": to})


def test_the_queue_is_counted_and_its_oldest_aged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    postqueue(tmp_path, "\n".join([waiting(5), waiting(1), waiting(0, "active")]))
    result = told("mailqueue")
    figures = {metric["name"]: metric["value"] for metric in result["metrics"]}
    assert (result["status"], figures["waiting"], figures["in_queue deferred"], figures["oldest_s"]) == ("critical", 3, 2, 18_000)
    assert "slow.test" in result["detail"]


def test_a_queue_nobody_tells_is_unknown_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no postqueue here" in told("mailqueue")["summary"]
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    postqueue(tmp_path, "", 69)
    assert "authorized_mailq_users" in told("mailqueue")["summary"]


def queued(number: int, sender: str, size: int = 2000, nrcpt: int = 1) -> str:
    return f"Nov 23 09:00:00 mx postfix/qmgr[5]: {number:010X}: from=<{sender}>, size={size}, nrcpt={nrcpt} (queue active)\n"


def sent(number: int, to: str, status: str = "sent", delay: float = 1.2) -> str:
    return f"Nov 23 09:00:01 mx postfix/smtp[6]: {number:010X}: to=<{to}>, relay=mx.b.test[192.0.2.1]:25, delay={delay}, delays=0/0/1/0, dsn=2.0.0, status={status} (250 ok)\n"


def after_an_hour(log: Path, before: str, lines: str) -> Any:
    given = {"file": str(log), "own_domains": "acme.test"}
    log.write_text(before)
    first = look("maillog", **given)
    with log.open("a") as file:
        file.write(lines)
    return look("maillog", memory=first.memory, now=NINE + 60 * MINUTE, **given)


def test_senders_recipients_and_outcomes_an_hour_come_from_the_log(tmp_path: Path) -> None:
    lines = "".join(queued(n, "ana@acme.test", nrcpt=2) + sent(n, f"x{n}@b.test") for n in range(30))
    lines += queued(99, "ben@acme.test") + sent(99, "y@b.test", "bounced") + queued(99, "ben@acme.test")
    lines += "Nov 23 09:00:00 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 Relay denied\n"
    lines += "Nov 23 09:00:00 mx spamd[8]: spamd: result: Y 15 - BAYES_99\n"
    found = after_an_hour(tmp_path / "mail.log", queued(1000, "ana@acme.test"), lines)
    figures = values(found)
    assert (figures["letters_per_h"], figures["recipients_per_h"], figures["senders"], figures["most_of_one_sender_per_h"]) == (
        31,
        61,
        2,
        30,
    )
    assert (figures["rejected_per_h"], figures["spam_per_h"], figures["delay_p95_s"]) == (1, 1, 1.2)
    assert figures["bounced_percent"] == pytest.approx(100 / 31)
    assert "30.0/h from ana@acme.test" in found.detail


def test_a_new_sender_from_outside_is_told_and_a_known_or_own_one_is_not(tmp_path: Path) -> None:
    lines = queued(2, "old@b.test") + queued(3, "new@evil.test") + queued(4, "new@acme.test")
    found = after_an_hour(tmp_path / "mail.log", queued(1, "old@b.test"), lines)
    assert values(found)["new_outside_senders"] == 1
    assert "new: new@evil.test" in found.detail


def test_a_letter_far_above_its_senders_measure_is_told(tmp_path: Path) -> None:
    mib = 2**20
    before = "".join(queued(n, "cad@acme.test", 8 * mib) + queued(n + 50, "ana@acme.test") for n in range(10))
    lines = queued(200, "cad@acme.test", 20 * mib) + queued(201, "ana@acme.test", 12 * mib)
    found = after_an_hour(tmp_path / "mail.log", before, lines)
    assert values(found)["large"] == 1
    assert "large: 12.0 MiB from ana@acme.test" in found.detail


@pytest.mark.parametrize(
    "line", ["postfix/qmgr[1]: X: from=<" + "a" * 100_000, "\x00\xff", "postfix/smtp[1]: A: to=<x>," + " delay=" * 20_000]
)
def test_hostile_lines_take_no_time(line: str) -> None:
    with soon():  # what grows by the square takes minutes
        assert maillog.count([line] * 20).letters == {}


def test_a_mail_log_nobody_may_read_is_unknown() -> None:
    assert told("maillog", file="/no/such.log", own_domains="acme.test")["status"] == "unknown"
