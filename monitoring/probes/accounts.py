"""Accounts of this host: new ones, others with root's number, new members of the groups that may become root."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

POWERS = ("sudo", "wheel", "admin", "root", "docker")


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, folder = Finding(), Path(given["folder"])
    try:
        people = {f"account {row[0]}": row[2] for row in _rows(folder / "passwd") if len(row) > 2}
        groups = {f"{name} in {row[0]}": "" for row in _rows(folder / "group") if row[0] in POWERS for name in row[3].split(",") if name}
    except (OSError, IndexError) as error:
        found.lack("accounts", str(error), "Let the probe's user read /etc/passwd and /etc/group.")
        return found
    roots = sorted(name.removeprefix("account ") for name, uid in people.items() if uid == "0" and name != "account root")
    known, is_first = dict(context.memory.get("seen", {})), "seen" not in context.memory
    seen = {name: known.get(name, "" if is_first else context.now.isoformat()) for name in [*people, *groups]}
    since = (context.now - timedelta(hours=given["hours"])).isoformat()
    fresh = [name for name, first in seen.items() if first > since]
    found.measure("accounts", len(people))
    found.measure("new", len(fresh))
    found.measure("roots", len(roots))
    for name in fresh:
        found.fault("warning", f"{name} is new")
    if roots:
        found.fault("critical", f"these are root by their number: {', '.join(roots)}")
    found.memory = {"seen": seen}
    return found


def _rows(path: Path) -> list[list[str]]:
    return [line.split(":") for line in path.read_text(errors="replace").splitlines() if ":" in line]


PROBE = Probe(
    name="accounts",
    title=_("Accounts, and new ones"),
    kind="security",
    run=run,
    every_s=300,
    options=(
        Option("folder", _("folder of passwd and group"), "path", "/etc"),
        Option("hours", _("new for"), "number", 24, "", "h", "our judgement", low=0.1, high=720),
    ),
    figures=(
        Figure("accounts", "", _("accounts")),
        Figure("new", "", _("new accounts and new members of sudo, wheel, docker")),
        Figure("roots", "", _("accounts beside root with its number")),
    ),
)
