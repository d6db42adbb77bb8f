"""The two times. `now()` is the desk's own time, which the acceptance world can move; `wall()` is real time.

Due columns use `now()`. Deadlines of calls, replay windows and rate limits use `wall()`. Leases use neither: they are
set and compared by the database's own clock. Only views, tasks, commands and the admin call these; deeds are told.
"""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings

OFFSET = struct.Struct("<q")


def wall() -> datetime:
    """Real time, UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """The desk's time, UTC: real time unless a world with a clock file moved it."""
    if settings.CLOCK_FILE is None:
        return wall()
    return wall() + timedelta(microseconds=OFFSET.unpack_from(_shared(settings.CLOCK_FILE))[0])


def move_to(moment: datetime) -> None:
    """Set the desk's time for every process that shares the clock file. Test worlds only."""
    if settings.CLOCK_FILE is None:
        raise RuntimeError("This world's clock cannot be moved.")
    OFFSET.pack_into(_shared(settings.CLOCK_FILE), 0, (moment - wall()) // timedelta(microseconds=1))


@cache
def _shared(path: Path) -> mmap.mmap:
    """Eight shared bytes, mapped once a process, so that all see a move at the same moment."""
    with path.open("a+b") as file:
        if file.seek(0, 2) < OFFSET.size:
            file.write(OFFSET.pack(0))
            file.flush()
        return mmap.mmap(file.fileno(), OFFSET.size)
