"""A ticket on paper, its files in one list, and its title put right."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents import conversation, finding, titles
from incidents.models import Entry, Ticket
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import report
from tests.speaking import person


@pytest.fixture
def ticket(acme: Company) -> Ticket:
    made = report(acme, "ella", NINE)
    conversation.reply(made, author=acme.people["ana"], text="Try again.", now=at(9, 5))
    conversation.note(made, author=acme.people["ana"], text="canary-7731", now=at(9, 6))
    return made


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def paper(client: Client, path: str) -> str:
    """What is printed of it."""
    return page(client, path).split("<main")[1].split("</main>")[0]


def sent(name: str, content: bytes = b"cable: blue") -> Any:
    return SimpleUploadedFile(name, content)


# On paper


def test_who_asked_prints_what_they_read(acme: Company, ticket: Ticket) -> None:
    printed = paper(signed_in(acme.people["ella"]), f"/t/{ticket.pk}/?print=1")
    assert "Try again." in printed
    assert "printed" in printed
    assert [word for word in ("canary", "SEV", "Internal", "<form", "<script", "<nav") if word in printed] == []


def test_staff_print_all_of_it_with_the_notes_marked(ana: Client, ticket: Ticket) -> None:
    printed = paper(ana, f"/tickets/{ticket.pk}/?print=1")
    assert "Try again." in printed
    assert printed.index("Internal note") < printed.index("canary-7731")
    assert "With internal notes: for staff only" in printed
    assert [word for word in ("<form", "<script", "<nav") if word in printed] == []


def test_nobody_prints_what_they_may_not_read_and_printing_secrets_is_a_reading(acme: Company, ana: Client, ticket: Ticket) -> None:
    assert signed_in(acme.people["omar"]).get(f"/t/{ticket.pk}/?print=1").status_code == 404
    Ticket.objects.filter(pk=ticket.pk).update(is_confidential=True, assignee=acme.people["ana"])
    assert "Confidential" in page(ana, f"/tickets/{ticket.pk}/?print=1")
    assert AuditEntry.objects.filter(verb="read", actor=acme.people["ana"]).count() == 1
    assert signed_in(acme.people["vera"]).get(f"/tickets/{ticket.pk}/?print=1").status_code == 404


# Files


def test_all_files_stand_in_one_list_with_who_when_and_what_they_came_with(acme: Company, ana: Client, ticket: Ticket) -> None:
    assert "No files." in page(ana, f"/tickets/{ticket.pk}/?tab=files")
    signed_in(acme.people["ella"]).post(f"/t/{ticket.pk}/", {"text": "See this", "files": [sent("blue.txt")], "form_key": "a"})
    ana.post(f"/tickets/{ticket.pk}/note/", {"text": "And this", "files": [sent("inside.txt", b"rack 7")], "form_key": "b"})
    listed = page(ana, f"/tickets/{ticket.pk}/?tab=files")
    said = Entry.objects.get(text="See this")
    blue, inside = (listed.split("<tbody>")[1].split("</tr>"))[:2]
    assert ("blue.txt" in blue, f"#entry-{said.pk}" in blue, "Ella" in blue, "Internal" in blue) == (True, True, True, False)
    assert ("inside.txt" in inside, "Ana" in inside, "Internal" in inside) == (True, True, True)


def test_the_tab_of_files_gets_no_news_of_the_talk(ana: Client, ticket: Ticket) -> None:
    news = ana.get(f"/tickets/{ticket.pk}/", {"pulse": "old", "tab": "files"}).content.decode()
    assert 'id="talk"' not in news
    assert 'id="here"' in news


# The title


def test_a_title_is_put_right_on_the_timeline_and_in_search(acme: Company, ana: Client, ticket: Ticket) -> None:
    assert 'name="title"' in page(ana, f"/tickets/{ticket.pk}/?edit=title")
    assert ana.post(f"/tickets/{ticket.pk}/title/", {"title": " Zebra\u202e cable "}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.title, ticket.what.startswith("Outlook")) == ("Zebra cable", True)
    event = ticket.entries.get(kind="event", data__verb="set_title")
    assert (event.text, event.audience, event.data["before"]["title"][:7]) == ("Title: Zebra cable.", "staff", "Outlook")
    groups = {group.kind: group.rows for group in finding.find("zebra", reader=acme.people["ana"])}
    assert groups["ticket"] == [ticket]


def test_an_empty_title_is_refused_and_the_same_one_is_no_event(acme: Company, ana: Client, ticket: Ticket) -> None:
    assert ana.post(f"/tickets/{ticket.pk}/title/", {"title": " "}).status_code == 422
    titles.set_title(ticket, ticket.title, actor=acme.people["ana"], now=at(10))
    assert not ticket.entries.filter(data__verb="set_title").exists()


def test_a_confidential_ticket_stays_out_of_search_with_its_new_title(acme: Company, ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(is_confidential=True)
    titles.set_title(ticket, "Zebra cable", actor=acme.people["ana"], now=at(10))
    assert [group.rows for group in finding.find("zebra", reader=acme.people["ana"]) if group.kind == "ticket" and group.rows] == []


def test_the_api_sets_a_title_too(acme: Company, ticket: Ticket) -> None:
    assert person(acme.people["ana"]).patch(f"tickets/{ticket.number}/", {"title": "Zebra"}).json()["title"] == "Zebra"
