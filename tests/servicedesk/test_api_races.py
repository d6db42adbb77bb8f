"""The same request twice at once, on PostgreSQL: one acts, the other gets its answer."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from incidents.models import Ticket
from servicedesk.api.models import KeptAnswer
from servicedesk.operations.worlds import company
from tests.actors import NINE
from tests.incidents.test_automation_races import at_once
from tests.speaking import Caller, program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
BODY = {"what": "Outlook cannot connect", "requester": "ella"}


@pytest.fixture
def job(transactional_db: None) -> Caller:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    company.found(now=NINE)
    return program()


def test_of_many_with_one_key_one_acts(job: Caller) -> None:
    for number in range(5):
        callers = [Caller(Client(), job.headers) for _caller in range(4)]
        posts = [lambda caller=caller, key=f"k{number}": caller.post("tickets/", BODY, idempotency_key=key) for caller in callers]
        answers = at_once(*posts)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1
    assert (Ticket.objects.count(), KeptAnswer.objects.count()) == (5, 5)


def test_where_the_first_is_refused_the_second_is_heard(job: Caller) -> None:
    bad, good = Caller(Client(), job.headers), Caller(Client(), job.headers)
    for number in range(5):
        key = f"k{number}"
        one, other = at_once(
            lambda key=key: bad.post("tickets/", {"what": ""}, idempotency_key=key),
            lambda key=key: good.post("tickets/", BODY, idempotency_key=key),
        )
        assert (one.status_code in (400, 422), other.status_code) == (True, 201)
    assert Ticket.objects.count() == 5


def test_of_two_who_change_what_they_read_one_is_told_that_it_changed(job: Caller) -> None:
    number = job.post("tickets/", BODY).json()["id"]
    for round_ in range(5):
        tag = job.get(f"tickets/{number}/").headers["ETag"]
        callers = [Caller(Client(), job.headers) for _caller in range(3)]
        patches = [
            lambda caller=caller, n=n, tag=tag: caller.patch(f"tickets/{number}/", {"tags": [f"{round_}-{n}"]}, if_match=tag)  # noqa: B023
            for n, caller in enumerate(callers)
        ]
        assert sorted(answer.status_code for answer in at_once(*patches)) == [200, 412, 412]
