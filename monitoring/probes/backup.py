"""Backups as files: the age of the newest, its size and whether that shrank, and how often they come."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

MOST_FILES = 20_000
COMPARED = 10


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        files = _files(Path(given["folder"]), given["pattern"])
    except OSError as error:
        found.lack("backups", f"{given['folder']}: {error.strerror}", "Let the probe's user read the folder (setfacl -m u:USER:rx).")
        return found
    if not files:
        found.fault("critical", f"no file in {given['folder']} matches {given['pattern']}")
        return found
    newest = files[0]
    found.measure("age_h", max((context.now.timestamp() - newest.st_mtime) / 3600, 0))
    found.measure("size", newest.st_size)
    found.measure("kept", len(files))
    if newest.st_size < given["least_mib"] * 2**20:
        found.fault("critical", f"the newest has {newest.st_size} bytes, expected {given['least_mib']:g} MiB or more")
    _compared(files, found)
    return found


def _files(folder: Path, pattern: str) -> list[os.stat_result]:
    """Newest first. One that vanishes meanwhile is none."""
    found = []
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_FILES:
                break
            try:
                if fnmatch.fnmatchcase(entry.name, pattern) and entry.is_file():
                    found.append(entry.stat())
            except FileNotFoundError:
                continue
    return sorted(found, key=lambda one: -one.st_mtime)


def _compared(files: list[os.stat_result], found: Finding) -> None:
    """Against those before it: half the usual size is a backup of half the data."""
    earlier = files[1 : COMPARED + 1]
    if not earlier:
        found.notes.append("one backup: nothing to compare it with")
        return
    usual = median(one.st_size for one in earlier)
    if usual:
        found.measure("size_percent_of_usual", 100 * files[0].st_size / usual)
    gaps = [a.st_mtime - b.st_mtime for a, b in pairwise(files[: COMPARED + 1])]
    found.measure("every_h", median(gaps) / 3600)


PROBE = Probe(
    name="backup",
    title=_("Backup files"),
    kind="database",
    run=run,
    every_s=600,
    privilege=_("The probe's user reads the folder."),
    options=(
        Option("folder", _("folder"), "path", is_required=True),
        Option("pattern", _("files"), "text", "*", _("Such as desk-*.dump")),
        Option("least_mib", _("at least"), "number", 0.001, "", "MiB", "our judgement: an empty file is no backup", low=0),
    ),
    figures=(
        Figure("age_h", "h", _("age of the newest"), "26", "50", "our judgement for a daily backup"),
        Figure("size", "B", _("size of the newest")),
        Figure("size_percent_of_usual", "%", _("its size, against the median of those before"), "70:", "40:", "our judgement"),
        Figure("every_h", "h", _("time between backups, median")),
        Figure("kept", "", _("backups kept")),
    ),
)
