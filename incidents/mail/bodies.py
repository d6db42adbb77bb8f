"""The parts of a mail: its text, its HTML, its files. Nothing is unpacked and nothing is believed. Pure."""

from __future__ import annotations

import html as entities
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

import re2

from incidents.mail.headers import all_words, clean, decoded, words

MOST_PARTS = 500
MOST_FILES = 50
READ_HTML = 500_000
READ_TEXT = 200_000  # characters kept as text; the whole mail is kept as well
UNSEEN = re2.compile(r"(?is)<!--.*?-->|<(?:script|style|head|title|template)\b.*?</(?:script|style|head|title|template)\s*>")
BREAK = re2.compile(r"(?i)<(?:br|/(?:p|div|li|tr|blockquote|h[1-6]|pre))\s*/?>")
MARK = re2.compile(r"<[a-zA-Z/!?][^<>]*>?")
EMPTY_LINES = re2.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came: the name is the sender's own; `cid` names it in the HTML."""

    name: str
    content: bytes
    cid: str = ""


@dataclass(slots=True)
class Bodies:
    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)
    left_out: int = 0  # files beyond the most that are taken; they are in the mail as it came


def read(message: Message) -> Bodies:
    """The first text and the first HTML that are no files, and everything else as files."""
    found = Bodies()
    for number, part in enumerate(_parts(message)):
        if number >= MOST_PARTS:
            found.left_out += 1
        else:
            _take(part, found)
    found.text = clean(found.text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
    found.html = clean(found.html)
    if not found.text.strip() and found.html:
        found.text = as_text(found.html)
    return found


def _parts(message: Message) -> Iterator[Message]:
    """The leaves, without recursion; a mail within the mail is one leaf."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        below = part.get_payload()
        if part.is_multipart() and isinstance(below, list) and part.get_content_maintype() != "message":
            waiting.extend(reversed([one for one in below if isinstance(one, Message)]))
        else:
            yield part


def _take(part: Message, found: Bodies) -> None:
    kind, content = part.get_content_type(), _content(part)
    is_file = (part.get_content_disposition() or "") == "attachment" or _name(part) != ""
    if kind == "text/plain" and not is_file and not found.text:
        found.text = decoded(content[: READ_TEXT * 4], _charset(part))[:READ_TEXT]
    elif kind == "text/html" and not is_file and not found.html:
        found.html = decoded(content[: READ_HTML * 4], _charset(part))[:READ_HTML]
    elif content and len(found.files) < MOST_FILES:
        found.files.append(File(_name(part) or _unnamed(part), content, words(part, "Content-ID").strip("<> ")))
    elif content:
        found.left_out += 1


def _content(part: Message) -> bytes:
    """Its bytes, transfer encoding undone; of what cannot be decoded, the encoded text."""
    if part.is_multipart():
        below = part.get_payload()
        return b"\n".join(one.as_bytes() for one in below if isinstance(one, Message)) if isinstance(below, list) else b""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        content = None
    if isinstance(content, bytes):
        return content
    return str(part.get_payload() or "").encode("utf-8", "surrogateescape")


def _charset(part: Message) -> str:
    try:
        return part.get_content_charset() or ""
    except (LookupError, ValueError, UnicodeError):
        return ""


def _name(part: Message) -> str:
    """The file's name, "" where it gives none; bytes against the rules and encoded words are read as well."""
    probe = Message()
    for header in ("Content-Disposition", "Content-Type"):
        if said := all_words(part, header):
            probe[header] = said[0]
    try:
        probe["Name"] = " ".join((probe.get_filename() or "").split())
    except (LookupError, ValueError, UnicodeError, TypeError):
        return ""
    return words(probe, "Name")[:400]


def _unnamed(part: Message) -> str:
    endings = {"message/rfc822": "mail.eml", "text/html": "page.html", "text/calendar": "invitation.ics", "text/plain": "text.txt"}
    return endings.get(part.get_content_type(), "file")


def as_text(html: str) -> str:
    """What the HTML says, without marks: blocks become lines, scripts and styles nothing. For reading; it is no sanitiser."""
    plain = MARK.sub("", BREAK.sub("\n", UNSEEN.sub(" ", " ".join(html.split()))))
    lined = "\n".join(line.strip() for line in entities.unescape(plain).split("\n"))
    return str(EMPTY_LINES.sub("\n\n", lined)).strip()[:READ_TEXT]
