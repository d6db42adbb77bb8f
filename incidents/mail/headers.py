"""What the headers of a mail say, however broken: words, addresses, moments, and whether a program wrote it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

READ = 20_000  # characters of one header that are looked at
LONGEST_ADDRESS = 254
ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,253}")
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
ANSWERS, BULK = "answer", "bulk"


def clean(text: str) -> str:
    """Text that every database and every page takes: no NUL, no half of a pair, composed letters (NFC)."""
    whole = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", whole)


def words(message: Message, name: str) -> str:
    """A header's text in one line, encoded words read, `""` where there is none. Never raises."""
    return next((clean(" ".join(_decoded(raw).split())) for raw in _raw(message, name)), "")


def all_words(message: Message, name: str) -> list[str]:
    return [clean(" ".join(raw.split())) for raw in _raw(message, name)]


def _raw(message: Message, name: str) -> list[str]:
    """The values of a header as they came; bytes beyond ASCII, which are against the rules, are read as UTF-8, else Latin-1."""
    found = [str(value)[:READ] for spelled, value in message.raw_items() if spelled.lower() == name.lower()]
    return [decoded(value.encode("utf-8", "surrogateescape"), "utf-8") for value in found]


def _decoded(raw: str) -> str:
    try:
        pieces = decode_header(raw)
    except (MessageError, ValueError):
        return raw
    return "".join(piece if isinstance(piece, str) else decoded(piece, charset or "") for piece, charset in pieces)


def decoded(content: bytes, charset: str) -> str:
    """Bytes as text by the charset they claim, else UTF-8, else Latin-1, which takes everything."""
    for name in (charset, "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeError, ValueError):  # a name nobody knows, or one with a NUL in it
            continue
    return content.decode("latin-1")


def addresses(message: Message, *names: str) -> list[tuple[str, str]]:
    """Name and address of each in these headers; the address in small letters and composed. What is none is left out."""
    found: list[tuple[str, str]] = []
    for name in names:
        try:
            pairs = getaddresses(_raw(message, name))
        except (ValueError, IndexError, TypeError, RecursionError):  # the standard library's own faults on odd input
            pairs = []
        found += [(clean(_decoded(who)).strip(), address) for who, spelled in pairs if (address := _address(spelled))]
    return found


def _address(spelled: str) -> str:
    plain = clean(spelled).strip().strip(".").lower()
    return plain if len(plain) <= LONGEST_ADDRESS and ADDRESS.fullmatch(plain) else ""


def written_at(message: Message) -> datetime | None:
    """The sender's own date; None where it cannot be one."""
    try:
        said = parsedate_to_datetime(str(message.get("Date", ""))[:200])
        moment = (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment > EARLIEST else None


def automatic(message: Message) -> str:
    """`answer` (a program answers: out of office), `bulk` (a list, a newsletter, a machine's own mail), or nothing (RFC 3834)."""
    said = _token(message, "Auto-Submitted")
    if said.startswith(("auto-replied", "auto-notified")) or _has_any(message, ("X-Autoreply", "X-Autorespond", "X-Autoresponse")):
        return ANSWERS
    if _token(message, "Precedence") == "auto_reply" or (message.get("Return-Path") is not None and _is_null(message)):
        return ANSWERS
    if said not in ("", "no") or _token(message, "Precedence") in ("bulk", "junk", "list"):
        return BULK
    if _has_any(message, ("List-Id", "List-Unsubscribe", "Feedback-ID")):
        return BULK
    suppress = {part.strip() for part in words(message, "X-Auto-Response-Suppress").lower().split(",")}
    return BULK if suppress & {"all", "oof", "autoreply"} else ""


def _is_null(message: Message) -> bool:
    return words(message, "Return-Path").strip() in ("<>", "")


def _token(message: Message, name: str) -> str:
    return words(message, name).lower().partition(";")[0].strip()


def _has_any(message: Message, names: Iterable[str]) -> bool:
    return any(message.get(name) is not None for name in names)


def verdict(message: Message, authority: str) -> str:
    """pass, fail or "": what our own mail server (its name is `authority`) found of the sender's domain, by DMARC.

    Only the topmost Authentication-Results of that name counts: whatever stands below may be the sender's own.
    """
    for said in all_words(message, "Authentication-Results"):
        name, _semicolon, rest = said.partition(";")
        if authority and name.split(" ")[0].strip().lower() == authority.lower():
            found = re.search(r"\bdmarc\s*=\s*([a-z]+)", rest.lower())
            return "" if found is None else "pass" if found[1] == "pass" else "fail" if found[1] in ("fail", "reject", "quarantine") else ""
    return ""
