"""Memory and swap, and whether the kernel killed something for want of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Probe

VMSTAT = Path("/proc/vmstat")


def run(_given: Mapping[str, Any], context: Context) -> Finding:
    found, memory, swap = Finding(), psutil.virtual_memory(), psutil.swap_memory()
    found.measure("used_percent", 100 * (memory.total - memory.available) / memory.total)
    found.measure("available", memory.available)
    if swap.total:
        found.measure("swap_used_percent", swap.percent)
    else:
        found.notes.append("no swap")  # none is neither full nor well: it is left out
    kills = _kills()
    if kills is None:
        found.lack("oom_kills", f"{VMSTAT} tells none", "A kernel of 4.13 or newer tells them.")
    elif "kills" in context.memory:
        found.measure("oom_kills", max(kills - int(context.memory["kills"]), 0))
    found.memory = {"kills": kills or 0}
    return found


def _kills() -> int | None:
    try:
        lines = VMSTAT.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


PROBE = Probe(
    name="memory",
    title=_("Memory and swap"),
    kind="system",
    run=run,
    is_of_host=True,
    figures=(
        Figure("used_percent", "%", _("memory used, caches not counted"), "90", "98", "Netdata"),
        Figure("available", "B", _("memory that programs may still get")),
        Figure("swap_used_percent", "%", _("swap used; none without swap"), "90", "98", "Netdata"),
        Figure("oom_kills", "", _("processes the kernel killed since the last run"), "", "0", "Netdata"),
    ),
)
