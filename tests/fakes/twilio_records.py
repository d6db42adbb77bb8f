"""What the fake Twilio keeps and says: messages, receipts, refusals, signatures, and the shapes of its API."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from tests.fakes.expecting import links

Post = Callable[[str, Mapping[str, str], str], tuple[int, str]]

MAGIC_TO = {"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610, "+15005550009": 21614}
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "ARRET"}
START = {"START", "YES", "UNSTOP"}


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, code: int, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status, self.code, self.words, self.headers = status, code, words, dict(headers or {})


@dataclass
class Text:
    """One message, or one call, as Twilio keeps it."""

    sid: str
    to: str
    sender: str
    body: str
    callback: str
    fields: dict[str, str]
    created_at: datetime
    status: str = "queued"
    sent_at: datetime | None = None
    error: int | None = None
    reported: list[str] = field(default_factory=list)  # receipts, in the order they were posted
    events: frozenset[str] = frozenset()  # of a call: which of its states are reported beside its end
    reply_by: Callable[[str, str], str | None] | None = field(default=None, repr=False)

    @property
    def words(self) -> str:
        return self.body

    @property
    def links(self) -> list[str]:
        return links(self.body)

    def reply(self, words: str) -> str | None:
        """Answer it from this phone; what the desk says back."""
        assert self.reply_by is not None
        return self.reply_by(self.to, words)


@dataclass(frozen=True)
class Receipts:
    """How the receipts of an accepted message come: which, after what pause, in which order, how often, and which get lost."""

    states: tuple[str, ...] = ("sent", "delivered")
    delay_s: float = 0.0
    backwards: bool = False
    times: int = 1
    lost: frozenset[str] = frozenset()

    def sequence(self) -> list[str]:
        states = list(reversed(self.states)) if self.backwards else list(self.states)
        return [state for state in states if state not in self.lost for _ in range(self.times)]


@dataclass(frozen=True)
class Asked:
    """One request, for the journal."""

    method: str
    path: str
    fields: dict[str, str]
    status: int


def signature(url: str, fields: Mapping[str, str], token: str) -> str:
    signed = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def post_by_http(url: str, fields: Mapping[str, str], signed: str) -> tuple[int, str]:
    """Post a form as Twilio does; (0, why) when nobody listens."""
    request = urllib.request.Request(url, urlencode(fields).encode(), {"X-Twilio-Signature": signed, "User-Agent": "TwilioProxy/1.1"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def said(twiml: str) -> str | None:
    """The text of a TwiML answer's messages, or None."""
    if not twiml.strip():
        return None
    messages = [message.text or "" for message in ElementTree.fromstring(twiml).iter("Message")]
    return "\n".join(messages) or None


def new_text(kind: str, fields: dict[str, str]) -> Text:
    body = fields.get("Body", "") or fields.get("Twiml", "") or fields.get("Url", "")
    sender = fields.get("From") or fields.get("MessagingServiceSid", "")
    return Text(kind + secrets.token_hex(16), fields["To"], sender, body, fields.get("StatusCallback", ""), fields, datetime.now(UTC))


def as_json(account: str, text: Text) -> dict[str, Any]:
    """The resource as the API shows it."""
    base = f"/2010-04-01/Accounts/{account}/{'Messages' if text.sid.startswith('SM') else 'Calls'}/{text.sid}"
    created = format_datetime(text.created_at)
    common = {"sid": text.sid, "account_sid": account, "to": text.to, "from": text.sender, "status": text.status, "date_created": created}
    common |= {"date_updated": created, "direction": "outbound-api", "api_version": "2010-04-01", "price": None, "uri": base + ".json"}
    if text.sid.startswith("CA"):
        began = format_datetime(text.sent_at) if text.sent_at else None
        return common | {"start_time": began, "end_time": None, "duration": None, "answered_by": None}
    sent = format_datetime(text.sent_at) if text.sent_at else None
    fault = {"error_code": text.error if text.status in {"undelivered", "failed"} else None, "error_message": None}
    return common | fault | {"body": text.body, "date_sent": sent, "num_media": "0", "num_segments": "1", "messaging_service_sid": None}
