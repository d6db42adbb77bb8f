"""TCP connections of this host to others, by remote host and port and by state; what listens here, and what is new among it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from django.utils.translation import gettext_lazy as _

from monitoring.probes import rates
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

SNMP = Path("/proc/net/snmp")
SHOWN = 20


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        lines = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError) as error:
        found.lack("connections", str(error), "Run the probe as root.")
        return found
    heard = {line.laddr.port for line in lines if line.status == psutil.CONN_LISTEN}
    outward = [line for line in lines if line.raddr and line.laddr.port not in heard]
    remote = Counter(f"{line.raddr.ip}:{line.raddr.port}" for line in outward)
    live = Counter(f"{line.raddr.ip}:{line.raddr.port}" for line in outward if line.status == psutil.CONN_ESTABLISHED)
    states = Counter(str(line.status).lower() for line in lines)
    found.measure("to_remote", sum(remote.values()))
    found.measure("remote_hosts", len({name.rpartition(":")[0] for name in remote}))
    for state in ("established", "time_wait", "close_wait", "syn_sent"):
        found.measure("in_state", states[state], state)
    _wanted(given, remote, live, found)
    _retransmitted(found, context)
    found.detail = "\n".join(f"{count:6} {name}" for name, count in remote.most_common(SHOWN))
    return found


def _wanted(given: Mapping[str, Any], remote: Counter[str], live: Counter[str], found: Finding) -> None:
    """A connection not yet made or already over is none that must be there, and one that must not."""
    for name in given["must"]:
        count = sum(n for peer, n in live.items() if name in (peer, peer.rpartition(":")[0]))
        found.measure("to", count, name)
        if not count:
            found.fault("critical", f"no connection to {name}")
    for name in given["must_not"]:
        if any(name in (peer, peer.rpartition(":")[0]) for peer in remote):
            found.fault("critical", f"a connection to {name}, which must not be")


def _retransmitted(found: Finding, context: Context) -> None:
    """Segments sent again, as a share of those sent since the last run."""
    try:
        names, values = (line.split()[1:] for line in SNMP.read_text().splitlines() if line.startswith("Tcp:"))
        told = dict(zip(names, map(float, values), strict=True))
        counters = {name: told[name] for name in ("OutSegs", "RetransSegs")}
    except (OSError, ValueError, KeyError) as error:
        found.lack("retransmitted_percent", str(error), f"Let the probe's user read {SNMP}.")
        return
    rate, _seconds = rates.per_second(counters, context.memory, context.now)
    if rate.get("OutSegs"):
        found.measure("retransmitted_percent", min(100 * rate.get("RetransSegs", 0.0) / rate["OutSegs"], 100))
    found.memory = rates.note(counters, context.now)


PROBE = Probe(
    name="connections",
    title=_("TCP connections to remote hosts"),
    kind="network",
    run=run,
    is_of_host=True,
    privilege=_("root for the connections of other users' programs on some systems."),
    options=(
        Option("must", _("must be connected to"), "words", "", _("Addresses, or address:port, by commas.")),
        Option("must_not", _("must not be connected to"), "words", "", _("Addresses, or address:port, by commas.")),
    ),
    figures=(
        Figure("to_remote", "", _("connections to remote hosts")),
        Figure("remote_hosts", "", _("different remote hosts")),
        Figure("in_state", "", _("connections in a state")),
        Figure("to", "", _("connections to a named host")),
        Figure("retransmitted_percent", "%", _("segments sent again"), "5", "", "our judgement"),
    ),
)
