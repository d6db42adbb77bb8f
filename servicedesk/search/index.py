"""Finding by words, the same on both databases: all words, accents and case apart, the last one as a beginning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from servicedesk.search.models import SearchDoc

WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 8
CHOSEN = "d.kind IN ({kinds}) AND (d.is_public OR NOT %s)"
SQLITE = f"""SELECT d.kind, d.object_id, d.title, d.body FROM search_index JOIN search_searchdoc d ON d.id = search_index.rowid
    WHERE search_index MATCH %s AND {CHOSEN} ORDER BY bm25(search_index, 4.0, 1.0), d.id LIMIT %s"""  # noqa: S608  (the words asked for are parameters)
POSTGRESQL = f"""SELECT d.kind, d.object_id, d.title, d.body FROM search_searchdoc d, (SELECT {{query}} AS asked) q
    WHERE d.words @@ q.asked AND {CHOSEN} ORDER BY ts_rank(d.words, q.asked) DESC, d.id LIMIT %s"""  # noqa: S608


class Hit(NamedTuple):
    kind: str
    object_id: int
    title: str
    body: str


def find(text: str, *, kinds: Sequence[str], public_only: bool, limit: int) -> list[Hit]:
    """The best first. Only the words of the text count, the first eight; none at all find nothing."""
    words = WORD.findall(text)[:MOST_WORDS]
    if not words or not kinds:
        return []
    ask = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    statement, values = ask(words)
    holes = ", ".join(["%s"] * len(kinds))
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{kinds}", holes), [*values, *kinds, public_only, limit])
        return [Hit(*row) for row in cursor.fetchall()]


def put(*, kind: str, object_id: int, title: str, body: str, is_public: bool, now: datetime) -> None:
    """New, or in place of what was there. Call inside the deed's transaction."""
    told = {"title": title, "body": body, "is_public": is_public, "updated_at": now}
    SearchDoc.objects.update_or_create(kind=kind, object_id=object_id, defaults=told)


def remove(*, kind: str, object_id: int) -> None:
    SearchDoc.objects.filter(kind=kind, object_id=object_id).delete()


def _on_sqlite(words: Sequence[str]) -> tuple[str, list[str]]:
    return SQLITE, [" ".join(f'"{word}"' for word in words) + "*"]


def _on_postgresql(words: Sequence[str]) -> tuple[str, list[str]]:
    whole, start = ["search_word(%s, false)"] * (len(words) - 1), ["search_word(%s, true)"]
    return POSTGRESQL.replace("{query}", " && ".join([*whole, *start])), list(words)
