"""Open tickets are few among many: what asks for them goes by an index of them alone, on SQLite too."""

from __future__ import annotations

import pytest
from django.db import connection

from incidents.models import Ticket
from incidents.models.tickets import IS_OPEN
from incidents.states import OPEN_TICKET
from servicedesk.operations.worlds.company import Company
from tests.actors import at
from tests.incidents.reporting import report


def test_the_words_in_the_statement_are_the_states_that_count_as_open() -> None:
    ((_name, words),) = IS_OPEN.children
    assert [word.value for word in words] == [state.value for state in OPEN_TICKET]


def test_the_closed_ones_are_not_among_them(acme: Company) -> None:
    kept, gone = report(acme, "ella", at(9), "Lathe"), report(acme, "omar", at(9), "Mill")
    Ticket.objects.filter(pk=gone.pk).update(state="closed")
    assert list(Ticket.objects.open()) == [kept]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "name"),
    [
        (Ticket.objects.open().by_clock()[:51], "ticket_open_"),
        (Ticket.objects.open().filter(state="waiting").order_by(), "ticket_open_state"),
        (Ticket.objects.open().filter(team=1).order_by(), "ticket_open_team"),
        (Ticket.objects.open().filter(assignee=1), "ticket_assignee"),
    ],
    ids=["clock", "state", "team", "assignee"],
)
def test_sqlite_sees_that_the_index_covers_what_is_asked(rows: object, name: str) -> None:
    assert f" INDEX {name}" in rows.explain()  # type: ignore[attr-defined]
