# ruff: noqa: E501  (log lines are as long as they are)
"""Who tries to come in, from lines of auth.log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.probes.authlines import events
from monitoring.probes.shape import Finding
from tests.actors import NINE
from tests.monitoring.probes.looking import look, told, values

MINUTE = timedelta(minutes=1)


def stamp(at: datetime) -> str:
    return at.isoformat()


def failed(at: datetime, address: str = "203.0.113.9", user: str = "root") -> str:
    return f"{stamp(at)} web sshd[10]: Failed password for {user} from {address} port 5022 ssh2\n"


def accepted(at: datetime, address: str = "203.0.113.9", user: str = "ana") -> str:
    return f"{stamp(at)} web sshd-session[10]: Accepted publickey for {user} from {address} port 5022 ssh2: ED25519 SHA256:abc\n"


class Log:
    """A log that grows, and a probe that remembers."""

    def __init__(self, folder: Path, name: str = "authlog", **given: Any) -> None:
        self.path, self.name, self.given = folder / "auth.log", name, given
        self.path.touch()
        self.memory: dict[str, Any] = {}

    def look(self, text: str = "", *, now: datetime = NINE) -> Finding:
        with self.path.open("a") as file:
            file.write(text)
        found = look(self.name, file=str(self.path), memory=self.memory, now=now, **self.given)
        self.memory = found.memory or {}
        return found


def said(found: Finding) -> list[tuple[str, str]]:
    return [(item["check"].removeprefix("a check "), item["status"]) for item in found.more]


def test_five_failures_in_ten_minutes_are_brute_force_of_that_address_once(tmp_path: Path) -> None:
    log = Log(tmp_path)
    assert said(log.look("".join(failed(NINE + n * MINUTE) for n in range(4)), now=NINE + 4 * MINUTE)) == []
    assert said(log.look(failed(NINE + 4 * MINUTE), now=NINE + 5 * MINUTE)) == [("203.0.113.9", "warning")]
    assert said(log.look(failed(NINE + 6 * MINUTE), now=NINE + 7 * MINUTE)) == []
    assert said(log.look(now=NINE + 6 * MINUTE + timedelta(hours=6))) == [("203.0.113.9", "ok")]
    assert values(log.look(now=NINE + timedelta(hours=7)))["attacking_addresses"] == 0


def test_five_failures_in_an_hour_are_a_forgetful_person(tmp_path: Path) -> None:
    assert said(Log(tmp_path).look("".join(failed(NINE + 12 * n * MINUTE) for n in range(5)), now=NINE + timedelta(hours=1))) == []


def test_success_after_failures_is_critical(tmp_path: Path) -> None:
    log = Log(tmp_path)
    found = log.look("".join(failed(NINE) for _ in range(3)) + accepted(NINE + MINUTE), now=NINE + MINUTE)
    assert said(found) == [("203.0.113.9", "critical")]
    assert "ana signed in from 203.0.113.9 after 3 or more failures" in found.more[0]["summary"]


def test_an_ordinary_sign_in_is_none_and_a_new_address_is_counted(tmp_path: Path) -> None:
    log = Log(tmp_path)
    assert said(log.look(accepted(NINE))) == []
    found = values(log.look(accepted(NINE, "198.51.100.1") + accepted(NINE)))
    assert (found["accepted"], found["accepted_from_new_addresses"]) == (2, 1)


@pytest.mark.parametrize(
    ("words", "address", "user"),
    [
        ("Failed password for root from 10.0.0.1 from 203.0.113.9 port 22 ssh2", "203.0.113.9", "root from 10.0.0.1"),
        ("Failed password for invalid user root from 10.0.0.1 port 22 ssh2 from 203.0.113.9 port 1 ssh2", "203.0.113.9", "root from 10.0.0.1 port 22 ssh2"),
        ("Failed password for invalid user  0101 from 203.0.113.9 port 22 ssh2", "203.0.113.9", " 0101"),
        ("Failed password for root from ::ffff:203.0.113.9 port 22 ssh2", "203.0.113.9", "root"),
        ("Failed password for root from 2001:DB8::1 port 22 ssh2", "2001:db8::1", "root"),
    ],
)  # fmt: skip
def test_a_user_name_that_names_an_address_accuses_nobody_else(words: str, address: str, user: str) -> None:
    (event,) = events([f"{stamp(NINE)} web sshd[1]: {words}"], now=NINE)
    assert (event.kind, event.address, event.user) == ("failed", address, user)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23T09:00:00+01:00 web cron[1]: Failed password for root from 203.0.113.9 port 22 ssh2",
        "2026-11-23T09:00:00+01:00 web app[1]: x\\n2026 web sshd[1]: Failed password for root from 203.0.113.9",
        "\x00\xff", "", "sshd[1]: Failed password for root from 1.2.3.4", "2026-99-99T09:00:00Z web sshd[1]: Failed password for a from 1.1.1.1",
        "Foo 99 99:99:99 web sshd[1]: Failed password for a from 1.1.1.1", "A" * 100_000,
    ],
)  # fmt: skip
def test_other_programs_and_garbage_say_nothing_of_sign_ins(line: str) -> None:
    assert list(events([line], now=NINE)) == []


def test_lines_folded_by_syslog_count_as_often_as_they_came() -> None:
    line = f"{stamp(NINE)} web sshd[1]: message repeated 5 times: [ Failed password for root from 203.0.113.9 port 22 ssh2]"
    assert [event.times for event in events([line], now=NINE)] == [5]


def test_a_stamp_without_year_is_of_the_year_that_has_passed() -> None:
    january = datetime(2027, 1, 3, tzinfo=UTC)
    (event,) = events(["Jul 10 06:55:46 web sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2"], now=january, zone=UTC)
    assert event.at == datetime(2026, 7, 10, 6, 55, 46, tzinfo=UTC)


def test_a_botnet_is_twenty_alerts_and_one_more_not_thousands(tmp_path: Path) -> None:
    text = "".join(failed(NINE, f"198.51.{n // 250}.{n % 250}") for n in range(500) for _ in range(5))
    found = Log(tmp_path).look(text)
    assert len(found.more) == 21
    assert ("many others", "warning") in said(found)
    assert values(found)["attacking_addresses"] == 500


def test_sudo_su_and_new_accounts_are_told(tmp_path: Path) -> None:
    log, at = Log(tmp_path), stamp(NINE)
    log.look(accepted(NINE))
    text = (
        f"{at} web sudo: eve : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n"
        f"{at} web sudo: eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n"
        f"{at} web sudo:  ana : TTY=pts/0 ; PWD=/home/ana ; USER=root ; COMMAND=/usr/bin/apt update\n"
        f"{at} web su[9]: FAILED SU (to root) eve on pts/1\n"
        f"{at} web useradd[9]: new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/sh, from=/dev/pts/1\n"
        f"{at} web usermod[9]: add 'toor' to group 'sudo'\n"
    )
    found = log.look(text)
    figures = values(found)
    assert [figures[n] for n in ("sudo_failed", "sudo", "su_failed", "new_accounts", "new_administrators")] == [2, 1, 1, 1, 1]
    assert "new account: toor" in found.notes


def test_a_log_that_cannot_be_read_is_unknown_and_so_is_a_missing_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told("authlog", file=str(tmp_path / "none"))["status"] == "unknown"
    monkeypatch.setenv("PATH", str(tmp_path))
    result = told("authlog")
    assert (result["status"], "there is no journalctl here" in result["summary"]) == ("unknown", True)


def packet(second: float, port: int, source: str = "203.0.113.5") -> str:
    return f"{stamp(NINE + timedelta(seconds=second))} web kernel: [UFW BLOCK] IN=eth0 OUT= SRC={source} DST=192.0.2.1 LEN=44 PROTO=TCP SPT=1 DPT={port} WINDOW=1024\n"


def test_many_ports_in_a_row_are_a_scan_and_a_few_are_not(tmp_path: Path) -> None:
    log = Log(tmp_path, "scans")
    assert said(log.look("".join(packet(n, 20 + n) for n in range(6)))) == []
    slow = "".join(packet(100 + 10 * n, 20 + n, "203.0.113.6") for n in range(30))
    fast = "".join(packet(500 + n, 8000 + n, "203.0.113.7") for n in range(21))
    assert said(log.look(slow + fast)) == [("203.0.113.7", "warning")]
    scanlogd = f"{stamp(NINE)} web scanlogd: 198.51.100.9:1234 to 192.0.2.1 ports 80, 81, 82, ..., fSrpauxy, TOS 00\n"
    assert said(log.look(scanlogd)) == [("198.51.100.9", "warning")]
