"""Finding by words: the same answers on both databases, and no text that breaks the question."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from servicedesk.search import index
from servicedesk.search.models import SearchDoc
from tests.actors import NINE

pytestmark = pytest.mark.django_db


def put(number: int, title: str, body: str = "", *, kind: str = "article", is_public: bool = True) -> None:
    index.put(kind=kind, object_id=number, title=title, body=body, is_public=is_public, now=NINE)


def found(text: str, *, public_only: bool = True, limit: int = 5) -> list[int]:
    return [hit.object_id for hit in index.find(text, kinds=["article"], public_only=public_only, limit=limit)]


@pytest.mark.parametrize("asked", ["outlook connect", "OUTLOOK", "connect outl", "outlook, connect!", "outlook_connect"])
def test_words_are_found_in_any_order_and_the_last_as_a_beginning(asked: str) -> None:
    put(1, "Outlook cannot connect")
    put(2, "The printer is stuck")
    assert found(asked) == [1]


def test_only_the_last_word_may_be_unfinished() -> None:
    put(1, "Outlook cannot connect")
    assert found("outl connect") == []


@pytest.mark.parametrize("asked", ["cafe", "café", "CAFÉ", "cafe\u0301", "machine a cafe", "Mach cafe"])
def test_accents_do_not_matter(asked: str) -> None:
    put(1, "Machine à café")
    assert found(asked) == ([] if asked.startswith("Mach ") else [1])


def test_a_word_of_the_title_weighs_more() -> None:
    put(1, "Network drive", "Where the VPN is off, start the VPN.")
    put(2, "VPN", "How to reach the office from home.")
    assert found("vpn") == [2, 1]


def test_what_changed_is_found_by_its_new_words_alone() -> None:
    put(1, "Outlook cannot connect")
    put(1, "Teams has no sound", "Choose the headset.")
    assert (found("outlook"), found("headset"), SearchDoc.objects.count()) == ([], [1], 1)


def test_what_was_removed_is_not_found() -> None:
    put(1, "Outlook cannot connect")
    index.remove(kind="article", object_id=1)
    assert found("outlook") == []


def test_what_is_not_for_everyone_is_found_only_when_asked_for() -> None:
    put(1, "Outlook servers", is_public=False)
    assert (found("outlook"), found("outlook", public_only=False)) == ([], [1])


def test_other_kinds_and_more_than_asked_for_are_left_out() -> None:
    for number in range(1, 5):
        put(number, "Outlook")
    put(9, "Outlook", kind="ticket")
    assert found("outlook", limit=3) == [1, 2, 3]


@pytest.mark.parametrize("asked", ["", "   ", "!?", '"', "__", "*"])
def test_no_words_find_nothing(asked: str) -> None:
    put(1, "Outlook")
    assert found(asked) == []


class AnyText(TestCase):
    @given(st.text(max_size=60))
    @example("outlook' OR 1=1; --")
    @example('"outlook" NEAR/2 (connect) -x *:^')
    @example("outlook & ! | <-> :*")
    @example("\u0149 \u00bd \u00a9 \\ \u02bcn \u00ba \u00aa\u00df")
    @example("\x00 outlook \ud7ff")
    def test_any_text_is_a_question_like_any_other(self, asked: str) -> None:
        put(1, "Outlook cannot connect")
        assert set(found(asked)) <= {1}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a generated column instead")
def test_after_the_migrations_the_triggers_are_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'search_searchdoc' ORDER BY name")
        assert [name for (name,) in cursor.fetchall()] == ["search_added", "search_changed", "search_removed"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has an index of its own instead")
def test_the_words_are_a_column_of_the_database_with_an_index_for_each_kind() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'search_words%' ORDER BY indexname")
        found = dict(cursor.fetchall())
    assert list(found) == ["search_words_of_entries", "search_words_of_others", "search_words_of_tickets"]
    assert all("USING gin (words) WHERE" in definition for definition in found.values())


@pytest.mark.django_db
def test_among_many_the_newest_are_found_and_rare_words_lead_to_what_is_alike() -> None:
    for number in range(index.RANKED + 50):
        index.add(kind="ticket", object_id=number, title="Printer jams", body=f"tray{number % 7}", now=NINE)
    index.add(kind="ticket", object_id=9000, title="Printer jams", body="duplexer", now=NINE)
    index.add(kind="ticket", object_id=9001, title="Scanner", body="duplexer", now=NINE)
    found = index.find("printer", kinds=["ticket"], public_only=False, limit=500)
    assert len(found) == index.RANKED
    assert {0, 9001}.isdisjoint(hit.object_id for hit in found)
    assert {hit.object_id for hit in index.alike(["printer", "duplexer"], kinds=["ticket"], limit=2)} == {9000, 9001}


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["printer", "printer jams"])
def test_several_kinds_are_looked_for_at_once_each_up_to_its_limit(words: str) -> None:
    for number in range(4):
        index.add(kind="ticket", object_id=number, title="Printer jams", body="", now=NINE)
        index.add(kind="entry", object_id=number, title="", body="The printer jams again", now=NINE)
    index.put(kind="article", object_id=1, title="When the printer jams", body="", is_public=True, now=NINE)
    index.put(kind="article", object_id=2, title="Printer jams, for staff", body="", is_public=False, now=NINE)
    asked = [index.Wanted(["ticket"], False, 3), index.Wanted([], False, 9), index.Wanted(["entry"], False, 9)]
    with CaptureQueriesContext(connection) as taken:
        found = index.find_each(words, [*asked, index.Wanted(["article"], True, 9)])
    assert [len(hits) for hits in found] == [3, 0, 4, 1]
    assert [[hit.kind for hit in hits][:1] for hits in found] == [["ticket"], [], ["entry"], ["article"]]
    assert len(taken) <= 3
