"""Message-IDs that are ours: the same over every attempt, known again in a reply, and not to be forged.

`<desk.1042.<mac>@acme.com>`: a reply that names one proves it answers a letter we wrote, so the number is signed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from email.utils import parseaddr

from django.conf import settings

OURS = re.compile(r"<desk\.(?P<number>\d{1,18})\.(?P<mac>[0-9a-f]{32})@[^<>\s@]+>")
LENGTH = 32
# help+t-1042.<mac>@acme.com: whoever writes there has had a letter of this thread
PLUS = re.compile(r"\+(?P<thread>[a-z]{1,3}-\d{1,18})\.(?P<mac>[0-9a-f]{16})@")
PLUS_LENGTH = 16
NUMBERED = re.compile(r"[A-Z]{1,3}-\d{1,18}")


def of_message(number: int) -> str:
    """The Message-ID of the letter with this number."""
    return f"<desk.{number}.{_mac(f'message:{number}', _keys()[0])}@{domain()}>"


def of_thread(thread: str) -> str:
    """The id all letters of a thread refer to, so that mail programs show them together; no letter bears it."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", thread)
    return f"<thread.{name}.{_mac(f'thread:{thread}', _keys()[0])}@{domain()}>"


def numbers_in(header: str) -> list[int]:
    """The letters of ours that an In-Reply-To or References header names, in its order; forged ones are left out."""
    return [int(found["number"]) for found in OURS.finditer(header) if _genuine(found["number"], found["mac"])]


def reply_address(thread: str) -> str:
    """Where answers to a letter of this thread go, "" where the desk has no address or the thread no number."""
    number = NUMBERED.match(thread)
    local, _at, host = parseaddr(settings.SUPPORT_ADDRESS)[1].rpartition("@")
    if number is None or not local:
        return ""
    return f"{local}+{number[0].lower()}.{_mac(f'reply:{number[0]}', _keys()[0])[:PLUS_LENGTH]}@{host}"


def thread_at(address: str) -> str:
    """The thread ("T-1042") whose answers go to this address; "" where the address is none of ours, or forged."""
    found = PLUS.search(address.lower())
    thread = found["thread"].upper() if found else ""
    known = [_mac(f"reply:{thread}", key)[:PLUS_LENGTH] for key in _keys()] if thread else []
    return thread if found and any(hmac.compare_digest(mac, found["mac"]) for mac in known) else ""


def domain() -> str:
    """The sender's own domain: what its DKIM signature covers."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _genuine(number: str, mac: str) -> bool:
    return any(hmac.compare_digest(_mac(f"message:{number}", key), mac) for key in _keys())


def _keys() -> list[str]:
    """The key in use first; after a change of SECRET_KEY its fallbacks still recognise old letters."""
    return [settings.MAIL_KEY or settings.SECRET_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _mac(text: str, key: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:LENGTH]
