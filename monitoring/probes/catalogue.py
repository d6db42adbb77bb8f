"""Every probe there is, by its name."""

from __future__ import annotations

from monitoring.probes import (
    accesslog,
    accounts,
    address,
    audit,
    authlog,
    backup,
    connections,
    cpu,
    disk,
    http,
    listening,
    mailbox,
    maillog,
    mailqueue,
    mailtrip,
    memory,
    mysql,
    names,
    ping,
    plugin,
    postgres,
    processes,
    scans,
    scrape,
    tcp,
    tls,
    traffic,
    uptime,
)
from monitoring.probes.shape import Probe

MODULES = (
    disk, memory, cpu, processes, traffic, ping, tcp, names, tls, address, connections, http, accesslog, scrape, plugin, uptime,
    postgres, mysql, backup, mailtrip, mailbox, maillog, mailqueue,
    authlog, scans, listening, accounts, audit,
)  # fmt: skip
PROBES: dict[str, Probe] = {module.PROBE.name: module.PROBE for module in MODULES}
