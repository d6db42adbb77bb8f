"""What stands beside a host in trouble."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from monitoring import evidence
from monitoring.probes import options
from monitoring.probes.catalogue import PROBES
from monitoring.probes.shape import Finding
from tests.actors import NINE


def attached(probe: str, status: str, memory: dict[str, Any], *, now: Any = NINE, **given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The result and what is remembered, after evidence was looked for."""
    found, told = Finding(), {"check": "x", "status": status, "summary": ""}
    sure = options.sure(PROBES[probe], given)
    evidence.attach(PROBES[probe], sure, found, told, memory=memory, now=now)
    return told, found.memory or {}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "gather", lambda *, first_bad: f"looked at {first_bad.isoformat()}")


def test_evidence_is_taken_when_it_turns_bad_and_then_every_half_hour() -> None:
    first, memory = attached("disk", "critical", {})
    second, memory = attached("disk", "critical", memory, now=NINE + timedelta(minutes=1))
    third, memory = attached("disk", "critical", memory, now=NINE + timedelta(minutes=31))
    assert ["detail" in told for told in (first, second, third)] == [True, False, True]
    assert third["detail"] == f"looked at {NINE.isoformat()}"
    fourth, memory = attached("disk", "ok", memory, now=NINE + timedelta(minutes=32))
    assert ("detail" in fourth, memory) == (False, {})


def test_a_service_of_this_host_counts_and_one_elsewhere_does_not() -> None:
    assert "detail" in attached("tcp", "critical", {}, host="127.0.0.1", port=1)[0]
    assert "detail" in attached("http", "critical", {}, url="http://127.0.0.1:8000/x")[0]
    assert "detail" not in attached("tcp", "critical", {}, host="192.0.2.1", port=1)[0]
    assert "detail" not in attached("disk", "unknown", {})[0]


def test_the_busiest_process_stands_first(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, idle = (subprocess.Popen([sys.executable, "-c", words]) for words in ("while True: pass", "import time; time.sleep(60)"))
    seen = list(psutil.process_iter(["pid", "name", "username"]))
    ours = [one for pid in (idle.pid, busy.pid) for one in seen if one.pid == pid]
    monkeypatch.setattr(evidence.psutil, "process_iter", lambda _names: ours)
    monkeypatch.setattr(evidence, "MEASURED_S", 1.0)
    try:
        assert f"({busy.pid}," in evidence.processes().splitlines()[0]
    finally:
        for one in (busy, idle):
            one.kill()
            one.wait()


def row(seconds: int, unit: str, priority: int, words: str) -> dict[str, str]:
    at = str(int((NINE - timedelta(seconds=seconds)).timestamp() * 1e6))
    return {"__REALTIME_TIMESTAMP": at, "_SYSTEMD_UNIT": unit, "PRIORITY": str(priority), "MESSAGE": words}


JOURNAL = [row(40, "db.service", 2, "PANIC: disk"), row(20, "web.service", 3, "db refused"), {"__REALTIME_TIMESTAMP": "nonsense"}]


def test_the_log_around_and_the_suspects_come_from_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "journalctl"
    journal.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(json.dumps(row) for row in JOURNAL) + "\nnot json\nEND\n")
    journal.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert evidence.around(NINE).splitlines()[0] == "  07:59:20 db.service: PANIC: disk"
    assert evidence.suspects(NINE).startswith("1. db.service: ")


def test_without_a_journal_syslog_is_read_and_without_both_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    syslog = tmp_path / "syslog"
    syslog.write_text(f"{NINE.isoformat()} web nginx[1]: connect() failed (111: Connection refused)\n")
    monkeypatch.setattr(evidence, "SYSLOGS", (syslog,))
    assert "nginx: connect() failed" in evidence.around(NINE)
    monkeypatch.setattr(evidence, "SYSLOGS", (tmp_path / "none",))
    with pytest.raises(evidence.tailing.Unreadable, match="neither a journal nor a syslog"):
        evidence.around(NINE)
