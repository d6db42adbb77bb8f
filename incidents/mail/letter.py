"""A mail as the desk reads it: any bytes in, facts out. Pure; never raises, whatever it is given."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

import re2

from incidents.mail import bodies, bounces, folding, headers
from incidents.mail.bodies import File
from incidents.mail.bounces import Bounce
from incidents.mail.headers import clean

LONGEST_SUBJECT = 200
LONGEST_ID = 250
HEAD = 100_000  # bytes
TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
PREFIX = re.compile(r"^(?:\s*(?:re|aw|antw|sv|vs|tr|rép|fwd?|wg)\s*(?:\[\d{1,3}\])?\s*:)+", re.IGNORECASE)
# parameters cost the standard library time by the square of their number: nobody honest needs so many
PARAMETERS = re2.compile(rb"(?im)^content-(?:type|disposition):(?:[^\r\n]*\r?\n[ \t])*[^\r\n]*")
LONGEST_PARAMETERS = 4000
TAG = re.compile(r"\[(?:T|INC)-\d{1,18}\]")


@dataclass(frozen=True, slots=True)
class Letter:
    """`said` is what was written, `quoted` what stood below it; `references` the text of In-Reply-To and References.

    `automatic` is `answer`, `bulk` or nothing; `fault` says why nothing more could be read.
    """

    identity: str
    message_id: str = ""
    senders: tuple[tuple[str, str], ...] = ()
    recipients: tuple[str, ...] = ()
    subject: str = ""
    written_at: datetime | None = None
    references: str = ""
    said: str = ""
    quoted: str = ""
    html: str = ""
    files: tuple[File, ...] = ()
    left_out: int = 0
    automatic: str = ""
    loops: str = ""
    bounce: Bounce | None = None
    verdict: str = ""
    fault: str = ""
    froms: int = field(default=0)

    @property
    def sender(self) -> tuple[str, str]:
        return self.senders[0] if self.senders else ("", "")

    @property
    def title(self) -> str:
        """The subject without what mail programs and we put before it."""
        return " ".join(PREFIX.sub("", TAG.sub("", PREFIX.sub("", self.subject))).split())


def read(raw: bytes, *, authority: str = "") -> Letter:
    """The mail in these bytes. `authority` is the name our own mail server signs Authentication-Results with."""
    try:
        short = PARAMETERS.sub(lambda found: found[0][:LONGEST_PARAMETERS], raw)
        return _read(message_from_bytes(short, policy=compat32), raw, authority)
    except Exception as error:  # whatever a stranger wrote must not stop the mail behind it
        return Letter(identity=hashlib.sha256(raw).hexdigest(), fault=f"{type(error).__name__}: {clean(str(error))[:160]}")


def read_head(raw: bytes, *, authority: str = "") -> Letter:
    """Of a mail too large to be read: who writes, and about what."""
    head = read(raw[:HEAD].replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n", authority=authority)
    return replace(head, identity=hashlib.sha256(raw).hexdigest())


def _read(message: Message, raw: bytes, authority: str) -> Letter:
    found = bodies.read(message)
    said, quoted = folding.fold(found.text)
    message_id = headers.words(message, "Message-ID")[:LONGEST_ID]
    written_at = headers.written_at(message)
    senders = headers.addresses(message, "From") or headers.addresses(message, "Sender")
    return Letter(
        identity=_identity(message, message_id, raw),
        message_id=message_id,
        senders=tuple(senders),
        froms=len(message.get_all("From", [])),
        recipients=tuple(dict.fromkeys(address for _name, address in headers.addresses(message, *TO))),
        subject=headers.words(message, "Subject")[:LONGEST_SUBJECT],
        written_at=written_at,
        references=" ".join(one for name in ("In-Reply-To", "References") for one in headers.all_words(message, name)),
        said=said,
        quoted=quoted,
        html=found.html,
        files=tuple(found.files),
        left_out=found.left_out,
        automatic=headers.automatic(message),
        loops=" ".join(headers.all_words(message, "X-Loop")).lower(),
        bounce=bounces.read(message),
        verdict=headers.verdict(message, authority),
    )


def _identity(message: Message, message_id: str, raw: bytes) -> str:
    """The same for copies of one mail, which differ in what servers put before it; another for the same id with other words."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip()
    said = "\n".join([message_id, str(message.get("From", "")), str(message.get("Date", ""))])
    return hashlib.sha256(said.encode("utf-8", "replace") + b"\0" + body).hexdigest()
