"""Signed links: unguessable, one a person and incident, dead a day after the end; opening one changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents import incidents, links
from incidents.models import SignedLink
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme
from tests.incidents.alarms import MINUTE, email_down, fresh, proposed, run_until

__all__ = ["acme"]
DAY = timedelta(hours=24)


def test_a_token_is_ten_characters_of_sixty_two(acme: Company) -> None:
    link = email_down(acme).links.get()
    assert len(link.token) == 10
    assert link.token.isalnum()
    assert link.token.isascii()
    assert links.address(link) == f"http://testserver/a/{link.token}"


def test_a_person_has_one_link_an_incident_whatever_the_step(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 46 * MINUTE)
    assert incident.links.filter(person=acme.people["kim"]).count() == 1
    assert incident.links.get(person=acme.people["kim"]).because == "the last resort"


def test_a_proposal_and_its_page_are_two_links(acme: Company) -> None:
    incident = proposed(acme)
    incidents.accept(incident, actor=acme.people["dana"], now=NINE)
    run_until(NINE + 10 * MINUTE)
    purposes = incident.links.filter(person=acme.people["dana"]).values_list("purpose", flat=True)
    assert sorted(purposes) == ["page", "proposal"]


def test_opening_a_link_changes_nothing(acme: Company, django_assert_num_queries: object) -> None:
    incident = email_down(acme)
    before = (incident.timeline.count(), fresh(incident).last_event_at)
    token = incident.links.get().token
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert links.open_link(token, now=NINE).person.username == "sam"
    assert (incident.timeline.count(), fresh(incident).last_event_at) == before


def test_an_unknown_link_is_unknown(acme: Company) -> None:
    with pytest.raises(links.LinkUnknown):
        links.open_link("7Kq2mX9dR4", now=NINE)


def test_a_link_of_who_left_is_unknown(acme: Company) -> None:
    link = email_down(acme).links.get()
    type(link.person).objects.filter(pk=link.person_id).update(is_active=False)
    with pytest.raises(links.LinkUnknown):
        links.open_link(link.token, now=NINE)


def test_a_link_dies_a_day_after_the_end(acme: Company) -> None:
    incident = email_down(acme)
    token = incident.links.get().token
    incidents.resolve(incident, actor=acme.people["dana"], reason="restarted", now=NINE)
    assert links.open_link(token, now=NINE + DAY - MINUTE).incident.state == "resolved"
    with pytest.raises(links.LinkOver):
        links.open_link(token, now=NINE + DAY)


def test_a_proposals_link_dies_a_day_after_its_rejection(acme: Company) -> None:
    incident = proposed(acme)
    token = incident.links.get(purpose=SignedLink.Purpose.PROPOSAL).token
    incidents.reject(incident, actor=acme.people["dana"], reason="a drill", now=NINE + MINUTE)
    with pytest.raises(links.LinkOver):
        links.open_link(token, now=NINE + DAY + MINUTE)
