"""Latency, jitter and loss by ICMP; where this host lets nobody ping, the time a TCP connection takes, and it says so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any

import icmplib
from django.utils.translation import gettext_lazy as _

from monitoring.probes import guard
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

PAUSE_S = 0.1
REMEDY = "sysctl -w net.ipv4.ping_group_range='0 2147483647' lets everybody ping"


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        address = guard.addresses(given["host"], given["tcp_port"], context)[0][0]
    except OSError as error:
        found.fault("critical", f"{given['host']}: {error.strerror or error}")
        return found
    wait_s = min(given["wait_s"], max(0.05, context.deadline.left() / given["count"] - PAUSE_S))
    if given["way"] != "tcp":
        try:
            _told(_by_icmp(address, given["count"], wait_s), given["count"], found)
            return found
        except icmplib.SocketPermissionError:
            if given["way"] == "icmp":
                found.lack("round trips", "this host lets the probe's user send no ICMP", f"{REMEDY}.")
                return found
            found.notes.append(f"by TCP port {given['tcp_port']}, because ICMP is not permitted here ({REMEDY})")
        except icmplib.ICMPLibError as error:
            found.lack("round trips", str(error), "Use the way tcp.")
            return found
    _told(_by_tcp(address, given, wait_s, context), given["count"], found)
    return found


def _by_icmp(address: str, count: int, wait_s: float) -> list[float]:
    for privileged in (False, True):  # a datagram socket needs ping_group_range, a raw one root
        try:
            return list(icmplib.ping(address, count=count, interval=PAUSE_S, timeout=wait_s, privileged=privileged).rtts)
        except icmplib.SocketPermissionError:
            if privileged:
                raise
    return []


def _by_tcp(address: str, given: Mapping[str, Any], wait_s: float, context: Context) -> list[float]:
    """Milliseconds to a connection, or to its refusal: both have been there and back."""
    took = []
    for _turn in range(given["count"]):
        began = time.monotonic()
        try:
            guard.dial(address, given["tcp_port"], context, connect_s=wait_s).close()
        except ConnectionRefusedError:
            pass
        except OSError:
            continue
        took.append(1000 * (time.monotonic() - began))
        time.sleep(min(PAUSE_S, context.deadline.left()))
    return took


def _told(took: list[float], count: int, found: Finding) -> None:
    found.measure("loss_percent", 100 * (count - len(took)) / count)
    if took:
        found.measure("latency_ms", fmean(took))
        found.measure("jitter_ms", fmean(abs(a - b) for a, b in pairwise(took)) if len(took) > 1 else 0.0)
        found.measure("deviation_ms", pstdev(took))


PROBE = Probe(
    name="ping",
    title=_("Latency, jitter and loss"),
    kind="network",
    run=run,
    silence="critical",
    deadline_s=15.0,
    privilege=_("ICMP: net.ipv4.ping_group_range or CAP_NET_RAW; else a TCP port is timed. Private addresses need PROBE_ALLOW."),
    options=(
        Option("host", _("host"), "host", is_required=True),
        Option("way", _("by"), "choice", "any", _("any: ICMP, else TCP."), choices=("any", "icmp", "tcp")),
        Option("tcp_port", _("TCP port to time"), "whole", 443, low=1, high=65535),
        Option("count", _("packets"), "whole", 5, "", "", "Nagios check_ping", low=1, high=50),
        Option("wait_s", _("wait for each"), "number", 1, "", "s", "ping(8)", low=0.05, high=5),
    ),
    figures=(
        Figure("latency_ms", "ms", _("round trip, mean"), "100", "500", "Nagios check_ping"),
        Figure(
            "jitter_ms",
            "ms",
            _("difference of one round trip to the next, mean"),
            "30",
            "",
            "our judgement; ITU-T Y.1541 class 0 allows 50 ms",
        ),
        Figure("deviation_ms", "ms", _("deviation of round trips")),
        Figure("loss_percent", "%", _("packets lost"), "20", "60", "Nagios check_ping"),
    ),
)
