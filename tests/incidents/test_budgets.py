"""How many statements a page may take: eight for a list, twelve for one thing, and as many for six as for three."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents import conversation, problems, targets
from incidents.incidents import Grounds, declare
from incidents.mail import posting
from incidents.models import InboundMail, Incident, Problem, Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.mailing import mail
from tests.incidents.reporting import report

LIST, ONE = 8, 12
LISTS = ["/queue/", "/queue/?view=triage", "/incidents/", "/mail/held/", "/ask/", "/help/", "/alerts/", "/outbox/", "/status/"]
ASKING = {"/t/": LIST, "/": ONE, "/help/": LIST, "/ask/": LIST, "/t/{ticket}/": ONE}
ONES = ["/tickets/{ticket}/", "/tickets/{ticket}/similar/", "/problems/{problem}/", "/mail/{mail}/", "/plan/"]
MORE = {
    "/problems/": LIST,
    "/search/?q=lathe": 11,
    "/search/?q=lathe+noise": ONE,
    "/before-you-go/": 10,
    "/tickets/{ticket}/clocks/": 7,
    "/reports/": 10,
}
MORE |= {"/incidents/{incident}/": 28}
BUDGETS = dict.fromkeys(LISTS, LIST) | dict.fromkeys(ONES, ONE) | MORE

FIRST: dict[str, Any] = {"ticket": Ticket, "incident": Incident, "problem": Problem, "mail": InboundMail}


def filled(acme: Company, since: int, until: int) -> None:
    """More of everything that lists show."""
    for n in range(since, until):
        ticket = report(acme, ("ella", "omar", "lea")[n % 3], at(9, n), f"Lathe {n} makes noise", effect="workaround")
        conversation.reply(ticket, author=acme.people["ben"], text=f"Look at {n}", now=at(10, n))
        conversation.note(ticket, author=acme.people["ana"], text="A note", now=at(10, n))
        problems.make([ticket], title=f"Noise {n}", actor=acme.people["ana"], now=at(11))
        posting.receive(mail(f"News {n}", sender=f"s{n}@other.test", Precedence="bulk"), door="test", now=at(11))


@pytest.fixture
def busy(acme: Company) -> Company:
    grounds = Grounds(title="Email is down", reason="", service=acme.services["email"], severity=2, since=at(9))
    declare(grounds, actor=acme.people["dana"], now=at(9))
    filled(acme, 0, 3)
    return acme


def counted(client: Client, paths: dict[str, int]) -> dict[str, int]:
    """How many statements each takes, when it was opened before: the fewer of two, as what is kept for a minute may just run out."""
    found, first = {}, {name: model.objects.order_by("pk").values_list("pk", flat=True)[0] for name, model in FIRST.items()}
    for path in paths:
        address = path.format(**first)
        client.get(address)
        found[path] = min(_statements(client, address) for _time in range(2))
    return found


def _statements(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as taken:
        assert client.get(address).status_code == 200, address
    return len(taken)


@pytest.mark.parametrize(("person", "budgets"), [("ana", BUDGETS), ("ella", ASKING)])
def test_a_page_keeps_within_its_statements_and_takes_no_more_for_more(busy: Company, person: str, budgets: dict[str, int]) -> None:
    client = signed_in(busy.people[person])
    few = counted(client, budgets)
    assert {path: n for path, n in few.items() if n > budgets[path]} == {}
    filled(busy, 3, 6)
    assert counted(client, budgets) == few


def test_clocks_are_reckoned_by_as_many_statements_however_much_was_said(acme: Company) -> None:
    ticket, counted = report(acme, "ella", at(9), "Lathe", effect="workaround"), []
    for minute in range(3):
        conversation.note(ticket, author=acme.people["ana"], text="A note", now=at(10, minute))
        with CaptureQueriesContext(connection) as taken:
            targets.clocks_of(ticket, now=at(11))
        counted.append(len(taken))
    assert len(set(counted[1:])) == 1
