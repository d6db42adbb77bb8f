"""A form sent twice is done once: a double click, Back and Send. Each form of the desk, and the same answer again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from incidents import automation
from incidents.models import Entry, Incident, Ticket, TimelineEntry
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import email_down

CALL = {"text": "Nobody answered", "minutes": "0", "direction": "out"}
FORMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "reply": ("ana", "/tickets/{ticket}/reply/", {"text": "Try again now"}),
    "reply and solve": ("ana", "/tickets/{ticket}/reply/", {"text": "Works again", "solve": "1"}),
    "note": ("ana", "/tickets/{ticket}/note/", {"text": "Looks like fs-02"}),
    "call": ("ana", "/tickets/{ticket}/call/", CALL),
    "requester": ("ella", "/t/{ticket}/", {"text": "Still broken"}),
    "incident note": ("ana", "/incidents/{incident}/note/", {"text": "Supplier called"}),
    "declare": ("dana", "/incidents/new/", {"title": "VPN is slow", "service": "vpn", "severity": "2"}),
}


@pytest.fixture
def numbers(acme: Company) -> dict[str, int]:
    ticket = automation.file_ticket(
        requester=acme.people["ella"], what="The printer is stuck", impacted="me", effect="workaround", now=NINE
    )
    return {"ticket": ticket.pk, "incident": email_down(acme).pk}


def written() -> tuple[int, ...]:
    rows: tuple[Any, ...] = (Entry, Ticket, Incident, TimelineEntry, Message)
    return tuple(model.objects.count() for model in rows)


def form_of(name: str, acme: Company, numbers: dict[str, int]) -> tuple[Client, str, dict[str, str]]:
    who, path, said = FORMS[name]
    return signed_in(acme.people[who]), path.format(**numbers), said


@pytest.mark.parametrize("name", FORMS)
def test_a_second_press_of_the_same_form_leads_to_the_same_place_and_writes_nothing(
    name: str, acme: Company, numbers: dict[str, int]
) -> None:
    client, path, said = form_of(name, acme, numbers)
    before = written()
    first = client.post(path, {**said, "form_key": "k1"})
    once = written()
    again = client.post(path, {**said, "form_key": "k1"})
    assert before != once == written()
    assert (first.status_code, again.status_code) == (302, 302)
    assert again.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("name", [name for name in FORMS if name != "call"])
def test_going_back_and_sending_the_same_words_in_a_new_form_is_the_same_press(name: str, acme: Company, numbers: dict[str, int]) -> None:
    client, path, said = form_of(name, acme, numbers)
    first = client.post(path, {**said, "form_key": "k1"})
    once = written()
    assert client.post(path, {**said, "form_key": "k2"}).headers["Location"] == first.headers["Location"]
    assert written() == once


@pytest.mark.parametrize(
    ("name", "other"), [("reply", "text"), ("note", "text"), ("call", "text"), ("requester", "text"), ("declare", "title")]
)
def test_going_back_and_writing_something_else_in_the_same_form_is_another_deed(
    name: str, other: str, acme: Company, numbers: dict[str, int]
) -> None:
    client, path, said = form_of(name, acme, numbers)
    client.post(path, {**said, "form_key": "k1"})
    once = written()
    assert client.post(path, {**said, other: "Something else", "form_key": "k1"}).status_code == 302
    assert written() != once


def test_two_calls_that_nobody_answered_are_two_calls(acme: Company, numbers: dict[str, int]) -> None:
    client, path, said = form_of("call", acme, numbers)
    for key in ("k1", "k2", "k2"):
        client.post(path, {**said, "form_key": key})
    assert Entry.objects.filter(kind="call").count() == 2


@pytest.mark.parametrize("name", FORMS)
def test_the_page_of_each_form_brings_a_key_of_its_own(name: str, acme: Company, numbers: dict[str, int]) -> None:
    client, path, _said = form_of(name, acme, numbers)
    page = path.replace("reply/", "").replace("note/", "").replace("call/", "?write=call")
    first, second = (client.get(page).content.decode().partition('name="form_key" value="')[2][:32] for _time in range(2))
    assert len(first) == len(second) == 32
    assert first != second


def test_a_key_is_spent_by_nobody_else_and_by_no_refusal(acme: Company, numbers: dict[str, int]) -> None:
    path, ticket = f"/tickets/{numbers['ticket']}/reply/", Ticket.objects.get(pk=numbers["ticket"])
    seen = ticket.entries.latest("pk").pk
    signed_in(acme.people["ben"]).post(path, {"text": "I look at it", "form_key": "k1"})
    ana = signed_in(acme.people["ana"])
    refused = ana.post(path, {"text": "Mine", "form_key": "k1", "last_seen": seen})
    assert (refused.status_code, 'value="k1"' in refused.content.decode()) == (409, True)
    assert ana.post(path, {"text": "Mine", "form_key": "k1"}).status_code == 302
    assert ticket.entries.filter(kind="reply").count() == 2


def test_an_answer_to_what_was_closed_meanwhile_keeps_its_words(acme: Company, numbers: dict[str, int]) -> None:
    Ticket.objects.filter(pk=numbers["ticket"]).update(state="closed")
    page = signed_in(acme.people["ana"]).post(f"/tickets/{numbers['ticket']}/reply/", {"text": "Try again now", "solve": "1"})
    assert page.status_code == 409
    assert "Try again now</textarea>" in page.content.decode()
    assert not Entry.objects.filter(kind="reply").exists()
