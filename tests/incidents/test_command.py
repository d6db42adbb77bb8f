"""Roles, the bridge, the cost, tickets by number and a page by hand, as they are pressed on an incident's page."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from incidents import escalation, incidents
from incidents.command import desk, roles
from incidents.models import Incident, RoleHolding
from notifications.models import Message
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import MINUTE, email_down
from tests.incidents.reporting import report


@pytest.fixture
def outage(acme: Company) -> Incident:
    return email_down(acme)


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def test_a_role_is_taken_given_and_released_with_its_times(acme: Company, outage: Incident) -> None:
    dana, ben = acme.people["dana"], acme.people["ben"]
    roles.give(outage, "commander", to=dana, actor=dana, now=NINE)
    roles.give(outage, "commander", to=ben, actor=dana, now=NINE + MINUTE)
    roles.give(outage, "commander", to=None, actor=ben, now=NINE + 2 * MINUTE)
    held = [(row.person.username, row.since, row.until) for row in RoleHolding.objects.order_by("pk")]
    assert held == [("dana", NINE, NINE + MINUTE), ("ben", NINE + MINUTE, NINE + 2 * MINUTE)]
    assert roles.holders(outage) == {}


def test_who_is_given_a_role_is_told_and_who_takes_it_is_not(acme: Company, outage: Incident) -> None:
    roles.give(outage, "scribe", to=acme.people["ana"], actor=acme.people["ana"], now=NINE)
    roles.give(outage, "commander", to=acme.people["ben"], actor=acme.people["ana"], now=NINE)
    told = Message.objects.filter(errand__key__startswith="role:").values_list("person__username", flat=True)
    assert set(told) == {"ben"}


def test_what_a_holder_does_now_stands_in_the_timeline(acme: Company, outage: Incident, ana: Client) -> None:
    ana.post(f"/incidents/{outage.pk}/role/", {"role": "technical_lead", "person": "ana"})
    ana.post(f"/incidents/{outage.pk}/doing/", {"role": "technical_lead", "doing": "moving the queue"})
    assert "moving the queue" in ana.get(f"/incidents/{outage.pk}/").content.decode()
    assert outage.timeline.filter(text__contains="moving the queue").exists()


def test_the_page_offers_empty_roles_and_names_holders(acme: Company, outage: Incident, ana: Client) -> None:
    ana.post(f"/incidents/{outage.pk}/role/", {"role": "commander", "person": "dana"})
    page = ana.get(f"/incidents/{outage.pk}/").content.decode()
    assert page.count("Take it") == 3


def test_a_bridge_is_shown_as_a_link_only_where_it_is_one(acme: Company, outage: Incident, ana: Client) -> None:
    for bridge, is_link in (("https://meet.example.com/7", True), ("555-0140", False), ("javascript:alert(1)", False)):
        ana.post(f"/incidents/{outage.pk}/bridge/", {"bridge": bridge})
        page = ana.get(f"/incidents/{outage.pk}/").content.decode()
        assert (bridge in page, f'href="{bridge}"' in page) == (True, is_link)


def test_who_joins_the_bridge_twice_is_counted_once(acme: Company, outage: Incident, ana: Client) -> None:
    desk.meet(outage, bridge="555-0140", actor=acme.people["dana"], now=NINE)
    for _time in range(2):
        ana.post(f"/incidents/{outage.pk}/join/")
    assert desk.on_bridge(outage.timeline.all(), "555-0140") == {acme.people["ana"].pk}


def test_who_leaves_the_bridge_and_comes_back_stands_on_the_timeline(acme: Company, outage: Incident, ana: Client) -> None:
    desk.meet(outage, bridge="555-0140", actor=acme.people["dana"], now=NINE)
    said = outage.timeline.filter(actor=acme.people["ana"])
    for action, there in (("leave", 0), ("join", 1), ("leave", 0), ("leave", 0), ("join", 1)):
        ana.post(f"/incidents/{outage.pk}/join/", {"action": action})
        assert len(desk.on_bridge(outage.timeline.all(), "555-0140")) == there
    told = ["Ana is on the bridge.", "Ana left the bridge.", "Ana is on the bridge."]
    assert list(said.values_list("text", flat=True)) == told
    page = ana.get(f"/incidents/{outage.pk}/").content.decode()
    assert ("I left it" in page, "I am on it" in page) == (True, False)


def test_the_cost_is_reckoned_from_who_took_part_until_somebody_writes_it(acme: Company, outage: Incident) -> None:
    began = outage.triggered_at or NINE
    incidents.note(outage, text="Looking", actor=acme.people["ana"], now=began)
    incidents.note(outage, text="So am I", actor=acme.people["ben"], now=began)
    assert desk.cost(outage, now=began + 30 * MINUTE) == (2, 30)
    desk.reckon(outage, people=5, minutes=None, actor=acme.people["dana"], now=began)
    assert desk.cost(outage, now=began + 30 * MINUTE) == (5, 30)


def test_a_ticket_is_linked_by_its_number_and_taken_out(acme: Company, outage: Incident, ana: Client) -> None:
    ticket = report(acme, "ella", at(8, 50), what="The scanner is stuck")
    ana.post(f"/incidents/{outage.pk}/tickets/", {"number": f"t-{ticket.pk}"})
    assert list(outage.tickets.all()) == [ticket]
    ana.post(f"/incidents/{outage.pk}/tickets/", {"number": ticket.pk, "action": "take_out"})
    assert not outage.tickets.exists()


@pytest.mark.parametrize("number", ["", "x", "T-99999999", "1" * 30])
def test_a_number_that_is_none_is_said_so_in_place(outage: Incident, ana: Client, number: str) -> None:
    page = ana.post(f"/incidents/{outage.pk}/tickets/", {"number": number})
    assert (page.status_code, 'id="ticket-error"' in page.content.decode()) == (422, True)


def test_a_page_by_hand_first_says_how_it_would_reach_them(acme: Company, outage: Incident, ana: Client) -> None:
    page = ana.post(f"/incidents/{outage.pk}/page/", {"person": "dana"}).content.decode()
    assert "would be paged now:" in page
    assert not outage.pages.filter(person=acme.people["dana"]).exists()
    ana.post(f"/incidents/{outage.pk}/page/", {"person": "dana", "step": "send"})
    assert outage.pages.filter(person=acme.people["dana"]).count() == 1


def test_those_who_were_not_reached_stand_first_and_can_be_paged_again(acme: Company, outage: Incident, ana: Client) -> None:
    escalation.page_person(outage, acme.people["kim"], by=acme.people["dana"], now=NINE)
    Message.objects.filter(person=acme.people["kim"]).update(state="failed", reason="mx1 refused")
    page = ana.get(f"/incidents/{outage.pk}/").content.decode()
    alerted = page[page.index('id="alerted"') :]
    assert alerted.index("<b>Kim") < alerted.index("<b>Sam")
    assert "Page again" in alerted


def test_an_auditor_reads_it_all_and_presses_nothing(acme: Company, outage: Incident) -> None:
    page = signed_in(acme.people["vera"]).get(f"/incidents/{outage.pk}/").content.decode()
    assert all(words not in page for words in ("Preview update", "Take it", "Page someone", "Link ticket", "Save bridge"))


def test_the_timeline_is_narrowed_to_a_kind(acme: Company, outage: Incident, ana: Client) -> None:
    incidents.note(outage, text="a note of mine", actor=acme.people["ana"], now=NINE)
    assert "a note of mine" in ana.get(f"/incidents/{outage.pk}/?show=notes").content.decode()
    assert "a note of mine" not in ana.get(f"/incidents/{outage.pk}/?show=pages").content.decode()


def test_who_has_no_name_is_called_by_the_user_name(acme: Company) -> None:
    User.objects.filter(username="sam").update(name="")
    cache.clear()
    page = signed_in(acme.people["ana"]).get(f"/incidents/{email_down(acme).pk}/").content.decode()
    assert "sam was paged at" in page
    assert '<option value="sam">sam</option>' in page
