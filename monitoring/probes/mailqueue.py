"""Postfix's queue: how many letters wait, how long the oldest has, and for which domains."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

QUEUES = ("active", "deferred", "hold", "incoming", "maildrop")


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, program = Finding(), shutil.which(given["program"])
    if program is None:
        found.lack("the queue", f"there is no {given['program']} here", "Run the probe on the mail server, with Postfix 3.1 or newer.")
        return found
    told = subprocess.run([program, "-j"], capture_output=True, timeout=max(context.deadline.left() - 0.5, 0.1), check=False)
    if told.returncode:
        why = told.stderr.decode(errors="replace").strip()[:200] or f"exit code {told.returncode}"
        found.lack("the queue", why, "Let the probe's user in: authorized_mailq_users in main.cf.")
        return found
    try:
        letters = [json.loads(line) for line in told.stdout.splitlines() if line.strip()]
    except ValueError:
        found.lack("the queue", f"{given['program']} -j did not answer in JSON", "Postfix 3.1 or newer does.")
        return found
    _told(letters, context, found)
    return found


def _told(letters: list[dict[str, Any]], context: Context, found: Finding) -> None:
    by_queue = Counter(str(letter.get("queue_name")) for letter in letters)
    found.measure("waiting", len(letters))
    for queue in QUEUES:
        found.measure("in_queue", by_queue[queue], queue)
    oldest = min((float(letter.get("arrival_time", 0)) for letter in letters), default=context.now.timestamp())
    found.measure("oldest_s", max(context.now.timestamp() - oldest, 0))
    domains = Counter(str(to.get("address", "")).rpartition("@")[2] for letter in letters for to in letter.get("recipients", []))
    reasons = Counter(
        str(to.get("delay_reason", ""))[:120] for letter in letters for to in letter.get("recipients", []) if to.get("delay_reason")
    )
    found.detail = "\n".join(f"{count:6} {name}" for name, count in [*domains.most_common(15), *reasons.most_common(10)])


PROBE = Probe(
    name="mailqueue",
    title=_("Mail queue"),
    kind="mail",
    run=run,
    is_of_host=True,
    privilege=_("On the mail server; Postfix's authorized_mailq_users."),
    options=(Option("program", _("program"), "choice", "postqueue", choices=("postqueue",)),),
    figures=(
        Figure("waiting", "", _("letters that wait"), "100", "500", "our judgement"),
        Figure("in_queue", "", _("letters, per queue")),
        Figure(
            "oldest_s",
            "s",
            _("age of the oldest"),
            "3600",
            "14400",
            "our judgement; Postfix warns the sender after 4 h where delay_warning_time=4h",
        ),
    ),
)
