"""Sign-ins from auth.log or the journal: brute force by address, success after failures, invalid users, sudo, new accounts."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _

from monitoring.probes import tailing
from monitoring.probes.authlines import Event, events
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe
from monitoring.probes.suspects import Suspects

JOURNAL = ("sshd", "sshd-session", "sudo", "su", "useradd", "usermod")  # sshd-session since OpenSSH 9.8
QUICK = (8, timedelta(seconds=120))  # Wazuh rule 5712
LAST_TRIES, MOST_ADDRESSES, MOST_PAIRS = 50, 2000, 2000
SUCCESS_AFTER = 3


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        lines, cursor = _journal(context) if given["file"] == "" else _file(given["file"], context)
        zone = ZoneInfo(given["zone"]) if given["zone"] else None
    except tailing.Unreadable as error:
        found.lack("sign-ins", str(error), error.remedy)
        return found
    except (ZoneInfoNotFoundError, ValueError):
        found.lack("sign-ins", f"“{given['zone']}” is not a time zone", "Use a name such as Europe/Paris.")
        return found
    guard = Watchman(given, context)
    guard.see(events(lines, now=context.now, zone=zone))
    guard.tell(found)
    found.memory = {**guard.memory(), "cursor": cursor}
    return found


def _file(name: str, context: Context) -> tuple[list[str], Any]:
    tail = tailing.read(Path(name), _cursor(context))
    return tail.lines, tail.cursor


def _cursor(context: Context) -> Mapping[str, Any]:
    cursor = context.memory.get("cursor", {})
    return cursor if isinstance(cursor, Mapping) else {}


def _journal(context: Context) -> tuple[list[str], Any]:
    """journald's lines in syslog's form, after the last cursor; the first time those of the last ten minutes."""
    cursor = context.memory.get("cursor")
    since = [f"--after-cursor={cursor}"] if isinstance(cursor, str) and cursor else ["--since=-10min"]
    units = [f"_COMM={name}" for name in JOURNAL]
    program = shutil.which("journalctl") or "journalctl"
    try:
        told = subprocess.run(
            [program, "-o", "short-iso", "--no-pager", "-q", "--show-cursor", "-n", "20000", *since, *units],
            capture_output=True, timeout=max(context.deadline.left() - 0.5, 0.1), check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise tailing.Unreadable("there is no journalctl here", "Name a file such as /var/log/auth.log.") from None
    if told.returncode:
        words = told.stderr.decode(errors="replace").strip()[:200]
        raise tailing.Unreadable(words or "journalctl failed", "Let the probe's user in: usermod -aG systemd-journal USER.")
    lines = told.stdout.decode(errors="replace").splitlines()
    last = lines.pop().removeprefix("-- cursor: ") if lines and lines[-1].startswith("-- cursor: ") else cursor
    return lines, last


class Watchman:
    """The rules, over what was remembered and what is new. Times are the log's own."""

    def __init__(self, given: Mapping[str, Any], context: Context) -> None:
        self.given, self.now = given, context.now
        self.within = timedelta(seconds=given["within_s"])
        memory = context.memory
        self.tries: dict[str, list[str]] = {name: list(times) for name, times in memory.get("tries", {}).items()}
        self.pairs: dict[str, str] = dict(memory.get("pairs", {}))
        self.is_first = "pairs" not in memory
        self.suspects = Suspects.load(context.check, timedelta(seconds=given["quiet_s"]), memory.get("suspects", {}))
        self.counts: Counter[str] = Counter()
        self.by_address: Counter[str] = Counter()
        self.users: Counter[str] = Counter()
        self.notes: list[str] = []

    def see(self, found: Iterable[Event]) -> None:
        for event in found:
            self.counts[event.kind] += event.times
            if event.kind == "failed":
                self.failed(event)
            elif event.kind == "accepted":
                self.accepted(event)
            elif event.kind == "invalid":
                self.users[event.user] += 1
            elif event.kind in ("account", "made_root"):
                self.notes.append(f"{'new account' if event.kind == 'account' else 'now an administrator'}: {event.user}")

    def failed(self, event: Event) -> None:
        self.by_address[event.address] += event.times
        kept = [*self.tries.pop(event.address, []), *[event.at.isoformat()] * min(event.times, LAST_TRIES)]
        self.tries[event.address] = kept = [at for at in kept if at > (event.at - self.within).isoformat()][-LAST_TRIES:]
        while len(self.tries) > MOST_ADDRESSES:
            del self.tries[next(iter(self.tries))]
        many, (quick, soon) = self.given["failures"], QUICK
        last_few = [at for at in kept if at > (event.at - soon).isoformat()]
        if len(kept) >= many or len(last_few) >= quick or self.suspects.is_known(event.address):
            words = f"brute force from {event.address}: {len(kept)} failures within {self.within.seconds // 60} min, last as {event.user}"
            self.suspects.accuse(event.address, event.at, "warning", words)

    def accepted(self, event: Event) -> None:
        """A password found after trying: by an address that attacks, or that has just failed several times."""
        tried = [at for at in self.tries.get(event.address, []) if at > (event.at - self.within).isoformat()]
        if self.suspects.is_known(event.address) or len(tried) >= SUCCESS_AFTER:
            words = f"{event.user} signed in from {event.address} after {max(len(tried), SUCCESS_AFTER)} or more failures there"
            self.suspects.accuse(event.address, event.at, "critical", words)
        pair = f"{event.user} {event.address}"
        if pair not in self.pairs and not self.is_first:
            self.counts["new_address"] += 1
            self.notes.append(f"{event.user} signed in from {event.address} for the first time")
        self.pairs.pop(pair, None)
        self.pairs[pair] = event.at.date().isoformat()

    def tell(self, found: Finding) -> None:
        self.suspects.forget(self.now)
        for figure, kind in FIGURES:
            found.measure(figure, self.counts[kind])
        found.measure("attacking_addresses", len(self.suspects.known) + len(self.suspects.others))
        found.notes += self.notes[:10]
        found.more = self.suspects.told
        rows = [f"{n:6} failures from {address}" for address, n in self.by_address.most_common(20)]
        found.detail = "\n".join([*rows, *(f"{n:6} tries as invalid user {user}" for user, n in self.users.most_common(20))])

    def memory(self) -> dict[str, Any]:
        floor = (self.now - self.within - timedelta(hours=1)).isoformat()
        tries = {name: times for name, times in self.tries.items() if times and times[-1] > floor}
        return {"tries": tries, "pairs": dict(list(self.pairs.items())[-MOST_PAIRS:]), "suspects": self.suspects.dump()}


