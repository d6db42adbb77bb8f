"""Port scans from a firewall's log (nft and iptables LOG lines, ufw) and from scanlogd: one alert an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes import tailing
from monitoring.probes.authlines import HEAD, old_stamp
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe
from monitoring.probes.suspects import Suspects

PACKET = re.compile(r" SRC=(?P<source>[0-9A-Fa-f.:]{2,45}) .{0,300}?(?:PROTO=\S{1,10} )?.{0,100}?DPT=(?P<port>\d{1,5})\b")
SCANLOGD = re.compile(r"^(?P<source>[0-9.]{7,15}|[0-9A-Fa-f:]{2,45})(?::\d{1,5})? to \S{1,60} ports? (?P<ports>[\d, .]{1,200})")
GAP = timedelta(seconds=3)  # scanlogd: a scan's packets follow each other this closely
PRIVILEGED, OTHERS = 7, 21  # scanlogd's measure: distinct ports
MOST_SOURCES = 2000


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        tail = tailing.read(Path(given["file"]), context.memory.get("cursor", {}))
    except tailing.Unreadable as error:
        found.lack("scans", str(error), error.remedy)
        return found
    suspects = Suspects.load(context.check, timedelta(seconds=given["quiet_s"]), context.memory.get("suspects", {}))
    sources: dict[str, dict[str, Any]] = {name: dict(row) for name, row in context.memory.get("sources", {}).items()}
    packets = 0
    for line in tail.lines:
        head = HEAD.match(line)
        if head is None:
            continue
        packets += _see(head, context, sources, suspects)
    suspects.forget(context.now)
    found.measure("blocked", packets)
    found.measure("scanning_addresses", len(suspects.known) + len(suspects.others))
    found.more = suspects.told
    found.memory = {"cursor": tail.cursor, "suspects": suspects.dump(), "sources": dict(list(sources.items())[-MOST_SOURCES:])}
    return found


def _see(head: re.Match[str], context: Context, sources: dict[str, dict[str, Any]], suspects: Suspects) -> int:
    try:
        at = datetime.fromisoformat(head["iso"]) if head["iso"] else old_stamp(head["old"], now=context.now, zone=None)
    except ValueError:
        return 0
    if head["program"] == "scanlogd" and (told := SCANLOGD.match(head["words"])):
        suspects.accuse(told["source"], at, "warning", f"port scan from {told['source']}: ports {told['ports'].strip(' ,.')}")
        return 0
    packet = PACKET.search(head["words"]) if head["program"] == "kernel" else None
    if packet is None:
        return 0
    row = sources.pop(packet["source"], {"last": at.isoformat(), "ports": []})
    ports = row["ports"] if at - datetime.fromisoformat(row["last"]) <= GAP else []
    ports = sorted({*ports, int(packet["port"])})[:100]
    sources[packet["source"]] = {"last": at.isoformat(), "ports": ports}
    if sum(port < 1024 for port in ports) >= PRIVILEGED or len(ports) >= OTHERS or suspects.is_known(packet["source"]):
        suspects.accuse(
            packet["source"],
            at,
            "warning",
            f"port scan from {packet['source']}: {len(ports)} ports, such as {', '.join(map(str, ports[:8]))}",
        )
    return 1


PROBE = Probe(
    name="scans",
    title=_("Port scans by address"),
    kind="security",
    run=run,
    privilege=_("A firewall that logs (nft log, ufw logging on); the probe's user reads the log (group adm)."),
    options=(
        Option("file", _("file"), "path", "/var/log/kern.log", _("Of nft, iptables, ufw or scanlogd.")),
        Option("quiet_s", _("over after so long without a packet"), "whole", 3600, "", "s", "our judgement", low=60, high=604_800),
    ),
    figures=(
        Figure("blocked", "", _("packets the firewall logged since the last run")),
        Figure("scanning_addresses", "", _("addresses that scan; each has an alert of its own")),
    ),
)
