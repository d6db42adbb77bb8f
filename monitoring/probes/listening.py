"""What listens on this host, and what is new among it: a port that nobody opened on purpose is how many break-ins are found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import psutil
from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        lines = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError) as error:
        found.lack("listening ports", str(error), "Run the probe as root.")
        return found
    heard = {_place(line): _who(line.pid) for line in lines if line.status == psutil.CONN_LISTEN and not _is_local(line, given)}
    known: dict[str, str] = dict(context.memory.get("seen", {}))
    is_first = "seen" not in context.memory
    since = (context.now - timedelta(hours=given["hours"])).isoformat()
    seen = {place: known.get(place, "" if is_first else context.now.isoformat()) for place in heard}
    expected = {int(port) for port in given["expected"] if port.isdigit()}
    fresh = [place for place, first in seen.items() if first > since and int(place.rpartition(":")[2]) not in expected]
    found.measure("listening", len(heard))
    found.measure("new", len(fresh))
    for place in fresh:
        found.fault("warning", f"{place} is new since {datetime.fromisoformat(seen[place]):%Y-%m-%d %H:%M} UTC ({heard[place]})")
    for port in sorted(expected - {int(place.rpartition(":")[2]) for place in heard}):
        if given["must_all"]:
            found.fault("critical", f"nothing listens on port {port}")
    found.detail = "\n".join(f"{place} {who}" for place, who in sorted(heard.items()))
    found.memory = {"seen": seen}
    return found


def _place(line: Any) -> str:
    return f"{line.laddr.ip}:{line.laddr.port}"


def _is_local(line: Any, given: Mapping[str, Any]) -> bool:
    return not given["loopback"] and (line.laddr.ip.startswith("127.") or line.laddr.ip == "::1")


def _who(pid: int | None) -> str:
    try:
        return psutil.Process(pid).name() if pid else "whose, root sees"
    except psutil.Error:
        return "already gone"


PROBE = Probe(
    name="listening",
    title=_("Listening ports, and new ones"),
    kind="security",
    run=run,
    every_s=300,
    is_of_host=True,
    privilege=_("root to see whose a port is."),
    options=(
        Option("expected", _("expected ports"), "words", "", _("By commas; those found at the first run are taken as known.")),
        Option("must_all", _("each expected one must listen"), "flag", False),
        Option("loopback", _("those on the loopback as well"), "flag", False),
        Option("hours", _("new for"), "number", 24, _("or until it is expected"), "h", "our judgement", low=0.1, high=720),
    ),
    figures=(Figure("listening", "", _("listening ports")), Figure("new", "", _("new listening ports"))),
)