FIGURES = (
    ("failed", "failed"), ("invalid_users", "invalid"), ("accepted", "accepted"), ("accepted_from_new_addresses", "new_address"),
    ("root_refused", "root_refused"), ("scans", "scanned"), ("sudo", "sudo"), ("sudo_failed", "sudo_failed"), ("su_failed", "su_failed"),
    ("new_accounts", "account"), ("new_administrators", "made_root"),
)  # fmt: skip

PROBE = Probe(
    name="authlog",
    title=_("Sign-ins: brute force, success after failures, sudo, accounts"),
    kind="security",
    run=run,
    privilege=_("The probe's user reads the log: group adm, or systemd-journal."),
    options=(
        Option("file", _("file"), "path", "", _("Such as /var/log/auth.log; the journal where nothing is given.")),
        Option("zone", _("zone of stamps without one"), "text", "", _("The host's own where nothing is given.")),
        Option(
            "failures", _("brute force from so many failures"), "whole", 5, _("of one address"), "", "fail2ban maxretry", low=2, high=50
        ),
        Option("within_s", _("within"), "whole", 600, _("or 8 within 120 s, as Wazuh"), "s", "fail2ban findtime", low=60, high=86_400),
        Option(
            "quiet_s",
            _("over after so long without a failure"),
            "whole",
            21_600,
            _("One address that comes and goes is one alert."),
            "s",
            "our judgement",
            low=60,
            high=604_800,
        ),
    ),
    figures=(
        Figure("failed", "", _("failed sign-ins since the last run")),
        Figure("invalid_users", "", _("tries as users that do not exist")),
        Figure("accepted", "", _("sign-ins")),
        Figure("accepted_from_new_addresses", "", _("sign-ins of a user from an address not seen before")),
        Figure("root_refused", "", _("sign-ins as root that were refused")),
        Figure("scans", "", _("connections to SSH that said nothing of SSH")),
        Figure("sudo", "", _("commands by sudo")),
        Figure("sudo_failed", "", _("refusals of sudo"), "2", "", "our judgement"),
        Figure("su_failed", "", _("refusals of su"), "2", "", "our judgement"),
        Figure("new_accounts", "", _("accounts made"), "0", "", "our judgement"),
        Figure("new_administrators", "", _("people put into sudo, wheel or root"), "0", "", "our judgement"),
        Figure("attacking_addresses", "", _("addresses that attack; each has an alert of its own")),
    ),
)
