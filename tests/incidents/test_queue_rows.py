"""What a row of the queue tells of the last words, and how its pages are gone through."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from incidents import around, conversation
from incidents.models import Presence, Ticket
from incidents.views import queue_pages
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import report


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


@pytest.fixture
def ticket(acme: Company) -> Ticket:
    return report(acme, "ella", at(9))


def row(browser: Client, ticket: Ticket, path: str = "/queue/") -> str:
    page = browser.get(path).content.decode()
    start = page.index(f'id="ticket-{ticket.pk}"')
    return page[start : page.index("</tr>", start)]


def test_a_row_tells_the_last_words_and_never_those_taken_back(acme: Company, ana: Client, ticket: Ticket) -> None:
    conversation.note(ticket, author=acme.people["ben"], text="Ask the\nvendor " + "x" * 300, now=at(9, 5))
    said = row(ana, ticket)
    assert "Ben, " in said
    assert "Ask the vendor xxx" in said
    assert 'aria-label="Internal"' in said
    assert "x" * 130 not in said
    ticket.entries.filter(kind="note").update(withdrawn_at=at(9, 6))
    assert "Ask the vendor" not in row(ana, ticket)


def test_words_on_a_confidential_ticket_are_on_its_page_alone(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), "My laptop was stolen", loss=True)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=acme.people["ben"])
    conversation.note(ticket, author=acme.people["ana"], text="canary-31", now=at(9, 5))
    said = row(signed_in(acme.people["ben"]), ticket)
    assert "Ana, " in said
    assert "canary-31" not in said
    assert f'id="ticket-{ticket.pk}"' not in signed_in(acme.people["vera"]).get("/queue/").content.decode()


def test_unread_is_what_others_wrote_since_one_had_it_open(acme: Company, ana: Client, ticket: Ticket) -> None:
    conversation.reply(ticket, author=acme.people["ben"], text="Look", now=at(9, 5))
    assert ">Unread<" not in row(ana, ticket)  # neither opened nor hers
    around.be_present(ticket, person=acme.people["ana"], is_writing=False, now=at(9, 6))
    conversation.hear(ticket, author=acme.people["ella"], text="No", now=at(9, 7))
    assert ">Unread<" in row(ana, ticket)
    assert ">Unread<" not in row(signed_in(acme.people["ben"]), ticket)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=acme.people["ben"])
    assert ">Unread<" in row(signed_in(acme.people["ben"]), ticket)
    ana.get(f"/tickets/{ticket.pk}/")
    assert ">Unread<" not in row(ana, ticket)


def test_what_was_read_of_an_open_ticket_is_not_forgotten_with_who_is_here(acme: Company, ticket: Ticket) -> None:
    closed = report(acme, "omar", at(9))
    for each in (ticket, closed):
        around.be_present(each, person=acme.people["ana"], is_writing=False, now=at(9, 6))
    Ticket.objects.filter(pk=closed.pk).update(state="closed")
    around.forget(now=at(9) + timedelta(days=2))
    assert [one.ticket_id for one in Presence.objects.all()] == [ticket.pk]
    around.forget(now=at(9) + timedelta(days=91))
    assert not Presence.objects.exists()


@pytest.mark.parametrize("sort", ["clock", "newest", "oldest"])
def test_pages_lead_on_and_back_over_the_same_rows(acme: Company, ana: Client, monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    monkeypatch.setattr(queue_pages, "PAGE", 2)
    made = {report(acme, "ella", at(9, n), f"Lathe {n}", effect="workaround").pk for n in range(5)}
    seen, path, places = [], f"?sort={sort}", []
    while path:
        page = ana.get(f"/queue/{path}").context
        seen.append([each.ticket.pk for each in page["rows"]])
        places.append(page["place"])
        path, back = page["page"].following, page["page"].previous
    assert places == ["1\u20132 of 5", "3\u20134 of 5", "5\u20135 of 5"]
    assert {pk for each in seen for pk in each} == made
    middle = ana.get(f"/queue/{back}").context
    assert ([each.ticket.pk for each in middle["rows"]], middle["place"]) == (seen[1], "3\u20134 of 5")
    first = ana.get(f"/queue/{middle['page'].previous}").context
    assert ([each.ticket.pk for each in first["rows"]], first["page"].previous) == (seen[0], "")


def test_the_heads_of_the_table_sort_it_and_say_how(ana: Client, ticket: Ticket) -> None:
    page = ana.get("/queue/?view=triage").content.decode()
    assert 'class="c-clock" aria-sort="ascending"' in page
    assert '<a href="?view=triage&amp;sort=newest"' in page
    assert 'class="c-no" aria-sort="descending"' in ana.get("/queue/?sort=newest").content.decode()


@pytest.fixture
def half_untimed(acme: Company) -> list[int]:
    """A hundred and twenty rows in the order of their clocks: every second one has no time by which anything is due."""
    one = report(acme, "ella", at(9))
    Ticket.objects.bulk_create(
        Ticket(title=f"Lathe {n}", what="", requester=one.requester, created_at=at(9), updated_at=at(9)) for n in range(119)
    )
    made = sorted(Ticket.objects.values_list("pk", flat=True))
    Ticket.objects.update(first_answer_due_at=None, solution_due_at=None)
    for place, pk in enumerate(made[::2]):
        Ticket.objects.filter(pk=pk).update(first_answer_due_at=at(12) + timedelta(minutes=place // 2))
    return [*made[::2], *made[1::2]]


def walked(ana: Client, path: str, way: str) -> list[list[int]]:
    seen = []
    while path:
        page = ana.get(f"/queue/{path}").context
        seen.append([each.ticket.pk for each in page["rows"]])
        path = getattr(page["page"], way)
    return seen


@pytest.mark.parametrize("size", [50, 30])
def test_what_has_no_time_comes_last_and_every_row_is_on_one_page(
    ana: Client, half_untimed: list[int], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(queue_pages, "PAGE", size)
    forward = walked(ana, "?sort=clock", "following")
    assert [pk for rows in forward for pk in rows] == half_untimed
    last = ana.get(f"/queue/?sort=clock&after=~{forward[-2][-1]}").context
    assert (last["place"], last["page"].following) == (f"{120 - len(forward[-1]) + 1}\u2013120 of 120", "")
    assert walked(ana, last["page"].previous, "previous") == forward[-2::-1]


def test_next_and_previous_go_over_to_what_has_no_time(ana: Client, half_untimed: list[int]) -> None:
    ana.get("/queue/")
    timed, untimed = half_untimed[59:61]
    assert ana.get(f"/tickets/{timed}/beside/?to=next").headers["Location"] == f"/tickets/{untimed}/"
    assert ana.get(f"/tickets/{untimed}/beside/?to=previous").headers["Location"] == f"/tickets/{timed}/"
