"""What a log file has got since the last look, across rotation and truncation, bounded, whatever bytes are in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

MOST_BYTES = 16 * 2**20
FIRST_BYTES = 1 * 2**20  # of a log seen for the first time only the end is read
LONGEST_LINE = 8192
REMEDY = "Let the probe's user read it: usermod -aG adm USER, or setfacl -m u:USER:r on the file."


class Unreadable(Exception):
    """The log cannot be read; `remedy` says what to do."""

    def __init__(self, why: str, remedy: str = REMEDY) -> None:
        super().__init__(why)
        self.remedy = remedy


@dataclass
class Tail:
    """`cursor` goes into the memory. `skipped`: bytes passed over because there were too many. `is_first`: no cursor was known."""

    lines: list[str] = field(default_factory=list)
    cursor: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    is_first: bool = False


def read(path: Path, cursor: Mapping[str, Any], *, whole: bool = False) -> Tail:
    """The whole lines since the cursor. `whole`: a log seen for the first time is read from its start. Raises Unreadable."""
    try:
        with path.open("rb") as file:
            return _since(path, file, cursor, whole)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error


def _since(path: Path, file: BinaryIO, cursor: Mapping[str, Any], whole: bool) -> Tail:
    now, tail = os.fstat(file.fileno()), Tail()
    known = cursor.get("inode") == now.st_ino and int(cursor.get("offset", 0)) <= now.st_size
    if known:
        start = int(cursor["offset"])
    else:
        tail.is_first = not cursor
        tail.lines += _rest_of_rotated(path, cursor)
        start = 0 if cursor or whole else max(now.st_size - FIRST_BYTES, 0)
    text, start = _bytes(file, start, now.st_size, tail)
    end = text.rfind(b"\n") + 1  # a line that is still being written is for the next look
    tail.lines += _lines(text[:end])
    tail.cursor = {"inode": now.st_ino, "offset": start + end}
    return tail


def _bytes(file: BinaryIO, start: int, size: int, tail: Tail) -> tuple[bytes, int]:
    if size - start > MOST_BYTES:
        tail.skipped = size - start - MOST_BYTES
        start = size - MOST_BYTES
    file.seek(start)
    return file.read(MOST_BYTES), start


def _rest_of_rotated(path: Path, cursor: Mapping[str, Any]) -> list[str]:
    """What was written to the old file after the last look, when logrotate has moved it beside the new one."""
    if not cursor:
        return []
    for old in (path.with_name(path.name + ".1"), path.with_name(path.name + ".0")):
        try:
            with old.open("rb") as file:
                if os.fstat(file.fileno()).st_ino == cursor.get("inode"):
                    file.seek(int(cursor["offset"]))
                    return _lines(file.read(MOST_BYTES))
        except OSError:
            continue
    return []


def _lines(text: bytes) -> list[str]:
    """As text: what is no UTF-8 becomes a question mark, a NUL nothing, an endless line its beginning."""
    return [line[:LONGEST_LINE].decode("utf-8", "replace").replace("\x00", "") for line in text.split(b"\n") if line.strip()]
