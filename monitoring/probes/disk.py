"""Room on file systems and their inodes, and how busy disks are. File systems without a size, and those of the kernel, are left out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import psutil
from django.utils.translation import gettext_lazy as _

from monitoring.probes import rates
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

GIB = 2**30


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    for mount in given["mounts"] or _mounts():
        try:
            place, inodes = psutil.disk_usage(mount), _inodes(mount)
        except OSError as error:
            found.lack(mount, error.strerror or str(error), "Correct the path, or let the probe's user enter it.")
            continue
        if place.total:
            _room(mount, place, inodes, given, found)
    if not found.readings and not found.missing:
        found.lack("file systems", "none was found", "Name the mounts to look at.")
    _busy(found, context)
    return found


def _mounts() -> list[str]:
    """Each device once: a container binds the same one to many places."""
    first: dict[str, str] = {}
    for part in sorted(psutil.disk_partitions(all=False), key=lambda part: len(part.mountpoint)):
        first.setdefault(part.device, part.mountpoint)
    return list(first.values()) or ["/"]


def _inodes(mount: str) -> os.statvfs_result:
    return os.statvfs(mount)


def _room(mount: str, place: Any, inodes: os.statvfs_result, given: Mapping[str, Any], found: Finding) -> None:
    """Nine tenths of a small disk are a problem, of a large one not yet: used counts only where little is left as well."""
    warn = None if place.free < given["warn_below_gib"] * GIB else ""
    crit = None if place.free < given["crit_below_gib"] * GIB else ""
    found.measure("used_percent", 100 * (place.total - place.free) / place.total, mount, warn=warn, crit=crit)
    found.measure("free", place.free, mount)
    if inodes.f_files:  # some file systems make inodes as they go and tell none
        found.measure("inodes_free_percent", 100 * inodes.f_favail / inodes.f_files, mount)


def _busy(found: Finding, context: Context) -> None:
    disks = psutil.disk_io_counters(perdisk=True) or {}
    counters = {name: float(getattr(one, "busy_time", 0)) for name, one in disks.items() if getattr(one, "busy_time", 0)}
    busy, _seconds = rates.per_second(counters, context.memory, context.now)
    for name, milliseconds in sorted(busy.items(), key=lambda one: -one[1])[:8]:
        found.measure("busy_percent", min(milliseconds / 10, 100), name)
    found.memory = rates.note(counters, context.now)


PROBE = Probe(
    name="disk",
    title=_("Disk room and inodes"),
    kind="system",
    run=run,
    is_of_host=True,
    privilege=_("None; a mount must be readable to the probe's user."),
    options=(
        Option("mounts", _("mounts"), "words", "", _("By commas; every one of a real device where nothing is given.")),
        Option("warn_below_gib", _("warn only below"), "number", 10, _("of free room"), "GiB", "Zabbix Linux template", low=0),
        Option("crit_below_gib", _("critical only below"), "number", 5, _("of free room"), "GiB", "Zabbix Linux template", low=0),
    ),
    figures=(
        Figure("used_percent", "%", _("room used"), "80", "90", "Zabbix Linux template"),
        Figure("free", "B", _("room left")),
        Figure("inodes_free_percent", "%", _("inodes left"), "20:", "10:", "Zabbix, Icinga ITL"),
        Figure("busy_percent", "%", _("time the disk was busy"), "98", "", "Netdata"),
    ),
)
