"""What a mail server says when it could not deliver a letter of ours: the parts of a delivery report (RFC 3464). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from incidents.mail.headers import READ, clean, words

FAILED = {"failed"}
STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
MOST = 50


@dataclass(frozen=True, slots=True)
class Failure:
    """`status` is the enhanced code (5.1.1); only a 5 is for good."""

    address: str
    status: str
    reason: str

    @property
    def is_final(self) -> bool:
        return self.status.startswith("5")


@dataclass(frozen=True, slots=True)
class Bounce:
    """`references`: every Message-ID that the report, or the letter it returns, names."""

    failures: tuple[Failure, ...]
    references: str


def read(message: Message) -> Bounce | None:
    """The report, or None where the mail is none."""
    if message.get_content_type() != "multipart/report":
        return None
    parts = [part for part in message.walk() if part is not message][: MOST * 4]
    blocks = [part for part in parts if part.get("Final-Recipient") is not None or part.get("Original-Recipient") is not None]
    failures = [_failure(block) for block in blocks[:MOST] if words(block, "Action").lower() in FAILED]
    returned = [part for part in parts if part.get_content_type() in ("message/rfc822", "text/rfc822-headers")]
    if not blocks:
        return None
    named = [words(message, name) for name in ("In-Reply-To", "References")]
    named += [text for part in returned for text in _ids(part)]
    return Bounce(tuple(one for one in failures if one.address), " ".join(named))


def _ids(part: Message) -> list[str]:
    below = part.get_payload()
    inner = below[0] if isinstance(below, list) and below and isinstance(below[0], Message) else None
    if inner is not None:
        return [words(inner, "Message-ID")]
    return re.findall(r"(?im)^message-id:\s*(<[^<>\s]{1,300}>)", str(below or "")[:READ])


def _failure(block: Message) -> Failure:
    spelled = words(block, "Original-Recipient") or words(block, "Final-Recipient")
    address = spelled.rpartition(";")[2].strip().strip("<>").lower()
    found = STATUS.search(words(block, "Status"))
    reason = words(block, "Diagnostic-Code").partition(";")[2].strip() or words(block, "Status")
    return Failure(clean(address)[:254], found[0] if found else "", clean(reason)[:200])
