"""What the queue, search, problems and held mails do, by the API: the deeds of their pages, with their refusals."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents import problems
from incidents.models import Entry, InboundMail, Incident, SavedView, Ticket
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.mailing import arrives, mail
from tests.incidents.reporting import report
from tests.speaking import Caller, person, program


@pytest.fixture(autouse=True)
def at_nine(settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)


@pytest.fixture
def ana(acme: Company) -> Caller:
    return person(acme.people["ana"])


@pytest.fixture
def three(acme: Company) -> list[Ticket]:
    return [report(acme, "ella", NINE, what=f"The printer jams, tray {n}") for n in range(3)]


def numbers(rows: list[Ticket]) -> list[str]:
    return [row.number for row in rows]


def wrong(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.content
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def test_several_tickets_are_given_to_somebody_and_taken_back_for_a_minute(ana: Caller, three: list[Ticket]) -> None:
    done = ana.post("tickets/bulk/", {"tickets": numbers(three), "deed": "assign", "assignee": "sam"}).json()
    assert (done["changed"], done["skipped"], done["undo_until"][:16]) == (numbers(three), [], "2026-11-23T08:01")
    assert set(Ticket.objects.values_list("assignee__username", flat=True)) == {"sam"}
    undone = ana.post(f"tickets/bulk/{done['id']}/undo/")
    assert (undone.status_code, undone.json()["changed"]) == (200, numbers(three))
    assert set(Ticket.objects.values_list("assignee", flat=True)) == {None}
    assert ana.post(f"tickets/bulk/{done['id']}/undo/").status_code == 409


def test_after_a_minute_and_by_another_nothing_is_undone(ana: Caller, acme: Company, three: list[Ticket]) -> None:
    done = ana.post("tickets/bulk/", {"tickets": numbers(three), "deed": "tag", "tag": "tray"}).json()
    assert person(acme.people["sam"]).post(f"tickets/bulk/{done['id']}/undo/").status_code == 404
    clock.move_to(NINE + timedelta(seconds=61))
    assert ana.post(f"tickets/bulk/{done['id']}/undo/").status_code == 409
    assert Ticket.objects.filter(tags=["tray"]).count() == 3


def test_a_ticket_that_refuses_is_named_with_its_reason_and_the_others_go_on(ana: Caller, three: list[Ticket]) -> None:
    Ticket.objects.filter(pk=three[1].pk).update(severity=1, severity_by=three[1].requester)
    done = ana.post("tickets/bulk/", {"tickets": numbers(three), "deed": "severity", "severity": 4}).json()
    assert done["changed"] == [three[0].number, three[2].number]
    assert [line["ticket"] for line in done["skipped"]] == [three[1].number]
    assert "reason" in done["skipped"][0]["why"]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"deed": "assign"}, "assignee"),
        ({"deed": "solve", "text": "x"}, "text"),
        ({"deed": "dance"}, "deed"),
        ({"deed": "hand_over"}, "deed"),
        ({"deed": "link", "incident": "INC-9"}, "incident"),
        ({"deed": "link", "incident": "what"}, "incident"),
        ({"deed": "merge", "into": "T-999999"}, "into"),
        ({"deed": "tag", "tag": "a", "tickets": ["T-999999"]}, "tickets"),
        ({"deed": "tag", "tag": "a", "tickets": []}, "tickets"),
    ],
)
def test_an_order_that_cannot_be_understood_names_its_field(ana: Caller, three: list[Ticket], order: Any, field: str) -> None:
    assert list(wrong(ana.post("tickets/bulk/", {"tickets": numbers(three), **order}))) == [field]
    assert Entry.objects.filter(ticket__in=three).exclude(kind="event").count() == 0


def test_many_people_are_written_to_only_where_that_is_confirmed(ana: Caller, acme: Company) -> None:
    rows = [report(acme, "ella", NINE + timedelta(minutes=n), what=f"Thing {n}") for n in range(21)]
    order = {"tickets": numbers(rows), "deed": "reply", "text": "We look into it."}
    assert ana.post("tickets/bulk/", order).status_code == 409
    assert not Entry.objects.filter(kind="reply").exists()
    assert len(ana.post("tickets/bulk/", {**order, "confirmed": True}).json()["changed"]) == 21


def test_the_next_ticket_is_taken_until_none_is_left(ana: Caller, acme: Company, three: list[Ticket]) -> None:
    taken = [ana.post("tickets/next/").json()["id"] for _n in range(3)]
    assert sorted(taken) == numbers(three)
    assert ana.post("tickets/next/").status_code == 409
    assert program().post("tickets/next/").status_code == 409


def test_several_tickets_are_one_outage_and_page_once(ana: Caller, three: list[Ticket]) -> None:
    made = ana.post("tickets/outage/", {"tickets": numbers(three), "severity": 2})
    assert (made.status_code, made.json()["tickets"], made.json()["severity"]) == (201, numbers(three), 2)
    assert Incident.objects.count() == 1


def test_a_view_is_kept_once_and_forgotten_by_whose_it_is(ana: Caller, acme: Company) -> None:
    made = ana.post("views/", {"name": "Mine, late", "query": "view=mine&sort=clock", "shared": True})
    assert (made.status_code, made.json()["url"]) == (201, "http://testserver/queue/?view=mine&sort=clock")
    assert ana.post("views/", {"name": "Mine, late", "query": ""}).status_code == 409
    there = f"views/{made.json()['id']}/forget/"
    assert person(acme.people["sam"]).post(there).status_code == 403
    assert ana.post(there).json()["name"] == "Mine, late"
    assert not SavedView.objects.exists()


def test_words_find_and_a_number_leads(ana: Caller, acme: Company, three: list[Ticket]) -> None:
    found = ana.get("search/?q=printer&in=ticket").json()
    assert (found["jump"], {row["id"] for row in found["results"]}) == (None, set(numbers(three)))
    assert ana.get(f"search/?q={three[0].number}").json()["jump"] == f"http://testserver/tickets/{three[0].pk}/"
    assert person(acme.people["ella"]).get("search/?q=printer").status_code == 403


def test_every_kind_of_thing_can_be_found(ana: Caller, acme: Company, three: list[Ticket]) -> None:
    problems.make(three, title="Printer trays", actor=acme.people["ana"], now=NINE)
    for kind, words in {"problem": "trays", "person": "kim", "service": "vpn", "ticket": "printer"}.items():
        row = ana.get(f"search/?q={words}&in={kind}").json()["results"][0]
        assert row["kind"] == kind
        assert row["url"].startswith("http://testserver/")


def test_a_problem_is_made_told_and_published_only_with_a_workaround(ana: Caller, three: list[Ticket]) -> None:
    made = ana.post("problems/", {"title": "Trays jam", "tickets": numbers(three)[:2]}).json()
    there = f"problems/{made['id']}/"
    assert list(wrong(ana.patch(there, {"published": True}))) == ["workaround"]
    told = ana.patch(there, {"published": True, "workaround": "Use tray 2", "state": "known", "owner": "sam"}).json()
    assert (told["published"], told["state"], told["owner"]) == (True, "known", "sam")
    added = ana.post(f"{there}tickets/", {"ticket": three[2].number}).json()
    assert sorted(added["tickets"]) == numbers(three)
    assert [row["id"] for row in ana.get("problems/?state=known").json()["results"]] == [made["id"]]


def test_what_recurs_and_is_no_problem_yet_is_listed(ana: Caller, acme: Company) -> None:
    said = {"what": "Outlook says certificate expired", "service": acme.services["email"]}
    same = [report(acme, who, NINE, **said) for who in ("ella", "omar", "eve")]
    [group] = ana.get("problems/recurring/").json()["results"]
    assert (group["service"], group["people"], sorted(group["tickets"])) == ("email", 3, numbers(same))


def test_a_held_mail_is_read_and_decided_once(ana: Caller, three: list[Ticket]) -> None:
    row = arrives(mail("Me too", sender="Stranger <s@else.example>", subject=f"[{three[0].number}] printer"), now=NINE)
    assert [one["id"] for one in ana.get("mails/?state=held").json()["results"]] == [row.pk]
    shown = ana.get(f"mails/{row.pk}/").json()
    assert (shown["why"], shown["ticket"], shown["text"].strip()) == ("stranger", three[0].number, "Me too")
    assert list(wrong(ana.post(f"mails/{row.pk}/decide/", {"action": "burn"}))) == ["action"]
    assert ana.post(f"mails/{row.pk}/decide/", {"action": "accept"}).json()["state"] == "filed"
    assert ana.post(f"mails/{row.pk}/decide/", {"action": "reject"}).status_code == 409
    assert InboundMail.objects.get(pk=row.pk).entry is not None


def test_a_mail_whose_content_is_gone_says_so_by_null(ana: Caller) -> None:
    row = arrives(mail("Hello", sender="Stranger <s@else.example>"), now=NINE)
    InboundMail.objects.filter(pk=row.pk).update(sha256="")
    assert ana.get(f"mails/{row.pk}/").json()["text"] is None
