"""Search and similar tickets: everything once more through what the reader may see."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents import conversation, finding, incidents, problems, similar, withdrawing
from incidents.models import Problem, Ticket
from servicedesk.operations.worlds.company import Company
from servicedesk.search.models import SearchDoc
from tests.actors import at, signed_in
from tests.incidents.reporting import report

SECRET = "canary5512 stolen ledger"


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def kinds(words: str, acme: Company, who: str = "ana") -> dict[str, int]:
    return {group.kind: len(group.rows) for group in finding.find(words, reader=acme.people[who])}


def test_words_are_found_in_tickets_in_what_was_said_and_in_names(acme: Company, ana: Client) -> None:
    ticket = report(acme, "ella", at(9), "The plotter prints zebra stripes")
    conversation.note(ticket, author=acme.people["ben"], text="Cleaned the drum with isopropanol, see manual", now=at(9, 1))
    assert kinds("zebra strip", acme) == {"ticket": 1}
    page = ana.get("/search/?q=isopropanol").content.decode()
    assert "Cleaned the drum with isopropanol" in page
    assert kinds("ella", acme)["person"] == 1
    assert kinds("printing", acme)["service"] == 1
    assert kinds("outlook cannot connect", acme)["article"] == 1


@pytest.mark.parametrize(
    ("words", "there"), [("T-{t}", "/tickets/{t}/"), ("{t}", "/tickets/{t}/"), ("inc-{i}", "/incidents/{i}/"), ("inc {i}", "")]
)
def test_a_number_leads_there_at_once(acme: Company, ana: Client, words: str, there: str) -> None:
    ticket = report(acme, "ella", at(9))
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=at(9))
    incident = incidents.declare(grounds, now=at(9)).incident
    assert incident
    known = {"t": ticket.pk, "i": incident.pk}
    answer = ana.get("/search/", {"q": words.format(**known)})
    assert answer.headers.get("Location", "") == there.format(**known)


def test_what_is_confidential_is_found_by_nobody_and_leads_only_who_may_read_it(acme: Company, ana: Client) -> None:
    secret = report(acme, "ella", at(9), SECRET, loss=True)
    Ticket.objects.filter(pk=secret.pk).update(team=acme.teams["network"])
    secret.refresh_from_db()
    conversation.note(secret, author=acme.people["sam"], text=SECRET, now=at(9, 1))
    for who in ("ana", "sam", "dana", "adam", "vera"):
        page = signed_in(acme.people[who]).get("/search/?q=canary5512").content.decode()
        assert "stolen ledger" not in page
    assert not SearchDoc.objects.filter(body__contains="canary5512").exists()
    assert ana.get(f"/search/?q=T-{secret.pk}").status_code == 200
    assert "stolen ledger" not in ana.get("/search/?person=ella").content.decode()


def test_a_ticket_that_turns_confidential_leaves_the_index(acme: Company) -> None:
    ticket = report(acme, "ella", at(9), "canary5512 my bag")
    assert kinds("canary5512", acme) == {"ticket": 1}
    Ticket.objects.filter(pk=ticket.pk).update(is_confidential=True)
    assert kinds("canary5512", acme) == {}


def test_an_answer_taken_back_is_not_found(acme: Company) -> None:
    ticket, ana = report(acme, "ella", at(9)), acme.people["ana"]
    entry = conversation.reply(ticket, author=ana, text="quokka", now=at(9, 1))
    withdrawing.take_back(entry, actor=ana, now=at(9, 1))
    assert kinds("quokka", acme) == {}


def test_what_was_filed_past_the_deeds_is_indexed_once(acme: Company) -> None:
    report(acme, "ella", at(9), "zebra stripes")
    SearchDoc.objects.filter(kind="ticket").delete()
    assert (finding.reindex(now=at(10)), finding.reindex(now=at(10)), kinds("zebra", acme)) == (1, 0, {"ticket": 1})


@pytest.mark.parametrize("words", ["", '"', "'; --", "a" * 5000, "NEAR(", "%_", "\x00", "🦓", "* *"])
def test_odd_words_find_nothing_and_break_nothing(ana: Client, words: str) -> None:
    assert ana.get("/search/", {"q": words, "in": "nonsense"}).status_code in (200, 400)


def test_search_costs_the_same_for_one_and_for_many(
    acme: Company, ana: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for minute in range(12):
        report(acme, "ella", at(9, minute), f"zebra stripes {minute}")
    ana.get("/search/?q=zebra")
    with django_assert_max_num_queries(16):
        assert "More of these" in ana.get("/search/?q=zebra").content.decode()


def test_similar_tickets_give_their_reasons_and_their_answer(acme: Company, ana: Client) -> None:
    old = report(acme, "omar", at(8), "Outlook shows certificate warning for smtp server")
    conversation.reply(old, author=acme.people["ana"], text="Install the new certificate.", now=at(8, 5))
    new = report(acme, "ella", at(9), "Certificate warning in Outlook about the smtp server")
    found = similar.of(new, reader=acme.people["ana"])
    assert [one.ticket for one in found] == [old]
    assert "same service" in found[0].reasons
    assert "“certificate”" in found[0].reasons
    assert "Install the new certificate." in ana.get(f"/tickets/{new.pk}/similar/").content.decode()


def test_not_similar_is_remembered_and_counted(acme: Company, ana: Client) -> None:
    one, other = (report(acme, who, at(9), "Outlook certificate warning smtp") for who in ("ella", "omar"))
    ana.post(f"/tickets/{one.pk}/similar/vote/", {"other": other.pk, "similar": "0"})
    assert similar.of(one, reader=acme.people["ana"]) == similar.of(other, reader=acme.people["ana"]) == []
    assert similar.precision() == (0, 1)


def test_confidential_tickets_are_like_nothing(acme: Company) -> None:
    secret = report(acme, "ella", at(9), "Outlook certificate warning smtp", loss=True)
    plain = report(acme, "omar", at(9), "Outlook certificate warning smtp")
    for person in ("sam", "dana"):
        assert similar.of(plain, reader=acme.people[person]) == similar.of(secret, reader=acme.people[person]) == []


def test_three_alike_in_thirty_days_recur_and_become_a_problem(acme: Company, ana: Client) -> None:
    report(acme, "lea", at(9), "Outlook certificate warning smtp")
    for who in ("ella", "omar"):
        report(acme, who, at(9, day=24), "Outlook certificate warning smtp server")
    report(acme, "ella", at(9, day=24), "The scanner is dusty")
    found = problems.recurring(now=at(10, day=24), reader=acme.people["ana"])
    assert [(len(group.tickets), group.people, group.slug) for group in found] == [(3, 3, "email")]
    ana.post("/problems/new/", {"ticket": [ticket.pk for ticket in found[0].tickets], "title": "Certificate ran out"})
    assert problems.recurring(now=at(10, day=24), reader=acme.people["ana"]) == []
    assert Problem.objects.get().tickets.count() == 3


def test_a_published_workaround_is_found_in_the_portal_and_shown_to_staff(acme: Company, ana: Client) -> None:
    tickets = [report(acme, who, at(9), "Outlook certificate warning smtp") for who in ("lea", "ella")]
    row, ella = problems.make(tickets, title="Certificate warning", actor=acme.people["ana"], now=at(9, 5)), signed_in(acme.people["ella"])
    ana.post(f"/problems/{row.pk}/", {"title": row.title, "state": "known", "workaround": "Press Continue once", "is_published": ""})
    assert "Press Continue once" not in ella.get("/?q=certificate+warning").content.decode()
    assert "Press Continue once" in ana.get(f"/tickets/{tickets[0].pk}/similar/").content.decode()
    ana.post(f"/problems/{row.pk}/", {"title": row.title, "state": "known", "workaround": "Press Continue once", "is_published": "on"})
    assert "Press Continue once" in ella.get("/?q=certificate+warning").content.decode()
    ana.post(f"/problems/{row.pk}/", {"title": row.title, "state": "solved", "workaround": "Press Continue once", "is_published": "on"})
    assert "Press Continue once" not in ella.get("/?q=certificate+warning").content.decode()
