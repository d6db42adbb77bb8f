"""File descriptors and processes: of the system, and of programs by name."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

FILES, PIDS = Path("/proc/sys/fs/file-nr"), Path("/proc/sys/kernel/pid_max")
REMEDY = "Run the probe as root, or as the user of the processes."


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    _system(found)
    everybody = list(psutil.process_iter(["name", "pid"]))
    found.measure("processes", len(everybody))
    found.measure("zombies", sum(_is_zombie(one) for one in everybody))
    _descriptors(everybody, found)
    for name in given["must_run"]:
        running = sum(one.info["name"] == name for one in everybody)
        found.measure("running", running, name)
        if not running:
            found.fault("critical", f"{name} does not run")
    return found


def _system(found: Finding) -> None:
    try:
        used, _free, most = (int(word) for word in FILES.read_text().split())
        found.measure("descriptors_percent", 100 * used / most)
        found.measure("descriptors", used)
    except (OSError, ValueError) as error:
        found.lack("descriptors", str(error), f"Let the probe's user read {FILES}.")
    try:
        found.measure("pids_percent", 100 * len(psutil.pids()) / int(PIDS.read_text()))
    except (OSError, ValueError) as error:
        found.lack("pids_percent", str(error), f"Let the probe's user read {PIDS}.")


def _descriptors(everybody: list[psutil.Process], found: Finding) -> None:
    """The program nearest to its own limit. Others' descriptors are root's to see: those that were not seen are counted."""
    worst, whose, unseen = -1.0, "", 0
    for one in everybody:
        try:
            most = one.rlimit(psutil.RLIMIT_NOFILE)[0]
            share = 100 * one.num_fds() / most if most > 0 and most != resource.RLIM_INFINITY else 0.0
        except psutil.NoSuchProcess:
            continue
        except (psutil.AccessDenied, OSError):
            unseen += 1
            continue
        if share > worst:
            worst, whose = share, f"{one.info['name']} ({one.pid})"
    if worst < 0:
        found.lack("descriptors of programs", "none may be looked at", REMEDY)
    else:
        found.measure("program_descriptors_percent", worst)
        found.notes.append(f"nearest to its limit of descriptors: {whose}" + (f"; {unseen} processes not seen: {REMEDY}" if unseen else ""))


def _is_zombie(one: psutil.Process) -> bool:
    try:
        return bool(one.status() == psutil.STATUS_ZOMBIE)
    except (psutil.Error, OSError):
        return False


PROBE = Probe(
    name="processes",
    title=_("Processes and file descriptors"),
    kind="system",
    run=run,
    is_of_host=True,
    privilege=_("root for the descriptors of other users' programs; without it those that were seen."),
    options=(Option("must_run", _("must run"), "words", "", _("Names of programs, by commas.")),),
    figures=(
        Figure("descriptors_percent", "%", _("open files of the system"), "", "90", "Netdata"),
        Figure("descriptors", "", _("open files of the system, counted")),
        Figure("program_descriptors_percent", "%", _("open files of the program nearest to its limit"), "95", "", "Netdata"),
        Figure("processes", "", _("processes")),
        Figure("pids_percent", "%", _("process numbers used"), "90", "95", "Netdata"),
        Figure("zombies", "", _("ended processes nobody buried"), "5", "10", "Nagios sample configuration"),
        Figure("running", "", _("processes of a program")),
    ),
)
