"""The seeded world as a file, and the way back to it: the pages of the file are copied over those of the live database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests.e2e.world import NINE

BEGINS = NINE


def path() -> Path:
    return Path(settings.DATA_DIR) / "pristine.sqlite3"


def keep() -> None:
    """The database as it is now becomes what `restore` goes back to."""
    with closing(sqlite3.connect(path())) as copy:
        _live().backup(copy)


def restore() -> None:
    """Every connection sees the pristine rows from its next statement on."""
    cache.clear()
    with closing(sqlite3.connect(f"file:{path()}?mode=ro", uri=True)) as kept:
        kept.backup(_live())


def _live() -> sqlite3.Connection:
    connection.ensure_connection()
    live: sqlite3.Connection = connection.connection
    return live
