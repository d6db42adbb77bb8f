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


def alike(words: Sequence[str], *, kinds: Sequence[str], limit: int) -> list[Hit]:
    """What holds any of these words, whole; the best first. For what is searched for by staff alone."""
    words = [word for word in words[:MOST_WORDS] if WORD.fullmatch(word)]
    if not words or not kinds:
        return []
    if connection.vendor == "postgresql":
        statement, values = POSTGRESQL.replace("{query}", " || ".join(["search_word(%s, false)"] * len(words))), list(words)
    else:
        statement, values = SQLITE, [" OR ".join(f'"{word}"' for word in words)]
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{kinds}", ", ".join(["%s"] * len(kinds))), [*values, *kinds, False, limit])
        return [Hit(*row) for row in cursor.fetchall()]


def add(*, kind: str, object_id: int, title: str, body: str, now: datetime) -> None:
    """What is new, for staff alone. Call inside the deed's transaction."""
    SearchDoc.objects.create(kind=kind, object_id=object_id, title=title, body=body, is_public=False, updated_at=now)


def add_missing(kind: str, rows: Sequence[tuple[int, str, str]], *, now: datetime) -> int:
    """Of these (number, title, text) those that are not here yet; how many."""
    known = set(SearchDoc.objects.filter(kind=kind, object_id__in=[row[0] for row in rows]).values_list("object_id", flat=True))
    new = [
        SearchDoc(kind=kind, object_id=pk, title=title, body=body, is_public=False, updated_at=now)
        for pk, title, body in rows
        if pk not in known
    ]
    SearchDoc.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def put(*, kind: str, object_id: int, title: str, body: str, is_public: bool, now: datetime) -> None:
    """New, or in place of what was there. Call inside the deed's transaction."""
    told = {"title": title, "body": body, "is_public": is_public, "updated_at": now}
    SearchDoc.objects.update_or_create(kind=kind, object_id=object_id, defaults=told)


def remove(*, kind: str, object_id: int | Sequence[int]) -> None:
    """One, or all of several."""
    if not isinstance(object_id, int):
        SearchDoc.objects.filter(kind=kind, object_id__in=object_id).delete()
        return
    SearchDoc.objects.filter(kind=kind, object_id=object_id).delete()


def _on_sqlite(words: Sequence[str]) -> tuple[str, list[str]]:
    return SQLITE, [" ".join(f'"{word}"' for word in words) + "*"]


def _on_postgresql(words: Sequence[str]) -> tuple[str, list[str]]:
    whole, start = ["search_word(%s, false)"] * (len(words) - 1), ["search_word(%s, true)"]
    return POSTGRESQL.replace("{query}", " && ".join([*whole, *start])), list(words)
