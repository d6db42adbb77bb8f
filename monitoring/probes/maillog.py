"""A mail server's log (Postfix): letters an hour by sender and recipient, senders from outside that are new, unusually large letters.

Addresses, sizes and outcomes alone are read; no letter is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes import tailing
from monitoring.probes.accesslog import percentile
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

QUEUED = re.compile(r"postfix/\S{0,40}qmgr\[\d+\]: (\w{1,40}): from=<([^>]{0,320})>, size=(\d{1,15}), nrcpt=(\d{1,9})")
SENT = re.compile(
    r"postfix/[\w/-]{1,40}\[\d+\]: (\w{1,40}): to=<([^>]{0,320})>,.{0,400}? delay=(\d{1,9}(?:\.\d{1,9})?),"
    r".{0,400}? status=(sent|bounced|deferred|expired)"
)
REJECTED = re.compile(r"postfix/\S{0,40}smtpd\[\d+\]: (?:NOQUEUE|\w{1,40}): reject: ")
SPAM = re.compile(r"(?:spamd: result: Y|Blocked SPAM|Passed SPAM|rspamd_task_write_log:.{0,400}\((?:reject|add header)\))")
AUTHENTICATION = re.compile(
    r"(?:opendmarc\[\d+\]:.{0,200} fail|opendkim\[\d+\]:.{0,200}(?:bad signature|verification failed)"
    r"|policyd-spf\[\d+\]:.{0,200}(?:Fail|fail);)"
)
MOST_SENDERS = 2000
SIZES_KEPT = 20
SHOWN = 20


@dataclass
class Counted:
    """What the new lines say. A letter that was put in the queue again counts once."""

    letters: dict[str, tuple[str, int, int]] = field(default_factory=dict)  # queue id: sender, size, recipients
    recipients: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    rejected: int = 0
    spam: int = 0
    unauthentic: int = 0


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        tail = tailing.read(Path(given["file"]), context.memory.get("cursor", {}))
    except tailing.Unreadable as error:
        found.lack("the mail log", str(error), error.remedy)
        return found
    memory = {**context.memory, "cursor": tail.cursor, "at": context.now.isoformat()}
    counted = count(tail.lines)
    senders = _known(counted, memory, given, context, found)
    if "at" in context.memory:
        hours = max((context.now - datetime.fromisoformat(str(context.memory["at"]))).total_seconds(), 1.0) / 3600
        _told(counted, hours, found)
    else:
        found.notes.append(f"{len(counted.letters)} letters seen; figures by the hour follow with the next run")
    found.memory = memory | {"senders": senders}
    return found


def count(lines: Sequence[str]) -> Counted:
    counted = Counted()
    for line in lines:
        if queued := QUEUED.search(line):
            counted.letters[queued[1]] = (queued[2].lower(), int(queued[3]), int(queued[4]))
        elif sent := SENT.search(line):
            counted.outcomes[sent[4]] += 1
            counted.recipients[sent[2].lower()] += 1
            counted.delays += [float(sent[3])] if sent[4] == "sent" else []
        counted.rejected += bool(REJECTED.search(line))
        counted.spam += bool(SPAM.search(line))
        counted.unauthentic += bool(AUTHENTICATION.search(line))
    return counted


def _told(counted: Counted, hours: float, found: Finding) -> None:
    senders = Counter(sender for sender, _size, _nrcpt in counted.letters.values())
    found.measure("letters_per_h", len(counted.letters) / hours)
    found.measure("recipients_per_h", sum(nrcpt for *_rest, nrcpt in counted.letters.values()) / hours)
    found.measure("senders", len(senders))
    if senders:
        found.measure("most_of_one_sender_per_h", senders.most_common(1)[0][1] / hours)
    for outcome in ("bounced", "deferred", "expired"):
        found.measure(f"{outcome}_percent", 100 * counted.outcomes[outcome] / (counted.outcomes.total() or 1))
    for name in ("rejected", "spam", "unauthentic"):
        found.measure(f"{name}_per_h", getattr(counted, name) / hours)
    if counted.delays:
        found.measure("delay_p95_s", percentile(sorted(counted.delays), 95))
    rows = [f"{n / hours:8.1f}/h from {name or '<>'}" for name, n in senders.most_common(SHOWN)]
    found.detail = "\n".join(
        [found.detail, *rows, *(f"{n / hours:8.1f}/h to {name}" for name, n in counted.recipients.most_common(SHOWN))]
    ).strip()


def _known(counted: Counted, memory: Mapping[str, Any], given: Mapping[str, Any], context: Context, found: Finding) -> dict[str, list[int]]:
    """Sizes of each sender's last letters. New outside senders and letters far above a sender's own measure are told."""
    known: dict[str, list[int]] = {name: list(sizes) for name, sizes in memory.get("senders", {}).items()}
    is_first, fresh, large = "senders" not in memory, set(), []
    cap = given["large_mib"] * 2**20
    for sender, size, _nrcpt in counted.letters.values():
        before = known.get(sender, [])
        is_ours = sender.rpartition("@")[2] in {domain.lower() for domain in given["own_domains"]}
        if not before and not is_ours and sender and not is_first:
            fresh.add(sender)
        if size > max(cap, 3 * percentile(sorted(before), 99) if before else 0):
            large.append((size, sender))
        known.pop(sender, None)
        known[sender] = [*before, size][-SIZES_KEPT:]  # the newest stand last: the first to be forgotten is the one not heard for longest
    if not is_first:
        found.measure("new_outside_senders", len(fresh))
    found.measure("large", len(large))
    lines = [f"large: {size / 2**20:.1f} MiB from {sender}" for size, sender in sorted(large, reverse=True)[:SHOWN]]
    found.detail = "\n".join(lines + [f"new: {sender}" for sender in sorted(fresh)[:SHOWN]])
    return dict(list(known.items())[-MOST_SENDERS:])


PROBE = Probe(
    name="maillog",
    title=_("Mail log"),
    kind="mail",
    run=run,
    every_s=300,
    is_of_host=False,
    privilege=_(
        "The probe's user reads the log (group adm on Debian). Purpose: operation and security of mail; "
        "addresses and sizes are kept as long as results are."
    ),
    options=(
        Option("file", _("file"), "path", "/var/log/mail.log"),
        Option("own_domains", _("own domains"), "words", "", _("By commas; senders of other domains are from outside."), is_required=True),
        Option(
            "large_mib",
            _("a letter is large above"),
            "number",
            10,
            _("and above three times the sender's usual"),
            "MiB",
            "Postfix message_size_limit",
            low=0,
        ),
    ),
    figures=(
        Figure("letters_per_h", "/h", _("letters")),
        Figure("recipients_per_h", "/h", _("recipients")),
        Figure("senders", "", _("different senders")),
        Figure("most_of_one_sender_per_h", "/h", _("letters of the busiest sender"), "500", "2000", "our judgement"),
        Figure("new_outside_senders", "", _("senders from outside not seen before")),
        Figure("large", "", _("unusually large letters"), "0", "", "our judgement"),
        Figure("bounced_percent", "%", _("letters that came back"), "10", "30", "our judgement"),
        Figure("deferred_percent", "%", _("letters put off"), "30", "60", "our judgement"),
        Figure("expired_percent", "%", _("letters given up"), "5", "", "our judgement"),
        Figure("rejected_per_h", "/h", _("letters refused at the door")),
        Figure("spam_per_h", "/h", _("letters judged spam by the filter")),
        Figure("unauthentic_per_h", "/h", _("letters that failed SPF, DKIM or DMARC")),
        Figure("delay_p95_s", "s", _("time to delivery, 95th percentile"), "300", "", "our judgement"),
    ),
)
