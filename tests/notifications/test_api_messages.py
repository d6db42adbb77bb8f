"""Messages by the API: what the outbox shows, as masked as there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents import incidents
from incidents.models import SignedLink
from notifications import outbox
from notifications.models import Message
from notifications.outbox import Letter
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.speaking import Caller, person, program

KEYS = [
    "id", "thread", "channel", "person", "to", "text", "state", "reason", "due_at", "sent_at", "delivered_at", "seen_at",
    "acted_at", "attempts",
]  # fmt: skip


@pytest.fixture
def job(acme: Company) -> Caller:
    return program("tickets:read", "incidents:read")


@pytest.fixture
def paged(acme: Company) -> Company:
    """Sam was paged for the VPN."""
    grounds = incidents.Grounds(title="VPN is slow", reason="x", service=acme.services["vpn"], severity=1, since=NINE)
    incidents.declare(grounds, actor=acme.people["dana"], now=NINE)
    return acme


def posted(text: str, *, key: str = "k", secret: bool = False) -> Message:
    letter = Letter(subject="Hello", text=text, html="", sms="", short="")
    message = outbox.post(thread="T-1001", key=key, channel="email", to="ella@acme.example", letter=letter, now=NINE)
    Message.objects.filter(pk=message.pk).update(is_confidential=secret)
    return message


def test_a_message_has_exactly_the_promised_fields(paged: Company, job: Caller) -> None:
    message = Message.objects.get(channel="sms", person=paged.people["sam"])
    shown = job.get(f"messages/{message.pk}/").json()
    assert list(shown) == KEYS
    assert (shown["id"], shown["person"], shown["channel"], shown["state"]) == (message.pk, "sam", "sms", message.state)
    assert shown["due_at"] == "2026-11-23T08:00:00Z"


def test_link_tokens_and_the_middle_of_numbers_are_masked(paged: Company, job: Caller) -> None:
    link = SignedLink.objects.get(person=paged.people["sam"])
    told = job.get("messages/?limit=200")
    assert link.token in Message.objects.filter(channel="sms").values_list("text", flat=True)[0]
    assert link.token not in told.content.decode()
    assert "+33600000001" not in told.content.decode()
    assert {row["to"] for row in told.json()["results"] if row["channel"] == "sms"} == {"+33•••01"}


def test_codes_are_masked(acme: Company, job: Caller) -> None:
    posted("Your code is 123 456.")
    assert job.get("messages/").json()["results"][0]["text"] == "Your code is ••••••."


def test_a_confidential_one_has_no_words_for_people_and_is_not_there_for_tokens(acme: Company, job: Caller) -> None:
    message = posted("The laptop was stolen", secret=True)
    assert person(acme.people["ana"]).get(f"messages/{message.pk}/").json()["text"] == ""
    assert job.get(f"messages/{message.pk}/").status_code == 404
    assert job.get("messages/").json()["results"] == []


def test_a_list_is_narrowed_by_each_filter(paged: Company, job: Caller) -> None:
    letter = posted("Hello")
    Message.objects.filter(pk=letter.pk).update(state="failed", due_at=NINE + timedelta(hours=1))
    for query in ("status=failed", "thread=t-1001"):
        assert [row["id"] for row in job.get(f"messages/?{query}").json()["results"]] == [letter.pk], query
    assert {row["person"] for row in job.get("messages/?person=sam").json()["results"]} == {"sam"}
    assert {row["channel"] for row in job.get("messages/?channel=voice").json()["results"]} == {"voice"}


@pytest.mark.parametrize("scope", ["tickets:read", "incidents:read"])
def test_letters_speak_of_tickets_and_incidents_so_both_scopes_are_needed(acme: Company, scope: str) -> None:
    answer = program(scope).get("messages/")
    missing = {"tickets:read": "incidents:read", "incidents:read": "tickets:read"}[scope]
    assert (answer.status_code, answer.json()["detail"]) == (403, f"This token lacks the scope {missing}.")


@pytest.mark.parametrize("count", [1, 12])
def test_a_list_costs_the_same_however_long(
    acme: Company, job: Caller, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        posted("Hello", key=str(number))
    job.get("messages/")
    with django_assert_num_queries(3):  # token, grants, messages
        assert len(job.get("messages/").json()["results"]) == count
