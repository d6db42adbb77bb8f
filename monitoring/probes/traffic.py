"""Network traffic: bits a second of each interface, its share of the line, packets lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psutil
from django.utils.translation import gettext_lazy as _

from monitoring.probes import rates
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    seen = {name: one for name, one in psutil.net_io_counters(pernic=True).items() if name != "lo"}
    wanted = given["interfaces"] or sorted(seen)
    counters = {
        f"{name} {what}": float(getattr(seen[name], what))
        for name in wanted if name in seen
        for what in ("bytes_recv", "bytes_sent", "packets_recv", "packets_sent", "dropin", "dropout", "errin", "errout")
    }  # fmt: skip
    rate, _seconds = rates.per_second(counters, context.memory, context.now)
    states = psutil.net_if_stats()
    for name in wanted:
        if name not in seen:
            found.lack(f"traffic of {name}", "there is no such interface", f"There are: {', '.join(sorted(seen)) or 'none'}.")
        else:
            _interface(name, rate, given["speed_mbit"] or getattr(states.get(name), "speed", 0), found)
            if name in states and not states[name].isup:
                found.fault("critical", f"{name} is down")
    if counters and not rate:
        found.notes.append("rates follow with the next run")
    found.memory = rates.note(counters, context.now)
    return found


def _interface(name: str, rate: Mapping[str, float], speed_mbit: float, found: Finding) -> None:
    """A speed of 0 is a virtual line that tells none: bits are told, a share is not."""
    if f"{name} bytes_recv" not in rate or f"{name} bytes_sent" not in rate:
        return
    received, sent = 8 * rate[f"{name} bytes_recv"], 8 * rate[f"{name} bytes_sent"]
    found.measure("received_bits", received, name)
    found.measure("sent_bits", sent, name)
    if speed_mbit:
        found.measure("line_percent", 100 * max(received, sent) / (speed_mbit * 1e6), name)
    else:
        found.notes.append(f"{name} tells no speed: set the line's own for a share of it")
    for what, of in (("dropped", ("dropin", "dropout")), ("errors", ("errin", "errout"))):
        lost = sum(rate.get(f"{name} {one}", 0.0) for one in of)
        packets = sum(rate.get(f"{name} {one}", 0.0) for one in ("packets_recv", "packets_sent"))
        found.measure(f"{what}_percent", 100 * lost / packets if packets else 0.0, name)


PROBE = Probe(
    name="traffic",
    title=_("Network traffic and bandwidth"),
    kind="network",
    run=run,
    is_of_host=True,
    options=(
        Option("interfaces", _("interfaces"), "words", "", _("By commas; all but the loopback where nothing is given.")),
        Option(
            "speed_mbit",
            _("speed of the line"),
            "number",
            "",
            _("Needed where the interface tells none, as virtual ones do."),
            "Mbit/s",
            low=0.001,
        ),
    ),
    figures=(
        Figure("received_bits", "bit/s", _("received")),
        Figure("sent_bits", "bit/s", _("sent")),
        Figure("line_percent", "%", _("share of the line's speed"), "85", "90", "Netdata"),
        Figure("dropped_percent", "%", _("packets dropped"), "2", "", "Netdata"),
        Figure("errors_percent", "%", _("packets with errors"), "1", "", "our judgement"),
    ),
)
