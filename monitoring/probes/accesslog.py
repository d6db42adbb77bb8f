"""A web server's access log: requests a second, response times, errors. nginx and Apache, combined format, with a time at the end."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes import tailing
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

# 93.184.216.34 - ana [23/Nov/2026:09:00:00 +0100] "GET / HTTP/1.1" 200 612 "-" "curl/8" 0.012
COMBINED = re.compile(
    r"^(?P<address>\S{1,100}) \S{1,100} .{0,100}? ?\[(?P<at>[^\]]{1,40})\] "
    r'"(?P<request>[^"\\]*(?:\\.[^"\\]*)*)" (?P<status>\d{3}) (?P<size>\d{1,15}|-)(?P<rest>.*)$'
)
TIME = re.compile(r'(?:^|\s)(?:rt=|request_time=|D=)?"?(\d{1,9}(?:\.\d{1,6})?)"?(?:us|ms|s)?\s*$')
ENOUGH = 120  # requests a minute; of fewer a share says little (Netdata web_log)


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        tail = tailing.read(Path(given["file"]), context.memory.get("cursor", {}))
    except tailing.Unreadable as error:
        found.lack("the access log", str(error), error.remedy)
        return found
    found.memory = {"cursor": tail.cursor, "at": context.now.isoformat()}
    if "at" not in context.memory:
        found.notes.append("the log is read from here on; figures follow with the next run")
        return found
    seconds = max((context.now - datetime.fromisoformat(str(context.memory["at"]))).total_seconds(), 1.0)
    lines = [line for line in map(COMBINED.match, tail.lines) if line]
    if tail.lines and not lines:
        found.lack("requests", f"none of {len(tail.lines)} lines has the combined format", "Log in nginx's or Apache's combined format.")
        return found
    _told(lines, len(tail.lines), seconds, given["time_unit"], found)
    if tail.skipped:
        found.notes.append(f"{tail.skipped} bytes were passed over: too many since the last run")
    return found


def _told(lines: Sequence[re.Match[str]], count: int, seconds: float, unit: str, found: Finding) -> None:
    by_class = Counter(line["status"][0] for line in lines)
    busy = len(lines) * 60 / seconds > ENOUGH
    found.measure("requests_per_s", len(lines) / seconds)
    if lines:
        for figure, first in (("server_errors_percent", "5"), ("client_errors_percent", "4")):
            usual = {} if busy else {"warn": "", "crit": ""}
            found.measure(figure, 100 * by_class[first] / len(lines), **usual)
    found.measure("bytes_per_s", sum(int(line["size"]) for line in lines if line["size"] != "-") / seconds)
    found.measure("addresses", len({line["address"] for line in lines}))
    if count > len(lines):
        found.notes.append(f"{count - len(lines)} of {count} lines were not understood")
    took = sorted(t for t in (_seconds(line["rest"], unit) for line in lines) if t is not None)
    if took:
        for percent in (50, 95, 99):
            found.measure(f"p{percent}_s", percentile(took, percent))
    elif lines:
        found.lack("response times", "the lines end with no time", "Add $request_time (nginx) or %D (Apache) at the end of the log format.")


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank of sorted values."""
    return values[max(math.ceil(len(values) * percent / 100) - 1, 0)]


def _seconds(rest: str, unit: str) -> float | None:
    """nginx writes seconds with a point, Apache's %D microseconds without."""
    found = TIME.search(rest)
    if found is None:
        return None
    value = float(found[1])
    divisor = {"s": 1, "ms": 1e3, "us": 1e6}.get(unit, 1 if "." in found[1] else 1e6)
    return value / divisor


PROBE = Probe(
    name="accesslog",
    title=_("Access log of a web server"),
    kind="application",
    run=run,
    privilege=_("The probe's user reads the log (group adm on Debian)."),
    options=(
        Option("file", _("file"), "path", is_required=True),
        Option("time_unit", _("unit of the time at the end"), "choice", "auto", choices=("auto", "s", "ms", "us")),
    ),
    figures=(
        Figure("requests_per_s", "/s", _("requests")),
        Figure("p50_s", "s", _("response time, median")),
        Figure("p95_s", "s", _("response time, 95th percentile"), "2", "", "our judgement"),
        Figure("p99_s", "s", _("response time, 99th percentile"), "5", "", "our judgement"),
        Figure("server_errors_percent", "%", _("answered 5xx; judged above 120 requests a minute"), "2", "5", "Netdata web_log"),
        Figure("client_errors_percent", "%", _("answered 4xx; judged above 120 requests a minute"), "30", "50", "our judgement"),
        Figure("bytes_per_s", "B/s", _("sent")),
        Figure("addresses", "", _("different addresses")),
    ),
)
