"""What a file is called and what it is, by its name and first bytes alone. Nothing is unpacked, nothing is believed."""

from __future__ import annotations

import unicodedata

LONGEST = 120
HEAD = 4096  # bytes looked at
UNKNOWN, TEXT = "application/octet-stream", "text/plain"
KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})  # a browser may open these in its window
ODD = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, turning, invisible, not a character


def clean_name(name: str) -> str:
    """The name without path, control characters and marks that turn or hide letters; never empty, at most 120 long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(letter for letter in unicodedata.normalize("NFC", last) if unicodedata.category(letter) not in ODD)
    plain = " ".join(plain.split()).strip(". ")
    if len(plain) <= LONGEST:
        return plain or "file"
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 10:
        return plain[:LONGEST].rstrip(". ")
    return f"{stem[: LONGEST - len(ending) - 1].rstrip('. ')}.{ending}"


def kind_of(head: bytes) -> str:
    """The media type that the first bytes prove: a picture, a PDF, an archive, plain text; else unknown."""
    for magic, kind in KINDS:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return TEXT if _is_text(head[:HEAD]) else UNKNOWN


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True
