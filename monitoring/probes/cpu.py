"""Processor time and load, over a second of measuring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psutil
from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, cpus = Finding(), psutil.cpu_count() or 1
    spent = psutil.cpu_times_percent(interval=given["over_s"])
    found.measure("used_percent", 100 - spent.idle - getattr(spent, "iowait", 0))
    for name in ("iowait", "steal"):
        if hasattr(spent, name):
            found.measure(f"{name}_percent", getattr(spent, name))
        else:
            found.lack(f"{name}_percent", "this kernel does not tell it", "Leave it out by running the probe on Linux.")
    for name, load in zip(("load1", "load5", "load15"), psutil.getloadavg(), strict=True):
        found.measure(f"{name}_per_cpu", load / cpus)
    return found


PROBE = Probe(
    name="cpu",
    title=_("Processor and load"),
    kind="system",
    run=run,
    is_of_host=True,
    options=(Option("over_s", _("measure over"), "number", 1, "", "s", "vmstat", low=0.1, high=5),),
    figures=(
        Figure("used_percent", "%", _("processor time used"), "85", "95", "Netdata, over 10 min: set “bad for at least”"),
        Figure("iowait_percent", "%", _("waiting for disks"), "40", "", "Netdata"),
        Figure("steal_percent", "%", _("taken by other guests of the machine"), "10", "", "Netdata"),
        Figure("load1_per_cpu", "", _("load over a minute, per processor"), "8", "", "Netdata"),
        Figure("load5_per_cpu", "", _("load over 5 minutes, per processor"), "4", "", "Netdata"),
        Figure("load15_per_cpu", "", _("load over 15 minutes, per processor"), "2", "", "Netdata"),
    ),
)
