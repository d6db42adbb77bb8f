"""One deed on several tickets: a word on each, one undo, and nothing taken from somebody who changed it since."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from incidents import automation, bulk, incidents, tickets
from incidents.bulk import Order
from incidents.models import Batch, Entry, Incident, Ticket
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

SOON = NINE + timedelta(seconds=30)


WORDS = {"ella": "The printer is out of paper", "omar": "I cannot find my badge", "lea": "The beamer hums in room four"}


@pytest.fixture
def three(acme: Company) -> list[Ticket]:
    return [
        automation.file_ticket(requester=acme.people[who], what=what, impacted="me", effect="workaround", now=NINE)
        for who, what in WORDS.items()
    ]


@pytest.fixture
def outage(acme: Company) -> Incident:
    grounds = incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE)
    found = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert found is not None
    return found


def orders(acme: Company, outage: Incident) -> list[Order]:
    return [
        Order("assign", acme.people["ben"]), Order("severity", 2), Order("take_up"), Order("wait:vendor"), Order("solve"),
        Order("tag", "vip"), Order("team", acme.teams["network"]), Order("service", acme.services["vpn"]), Order("link", outage),
    ]  # fmt: skip


def columns(row: Ticket) -> dict[str, Any]:
    row.refresh_from_db()
    names = ("assignee_id", "severity", "severity_by_id", "waiting_for", "tags", "team_id", "service_id", "incident_id")
    return {name: getattr(row, name) for name in names}


@pytest.mark.parametrize("at", range(9))
def test_every_property_is_changed_on_all_and_put_back_by_one_undo(acme: Company, three: list[Ticket], outage: Incident, at: int) -> None:
    before, order = [columns(row) for row in three], orders(acme, outage)[at]
    batch = bulk.apply(order, three, actor=acme.people["ana"], now=NINE)
    assert [line[0] for line in batch.changed] == [row.pk for row in three]
    if order.deed not in ("take_up", "solve"):
        assert all(columns(row) != was for row, was in zip(three, before, strict=True))
    bulk.undo(batch, actor=acme.people["ana"], now=SOON)
    assert [columns(row) for row in three] == before
    assert {row.state for row in three} <= {"new", "open"}


def test_what_refuses_is_skipped_with_its_reason_and_the_others_go_on(acme: Company, three: list[Ticket]) -> None:
    Ticket.objects.filter(pk=three[1].pk).update(severity=2)
    batch = bulk.apply(Order("severity", 4), three, actor=acme.people["ana"], now=NINE)
    assert [line[0] for line in batch.skipped] == [three[1].pk]
    assert "reason" in batch.skipped[0][1]
    assert Ticket.objects.get(pk=three[1].pk).severity == 2
    assert "1 skipped" in batch.said


def test_undo_leaves_alone_what_somebody_changed_since(acme: Company, three: list[Ticket]) -> None:
    batch = bulk.apply(Order("assign", acme.people["ben"]), three, actor=acme.people["ana"], now=NINE)
    tickets.assign(three[0], to=acme.people["sam"], actor=acme.people["sam"], now=NINE)
    undone = bulk.undo(batch, actor=acme.people["ana"], now=SOON)
    assert [Ticket.objects.get(pk=row.pk).assignee for row in three] == [acme.people["sam"], None, None]
    assert [line[0] for line in undone.skipped] == [three[0].pk]


@pytest.mark.parametrize(("who", "later"), [("ben", 1), ("ana", 61)])
def test_undo_is_for_who_did_it_and_for_a_minute(acme: Company, three: list[Ticket], who: str, later: int) -> None:
    batch = bulk.apply(Order("tag", "vip"), three, actor=acme.people["ana"], now=NINE)
    with pytest.raises(bulk.TooLate):
        bulk.undo(batch, actor=acme.people[who], now=NINE + timedelta(seconds=later))
    assert Ticket.objects.get(pk=three[0].pk).tags == ["vip"]


def test_a_team_of_ones_own_page_is_put_back_with_the_person(acme: Company, three: list[Ticket]) -> None:
    before = columns(three[0])
    order = Order("hand_over", acme.people["ben"], acme.teams["network"].slug)
    batch = bulk.on_one(order, three[0], actor=acme.people["ana"], now=NINE)
    assert (columns(three[0])["team_id"], batch.said) == (acme.teams["network"].pk, "1 ticket assigned to Ben")
    bulk.undo(batch, actor=acme.people["ana"], now=SOON)
    assert columns(three[0]) == before


def test_what_refuses_on_one_is_raised_and_leaves_no_batch(acme: Company, three: list[Ticket]) -> None:
    Ticket.objects.filter(pk=three[1].pk).update(severity=2)
    with pytest.raises(tickets.ReasonNeeded):
        bulk.on_one(Order("severity", 4), three[1], actor=acme.people["ana"], now=NINE)
    assert not Batch.objects.exists()


def test_several_are_merged_into_one_and_taken_out_by_one_undo(acme: Company, three: list[Ticket]) -> None:
    target = three[2]
    batch = bulk.apply(Order("merge", target), three, actor=acme.people["ana"], now=NINE)
    assert [line[0] for line in batch.skipped] == [target.pk]
    assert {Ticket.objects.get(pk=row.pk).merged_into_id for row in three[:2]} == {target.pk}
    bulk.undo(batch, actor=acme.people["ana"], now=SOON)
    assert {Ticket.objects.get(pk=row.pk).state for row in three[:2]} == {"new"}


def test_the_pages_of_a_ticket_offer_undo_for_a_minute(acme: Company, three: list[Ticket]) -> None:
    ana, ticket = signed_in(acme.people["ana"]), three[0]
    page, undo = f"/tickets/{ticket.pk}/", 'name="batch"'
    deeds = {"assign": {"me": "1"}, "severity": {"severity": "2"}, "move": {"action": "wait"}}
    for way, sent in deeds.items():
        before = columns(ticket)
        assert undo not in ana.get(page).content.decode()
        assert ana.post(f"{page}{way}/", sent).headers["Location"] == page
        shown = ana.get(page).content.decode()
        assert (undo in shown, columns(ticket) == before) == (True, False)
        assert undo not in ana.get(f"/tickets/{three[1].pk}/").content.decode()
        number = re.findall(r'name="batch" value="(\d+)"', shown)[0]
        assert ana.post("/queue/undo/", {"batch": number, "back_to": ticket.pk}).headers["Location"] == page
        assert "Undone on 1 ticket" in ana.get(page).content.decode()
        assert columns(ticket) == before


def test_a_deed_of_one_ticket_alone_is_no_deed_of_the_queue(acme: Company, three: list[Ticket]) -> None:
    ana = signed_in(acme.people["ana"])
    told = ana.post("/queue/do/", {"ticket": three[0].pk, "deed": "hand_over"}, headers={"HX-Request": "true"})
    assert (told.status_code, Batch.objects.exists()) == (422, False)


def test_undo_works_once(acme: Company, three: list[Ticket]) -> None:
    batch = bulk.apply(Order("tag", "vip"), three, actor=acme.people["ana"], now=NINE)
    bulk.undo(batch, actor=acme.people["ana"], now=SOON)
    with pytest.raises(bulk.TooLate):
        bulk.undo(batch, actor=acme.people["ana"], now=SOON)


def test_an_answer_goes_to_each_requester_and_a_note_to_none(acme: Company, three: list[Ticket]) -> None:
    sent = Message.objects.count()
    bulk.apply(Order("note", text="Paper is ordered"), three, actor=acme.people["ana"], now=NINE)
    assert Message.objects.count() == sent
    bulk.apply(Order("reply", text="Paper comes at noon"), three, actor=acme.people["ana"], now=NINE)
    assert Entry.objects.filter(kind="reply", text="Paper comes at noon").count() == 3
    told = {message.person.username for message in Message.objects.order_by("-pk")[: Message.objects.count() - sent] if message.person}
    assert told == {"ella", "omar", "lea"}


def test_a_confidential_ticket_is_not_linked_to_what_all_may_read(acme: Company, three: list[Ticket], outage: Incident) -> None:
    Ticket.objects.filter(pk=three[2].pk).update(is_confidential=True)
    batch = bulk.apply(Order("link", outage), three, actor=acme.people["ana"], now=NINE)
    assert [line[0] for line in batch.skipped] == [three[2].pk]
    assert Ticket.objects.get(pk=three[2].pk).incident is None


def test_the_queue_offers_team_and_service_for_all_that_are_ticked(acme: Company, three: list[Ticket]) -> None:
    ana = signed_in(acme.people["ana"])
    page = ana.get("/queue/").content.decode()
    for words in ('name="deed" value="team"', 'name="deed" value="service"', '<option value="network">', '<option value="vpn">'):
        assert words in page
    ticked = {"ticket": [row.pk for row in three], "query": "view=all", "team": "", "service": ""}
    ana.post("/queue/do/", {**ticked, "deed": "service", "service": "vpn"})
    ana.post("/queue/do/", {**ticked, "deed": "team", "team": "network"})
    rows = Ticket.objects.filter(pk__in=ticked["ticket"])
    assert {(row.service, row.team) for row in rows} == {(acme.services["vpn"], acme.teams["network"])}


def test_the_next_one_is_the_one_closest_to_its_breach_and_nobodys(acme: Company, three: list[Ticket]) -> None:
    Ticket.objects.update(team=acme.teams["service-desk"])
    Ticket.objects.filter(pk=three[2].pk).update(first_answer_due_at=NINE)
    assert bulk.next_for(acme.people["ana"], now=NINE) == three[2]
    assert bulk.next_for(acme.people["ben"], now=NINE) == three[0]
    assert Ticket.objects.get(pk=three[2].pk).assignee == acme.people["ana"]


def test_nothing_is_next_where_everything_has_somebody(acme: Company, three: list[Ticket]) -> None:
    bulk.apply(Order("assign", acme.people["ben"]), three, actor=acme.people["ana"], now=NINE)
    assert bulk.next_for(acme.people["ana"], now=NINE) is None


def test_several_tickets_are_one_outage(acme: Company, three: list[Ticket]) -> None:
    found = bulk.outage(three, severity=3, actor=acme.people["ana"], now=NINE)
    assert found is not None
    assert (found.severity, found.tickets.count(), found.service) == (3, 3, three[0].service)
