"""Finding by words, the same on both databases: all words, accents and case apart, the last one as a beginning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max

from servicedesk.plain import composed
from servicedesk.search.models import SearchDoc

WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 8
CHOSEN = "d.kind IN ({kinds}) AND (d.is_public OR NOT %s)"
AMONG = 50_000  # entries of the index are looked at one by one before it is asked for all
RANKED = 200  # of all that hold the words the newest so many are put in order: what an index finds is never sorted whole
SQLITE = f"""SELECT %s AS wanted, kind, object_id, title, body, rank, id FROM (SELECT d.kind, d.object_id, d.title, d.body, d.id AS id,
    bm25(search_index, 4.0, 1.0) AS rank FROM search_index JOIN search_searchdoc d ON d.id = search_index.rowid
    WHERE search_index MATCH %s AND {CHOSEN} ORDER BY search_index.rowid DESC LIMIT {RANKED})
    ORDER BY rank, id LIMIT %s"""  # noqa: S608  (the words asked for are parameters)
POSTGRESQL = f"""SELECT %s AS wanted, d.kind, d.object_id, d.title, d.body, -ts_rank(d.words, {{query}}) AS rank, d.id
    FROM search_searchdoc d
    JOIN (SELECT d.id FROM search_searchdoc d WHERE d.words @@ {{query}} AND {CHOSEN} AND {{among}} LIMIT {RANKED}) newest
    ON newest.id = d.id
    ORDER BY rank, d.id LIMIT %s"""  # noqa: S608

HOLDING_POSTGRESQL = f"""SELECT * FROM (SELECT %s AS word, d.id FROM search_searchdoc d WHERE d.words @@ search_word(%s, false)
    AND {CHOSEN} ORDER BY d.id DESC LIMIT {RANKED}) holding"""  # noqa: S608
HOLDING_SQLITE = f"""SELECT * FROM (SELECT %s AS word, d.id FROM search_index JOIN search_searchdoc d ON d.id = search_index.rowid
    WHERE search_index MATCH %s AND {CHOSEN} ORDER BY search_index.rowid DESC LIMIT {RANKED})"""  # noqa: S608
ALIKE = """SELECT d.kind, d.object_id, d.title, d.body FROM search_searchdoc d JOIN
    (SELECT id, sum(weight) AS score FROM
        (SELECT id, 1.0 / count(*) OVER (PARTITION BY word) AS weight FROM ({holding}) held) weighted
        GROUP BY id ORDER BY sum(weight) DESC, id DESC LIMIT %s) best ON best.id = d.id
    ORDER BY best.score DESC, d.id DESC"""


class Hit(NamedTuple):
    kind: str
    object_id: int
    title: str
    body: str


class Wanted(NamedTuple):
    """Kinds looked through together, and how many are wanted at most. Tickets and entries each alone: each has its index."""

    kinds: Sequence[str]
    public_only: bool
    limit: int


def find(text: str, *, kinds: Sequence[str], public_only: bool, limit: int) -> list[Hit]:
    """Of the newest the best first. Only the words of the text count, the first eight; none at all find nothing."""
    return find_each(text, [Wanted(kinds, public_only, limit)])[0]


def find_each(text: str, wanted: Sequence[Wanted]) -> list[list[Hit]]:
    """As `find`, for several kinds with a limit each, in one statement; two where several words hardly meet."""
    words = WORD.findall(composed(text))[:MOST_WORDS]
    asked = [number for number, want in enumerate(wanted) if words and want.kinds]
    if connection.vendor != "postgresql":
        match = [" ".join(f'"{word}"' for word in words) + "*"]
        return _found(SQLITE, wanted, asked, match)
    query = " && ".join(["search_word(%s, false)"] * (len(words) - 1) + ["search_word(%s, true)"])
    statement = POSTGRESQL.replace("{query}", f"({query})")
    if len(words) < 2:
        return _found(statement.replace("{among}", "true ORDER BY d.id DESC"), wanted, asked, [*words, *words])
    return _of_several(statement, wanted, asked, [*words, *words])


def alike(words: Sequence[str], *, kinds: Sequence[str], limit: int) -> list[Hit]:
    """What holds any of these words, whole; first what shares most of them, and rare ones before frequent ones.

    For what is searched for by staff alone.
    """
    words = [word for word in map(composed, words[:MOST_WORDS]) if WORD.fullmatch(word)]
    if not words or not kinds:
        return []
    is_postgresql = connection.vendor == "postgresql"
    holding = " UNION ALL ".join([HOLDING_POSTGRESQL if is_postgresql else HOLDING_SQLITE] * len(words))
    asked = [word if is_postgresql else f'"{word}"' for word in words]
    values = [value for number, word in enumerate(asked) for value in (number, word, *kinds, False)]
    return _hits(ALIKE.replace("{holding}", holding), kinds, [*values, limit])


def _of_several(statement: str, wanted: Sequence[Wanted], asked: Sequence[int], words: Sequence[str]) -> list[list[Hit]]:
    """Words that meet often are met among the newest; where they hardly do, the index knows all places."""
    newest = SearchDoc.objects.aggregate(last=Max("pk"))["last"] or 0
    among = f"d.id > {int(newest) - AMONG} ORDER BY d.id DESC"
    found = _found(statement.replace("{among}", among), wanted, asked, words)
    is_all = newest <= AMONG  # nothing lies before the newest
    short = [number for number in asked if not is_all and len(found[number]) < wanted[number].limit]
    for number, hits in enumerate(_found(statement.replace("{among}", "true ORDER BY d.id + 0 DESC"), wanted, short, words)):
        found[number] = hits if number in short else found[number]
    return found


def _found(statement: str, wanted: Sequence[Wanted], asked: Sequence[int], words: Sequence[str]) -> list[list[Hit]]:
    """The statement once for each that is asked, as one."""
    found: list[list[Hit]] = [[] for _want in wanted]
    if not asked:
        return found
    parts: list[str] = []
    values: list[Any] = []
    for number in asked:
        want = wanted[number]
        parts.append(f"SELECT * FROM ({statement.replace('{kinds}', _marks(want.kinds))}) part{number}")  # noqa: S608
        values += [number, *words, *want.kinds, want.public_only, want.limit]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for number, *row, _rank, _id in sorted(cursor.fetchall(), key=lambda row: (row[0], *row[5:])):
            found[number].append(Hit(*row))
    return found


def _marks(kinds: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(kinds))


def _hits(statement: str, kinds: Sequence[str], values: Sequence[Any]) -> list[Hit]:
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{kinds}", _marks(kinds)), list(values))
        return [Hit(*row) for row in cursor.fetchall()]


def add(*, kind: str, object_id: int, title: str, body: str, now: datetime) -> None:
    """What is new, for staff alone. Call inside the deed's transaction."""
    SearchDoc.objects.create(kind=kind, object_id=object_id, title=composed(title), body=composed(body), is_public=False, updated_at=now)


def add_missing(kind: str, rows: Sequence[tuple[int, str, str]], *, now: datetime) -> int:
    """Of these (number, title, text) those that are not here yet; how many."""
    known = set(SearchDoc.objects.filter(kind=kind, object_id__in=[row[0] for row in rows]).values_list("object_id", flat=True))
    new = [
        SearchDoc(kind=kind, object_id=pk, title=composed(title), body=composed(body), is_public=False, updated_at=now)
        for pk, title, body in rows
        if pk not in known
    ]
    SearchDoc.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def put(*, kind: str, object_id: int, title: str, body: str, is_public: bool, now: datetime) -> None:
    """New, or in place of what was there. Call inside the deed's transaction."""
    told = {"title": composed(title), "body": composed(body), "is_public": is_public, "updated_at": now}
    SearchDoc.objects.update_or_create(kind=kind, object_id=object_id, defaults=told)


def remove(*, kind: str, object_id: int | Sequence[int]) -> None:
    """One, or all of several."""
    if not isinstance(object_id, int):
        SearchDoc.objects.filter(kind=kind, object_id__in=object_id).delete()
        return
    SearchDoc.objects.filter(kind=kind, object_id=object_id).delete()
