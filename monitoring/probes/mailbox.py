"""A mailbox by IMAP: letters, the oldest unread; and of new letters what their headers say of who sent them.

Headers alone are read. Bodies are read for content patterns only, which are off unless somebody writes one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

import re2
from django.utils.translation import gettext_lazy as _

from monitoring.probes import mailwire
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

MOST_LETTERS = 200  # a run; what is beyond waits for the next
HEADERS = "(BODY.PEEK[HEADER])"
WHOLE = "(BODY.PEEK[]<0.262144>)"
VERDICT = re.compile(r"\b(spf|dkim|dmarc)=(\w{1,20})", re.IGNORECASE)
SCORE = re.compile(r"(?:score=|^)\s*(-?\d{1,4}(?:\.\d{1,4})?)")


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        with mailwire.imap(given, context) as box:
            found.measure("letters", len(mailwire.found_ids(box.search(None, "ALL"))))
            _unread(box, context, found)
            _fresh(box, given, context, found)
    except mailwire.ERRORS as error:
        found.fault("critical", f"{given['imap_host']}: {' '.join(str(error).split())[:200]}")
    return found


def _unread(box: Any, context: Context, found: Finding) -> None:
    unread = mailwire.found_ids(box.search(None, "UNSEEN"))
    found.measure("unread", len(unread))
    if unread:
        _kind, said = box.fetch(unread[0], "(INTERNALDATE)")
        stamp = re.search(rb'INTERNALDATE "([^"]{1,60})"', said[0] if isinstance(said[0], bytes) else b"")
        if stamp:
            at = datetime.strptime(stamp[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
            found.measure("oldest_unread_h", max((context.now - at).total_seconds() / 3600, 0))


def _fresh(box: Any, given: Mapping[str, Any], context: Context, found: Finding) -> None:
    """Letters since the last run, by UID; the first run begins with what comes next."""
    uids = [int(uid) for uid in mailwire.found_ids(box.uid("SEARCH", None, "ALL"))]
    last = int(context.memory.get("uid", max(uids, default=0)))
    fresh = [uid for uid in uids if uid > last][:MOST_LETTERS]
    found.memory = {"uid": fresh[-1] if fresh else last}
    counts: Counter[str] = Counter()
    for uid in fresh:
        _kind, said = box.uid("FETCH", str(uid), WHOLE if given["patterns"] else HEADERS)
        raw = next((part[1] for part in said if isinstance(part, tuple)), b"")
        counts.update(judged(message_from_bytes(raw, policy=policy.compat32), given))  # type: ignore[arg-type]
    found.measure("new", len(fresh))
    for figure in ("spf_fail", "dkim_fail", "dmarc_fail", "reply_elsewhere", "sender_elsewhere", "spam", "delayed", "content"):
        if figure != "content" or given["patterns"]:
            found.measure(figure, counts[figure])


def judged(letter: EmailMessage, given: Mapping[str, Any]) -> list[str]:
    """What speaks against one letter. Only the own server's Authentication-Results count: anybody can write others."""
    marks = [
        f"{kind.lower()}_fail"
        for kind, verdict in _verdicts(letter, given["own_server"])
        if verdict.lower() in ("fail", "softfail", "permerror")
    ]
    author, answer, path = (_domain(letter, name) for name in ("From", "Reply-To", "Return-Path"))
    marks += ["reply_elsewhere"] if answer and author != answer else []
    marks += ["sender_elsewhere"] if path and author != path else []
    marks += ["spam"] if _is_spam(letter, given["spam_score"]) else []
    marks += ["delayed"] if _hours_on_the_way(letter) > 1 else []
    marks += ["content"] if any(re2.search(pattern, _text(letter)) for pattern in given["patterns"]) else []
    return marks


def _verdicts(letter: EmailMessage, own_server: str) -> list[tuple[str, str]]:
    said = [str(line) for line in letter.get_all("Authentication-Results", [])]
    trusted = [line for line in said if not own_server or line.split(";")[0].strip().lower().split(" ")[0] == own_server.lower()]
    return list(dict(VERDICT.findall(trusted[0])).items()) if trusted else []


def _domain(letter: EmailMessage, header: str) -> str:
    pairs = getaddresses([str(letter.get(header, ""))])
    return pairs[0][1].rpartition("@")[2].lower() if pairs else ""


def _is_spam(letter: EmailMessage, limit: float) -> bool:
    if str(letter.get("X-Spam-Flag", "")).strip().lower() == "yes" or str(letter.get("X-Spam", "")).strip().lower() == "yes":
        return True
    score = SCORE.search(str(letter.get("X-Spam-Score", "") or letter.get("X-Spam-Status", "")))
    return bool(score and float(score[1]) >= limit)


def _hours_on_the_way(letter: EmailMessage) -> float:
    """From the first Received line to the last."""
    times = []
    for line in letter.get_all("Received", []):
        try:
            at = parsedate_to_datetime(str(line).rpartition(";")[2].strip())
        except (TypeError, ValueError):
            continue
        times += [at.timestamp()] if at.tzinfo else []
    return (max(times) - min(times)) / 3600 if times else 0.0


def _text(letter: EmailMessage) -> str:
    parts = [part for part in letter.walk() if part.get_content_maintype() == "text"]
    return "\n".join((part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts)[:262_144]  # type: ignore[union-attr]


PROBE = Probe(
    name="mailbox",
    title=_("Mailbox and header checks"),
    kind="mail",
    run=run,
    silence="critical",
    every_s=300,
    deadline_s=30.0,
    privilege=_("A mailbox's user and password. Private addresses need PROBE_ALLOW. Counts are kept, no addresses and no texts."),
    options=(
        *mailwire.IMAP_OPTIONS,
        Option(
            "own_server", _("own server's name"), "text", "", _("As it stands first in Authentication-Results; others' are not believed.")
        ),
        Option("spam_score", _("spam from a score of"), "number", 5, "", "", "SpamAssassin required_score"),
        Option(
            "patterns",
            _("content patterns"),
            "lines",
            "",
            _("Off while empty. One regular expression (RE2) a line; the purpose must allow reading letters."),
        ),
    ),
    figures=(
        Figure("letters", "", _("letters in the folder")),
        Figure("unread", "", _("unread letters")),
        Figure("oldest_unread_h", "h", _("age of the oldest unread letter"), "24", "", "our judgement"),
        Figure("new", "", _("letters since the last run")),
        Figure("spf_fail", "", _("letters that failed SPF")),
        Figure("dkim_fail", "", _("letters that failed DKIM")),
        Figure("dmarc_fail", "", _("letters that failed DMARC"), "5", "", "our judgement"),
        Figure("reply_elsewhere", "", _("letters whose answers go to another domain")),
        Figure("sender_elsewhere", "", _("letters whose envelope names another domain")),
        Figure("spam", "", _("letters marked as spam"), "20", "", "our judgement"),
        Figure("delayed", "", _("letters more than an hour on the way"), "5", "", "our judgement"),
        Figure("content", "", _("letters that match a content pattern"), "0", "", "our judgement"),
    ),
)
