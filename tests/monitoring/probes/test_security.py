"""New ports, new accounts, and the desk's own trail."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.probes.looking import look, told, values

HOUR = timedelta(hours=1)


def test_a_port_that_begins_to_listen_is_told_for_a_day_unless_it_is_expected() -> None:
    first = look("listening", loopback=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        second = look("listening", loopback=True, memory=first.memory, now=NINE + HOUR)
        later = look("listening", loopback=True, memory=second.memory, now=NINE + 26 * HOUR)
        expected = look("listening", loopback=True, memory=first.memory, now=NINE + HOUR, expected=str(port))
    ours = [words for _status, words in second.faults if f":{port} " in words]
    assert ours
    assert str(os.getpid()) not in ours[0]
    assert [words for _s, words in first.faults + later.faults + expected.faults if f":{port} " in words] == []


def test_an_expected_port_that_is_silent_is_critical() -> None:
    assert ("critical", "nothing listens on port 1") in look("listening", expected="1", must_all=True).faults


def etc(folder: Path, *, passwd: str = "", group: str = "") -> None:
    (folder / "passwd").write_text("root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n" + passwd)
    (folder / "group").write_text("root:x:0:\nsudo:x:27:ana\n" + group)


def test_new_accounts_and_new_powers_are_told(tmp_path: Path) -> None:
    etc(tmp_path)
    first = look("accounts", folder=str(tmp_path))
    etc(tmp_path, passwd="eve:x:1001:1001::/home/eve:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n", group="docker:x:99:eve\n")
    second = look("accounts", folder=str(tmp_path), memory=first.memory, now=NINE + HOUR)
    assert first.faults == []
    assert {words for _status, words in second.faults} == {
        "account eve is new", "account toor is new", "eve in docker is new", "these are root by their number: toor",
    }  # fmt: skip


def test_accounts_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    assert told("accounts", folder=str(tmp_path))["status"] == "unknown"


def noted(who: str, verb: str, noun: str, which: int, **more: Any) -> None:
    AuditEntry.objects.create(at=NINE - timedelta(minutes=5), actor_label=who, verb=verb, noun=noun, object_id=str(which), **more)


def test_mass_export_and_reading_of_what_is_confidential_are_told(acme: Company) -> None:
    for n in range(60):
        noted("Ana", "read", "incidents.incident", n)
    for n in range(4):
        noted("Ben", "start", "jobs.job", n, after={"kind": "export tickets"})
    noted("Sam", "read", "incidents.incident", 1)
    result = told("audit")
    assert result["status"] == "critical"
    assert "confidential_reads 60, critical at 50" in result["summary"]
    assert "exports 4, warning at 2" in result["summary"]
    assert "60 confidential_reads by Ana" in result["detail"]


def test_reading_one_thing_often_is_one_reading_and_yesterdays_do_not_count(acme: Company) -> None:
    for _ in range(60):
        noted("Ana", "read", "incidents.incident", 7)
    assert values(look("audit"))["confidential_reads"] == 1
    assert values(look("audit", now=NINE + 2 * HOUR))["confidential_reads"] == 0


@pytest.mark.django_db
def test_a_quiet_desk_is_well() -> None:
    assert told("audit")["status"] == "ok"
