"""A promise stands with the answer, is listed for its author, and is told upwards when it is missed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from incidents import pledges, withdrawing
from incidents.models import Pledge, Ticket
from notifications.models import Errand
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.reporting import mails, report

TOMORROW = at(10, day=24)


@pytest.fixture
def pledge(acme: Company) -> Pledge:
    ticket = report(acme, "ella", at(9))
    return pledges.answer(ticket, author=acme.people["ana"], text="We order the part.", promise="I call you", due_at=TOMORROW, now=at(9, 5))


def told(who: str) -> list[str]:
    return list(Errand.objects.filter(person__username=who, kind="notice").order_by("pk").values_list("because", flat=True))


def test_it_is_one_answer_and_one_mail_on_the_requesters_clock(acme: Company, pledge: Pledge) -> None:
    assert pledge.ticket.entries.exclude(kind="event").count() == 1
    mail = mails(acme, "ella")[-1]
    assert "We order the part." in mail.text
    assert "Promised for Tue 24 Nov, 10:00 (Europe/Paris): I call you" in mail.text
    ticket = Ticket.objects.get(pk=pledge.ticket_id)
    assert ticket.first_answered_at == at(9, 5)


def test_its_author_is_reminded_a_quarter_of_an_hour_before_once(acme: Company, pledge: Pledge) -> None:
    for minute in (44, 45, 46, 50):
        pledges.watch_over(now=at(9, minute, day=24))
    assert [because for because in told("ana") if because.startswith("You promised")] == ["You promised for 10:00: I call you"]


def test_missed_it_is_told_to_the_manager_on_duty_once(acme: Company, pledge: Pledge) -> None:
    for minute in (0, 1, 5):
        pledges.watch_over(now=at(10, minute, day=24))
    pledge.refresh_from_db()
    assert pledge.missed_at == TOMORROW
    managers = Errand.objects.filter(kind="notice", because__contains="it was not done").values_list("person__username", flat=True)
    assert "ana" in managers
    assert set(managers) & {"dana", "kim"}
    assert pledge.ticket.entries.filter(data__verb="miss_promise").count() == 1


def test_kept_it_tells_nobody(acme: Company, pledge: Pledge) -> None:
    pledges.keep(pledge, actor=acme.people["ana"], now=at(9, 30))
    assert pledges.watch_over(now=at(11, day=24)) == 0
    assert not told("ana")


def test_taken_back_with_its_answer_it_binds_nobody(acme: Company, pledge: Pledge) -> None:
    withdrawing.take_back(pledge.entry, actor=acme.people["ana"], now=at(9, 5) + timedelta(seconds=3))
    assert pledges.watch_over(now=at(11, day=24)) == 0
    assert not Pledge.objects.open().exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": "Hi", "promise": "I call you"}, "Say by when"),
        ({"text": "Hi", "promise_at": "2099-01-01T10:00"}, "Say what you promise"),
        ({"text": "Hi", "promise": "I call", "promise_at": "2020-01-01T10:00"}, "That is over"),
        ({"text": "Hi", "promise": "I call", "promise_at": "tomorrow"}, "Write day and time"),
        ({"text": ""}, "Write something first"),
    ],
)
def test_half_a_promise_is_asked_for_and_nothing_typed_is_lost(acme: Company, said: dict[str, str], words: str) -> None:
    ticket, ana = report(acme, "ella", at(9)), signed_in(acme.people["ana"])
    page = ana.post(f"/tickets/{ticket.pk}/reply/", said)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert said["text"] in page.content.decode()


def test_the_agent_keeps_a_promise_by_a_button_on_the_ticket(acme: Company, pledge: Pledge) -> None:
    ana: Client = signed_in(acme.people["ana"])
    page = ana.get(f"/tickets/{pledge.ticket_id}/").content.decode()
    assert "promised: I call you" in page
    ana.post(f"/tickets/{pledge.ticket_id}/kept/{pledge.pk}/")
    assert "promised: I call you" not in ana.get(f"/tickets/{pledge.ticket_id}/").content.decode()
