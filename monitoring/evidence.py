"""What stood beside a host when it was in trouble: its busiest processes, failed units, its log around the moment, and who is suspected."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from monitoring import causes
from monitoring.probes import tailing
from monitoring.probes.authlines import HEAD, old_stamp
from monitoring.probes.shape import Finding, Probe

MEASURED_S = 0.3
TOP, LOG_LINES = 6, 15
AGAIN = timedelta(minutes=30)  # a trouble that goes on is looked at again so often
BASELINE_LINES = 60_000
JOURNAL_S = 5.0
SYSLOGS = (Path("/var/log/syslog"), Path("/var/log/messages"))
BAD_SINCE, TAKEN_AT = "bad_since", "evidence_at"


def attach(
    probe: Probe,
    given: Mapping[str, Any],
    found: Finding,
    told: dict[str, Any],
    *,
    memory: Mapping[str, Any],
    now: datetime,
    here: bool = False,
) -> None:
    """Into the result's detail, when it has just turned bad, and of what runs on this host. `here`: as all that an agent probes does."""
    kept = {name: memory[name] for name in (BAD_SINCE, TAKEN_AT) if name in memory}
    is_bad = told["status"] in ("warning", "critical")
    if is_bad and (here or probe.is_of_host or _is_here(given)):
        kept.setdefault(BAD_SINCE, now.isoformat())
        if TAKEN_AT not in kept or now - datetime.fromisoformat(kept[TAKEN_AT]) >= AGAIN:
            kept[TAKEN_AT] = now.isoformat()
            told["detail"] = f"{gather(first_bad=datetime.fromisoformat(kept[BAD_SINCE]))}\n\n{told.get('detail', '')}".strip()[:20_000]
    own = {name: value for name, value in (memory if found.memory is None else found.memory).items() if name not in (BAD_SINCE, TAKEN_AT)}
    found.memory = own | (kept if is_bad else {})


def _is_here(given: Mapping[str, Any]) -> bool:
    """Whether the target is this very host."""
    host = str(given.get("host") or urlsplit(str(given.get("url", ""))).hostname or "")
    own = {address.address for addresses in psutil.net_if_addrs().values() for address in addresses}
    return bool(host) and (host in own or host == "localhost")


def gather(*, first_bad: datetime) -> str:
    """At most a few seconds. A part that cannot be read says so and takes nothing from the others."""
    parts = [
        ("Busiest processes", processes),
        ("Suspected units", lambda: suspects(first_bad)),
        ("Log around the moment", lambda: around(first_bad)),
    ]
    told = []
    for title, part in parts:
        try:
            told.append(f"{title}:\n{part() or '  nothing'}")
        except (OSError, psutil.Error, subprocess.SubprocessError, tailing.Unreadable, ValueError) as error:
            told.append(f"{title}: cannot be read: {error}")
    return "\n\n".join(told)


def processes() -> str:
    """By processor time over a moment, then by memory."""
    everybody = list(psutil.process_iter(["pid", "name", "username"]))
    for one in everybody:
        _share(one)
    time.sleep(MEASURED_S)
    rows = [(share, _memory(one), one) for one in everybody if (share := _share(one)) is not None]
    busiest = sorted(rows, key=lambda row: (-row[0], -row[1]))[:TOP]
    largest = sorted(rows, key=lambda row: -row[1])[:TOP]
    shown = {row[2].pid: row for row in [*busiest, *largest]}
    return "\n".join(
        f"  {share:5.0f} % cpu {resident / 2**20:7.0f} MiB  {one.info['name']} ({one.pid}, {one.info['username']})"
        for share, resident, one in shown.values()
    )


def _share(one: psutil.Process) -> float | None:
    try:
        return float(one.cpu_percent(None))
    except psutil.Error:
        return None


def _memory(one: psutil.Process) -> int:
    try:
        return int(one.memory_info().rss)
    except psutil.Error:
        return 0


def suspects(first_bad: datetime) -> str:
    found = causes.rank(lines(first_bad - causes.BASELINE, first_bad + causes.AFTER), first_bad=first_bad)
    return causes.in_words(found)


def around(first_bad: datetime) -> str:
    """The lines of trouble of the minutes before and the minute after, the latest of them."""
    near = [line for line in lines(first_bad - causes.BEFORE, first_bad + causes.AFTER) if causes.is_trouble(line)]
    return "\n".join(f"  {line.at:%H:%M:%S} {line.unit}: {line.text[:200]}" for line in near[-LOG_LINES:])


def lines(start: datetime, end: datetime) -> list[causes.Line]:
    """Of the journal, else of syslog's file. Raises tailing.Unreadable where there is neither."""
    try:
        found = list(_journal(start, end))
    except (FileNotFoundError, subprocess.SubprocessError):
        found = []
    return found or list(_syslog(start, end))


def _journal(start: datetime, end: datetime) -> Iterator[causes.Line]:
    span = [f"--since=@{int(start.timestamp())}", f"--until=@{int(end.timestamp()) + 1}"]
    command = [shutil.which("journalctl") or "journalctl", "-o", "json", "--no-pager", "-q", "-n", str(BASELINE_LINES), *span]
    told = subprocess.run(command, capture_output=True, timeout=JOURNAL_S, check=True)
    for raw in told.stdout.splitlines():
        try:
            row = json.loads(raw)
            at = datetime.fromtimestamp(int(row["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
        except (ValueError, KeyError, TypeError):
            continue
        unit = str(row.get("_SYSTEMD_UNIT") or row.get("SYSLOG_IDENTIFIER") or "")
        priority = str(row.get("PRIORITY", 6))
        yield causes.Line(at, unit, int(priority) if priority.isdigit() else 6, str(row.get("MESSAGE", ""))[:2000])


def _syslog(start: datetime, end: datetime) -> Iterator[causes.Line]:
    """A file tells no priority: trouble is known by its words."""
    path = next((path for path in SYSLOGS if path.exists()), None)
    if path is None:
        raise tailing.Unreadable("there is neither a journal nor a syslog here", "Install one of them.")
    for line in tailing.read(path, {"inode": -1}).lines:
        head = HEAD.match(line)
        if head is None:
            continue
        try:
            at = datetime.fromisoformat(head["iso"]).astimezone(UTC) if head["iso"] else old_stamp(head["old"], now=end, zone=None)
        except ValueError:
            continue
        if start <= at <= end:
            yield causes.Line(at, head["program"], 6, head["words"][:2000])
