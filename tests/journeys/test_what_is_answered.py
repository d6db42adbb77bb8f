"""What a text back does: for oneself, for everybody, too late, twice, by two at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from incidents import escalation
from incidents.states import IncidentState
from servicedesk import clock as desk_clock
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.journeys.conftest import Clock, Office
from tests.journeys.desk_of_texts import NUMBERS, Texts


@pytest.fixture
def desk(office: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> Iterator[Texts]:
    yield Texts(office, phone, clock)
    mailbox.read += mailbox.waiting()  # mail is not what these stories are about


def test_two_who_answer_at_once_both_hear_who_has_it(desk: Texts, clock: Clock) -> None:
    desk.names(desk.step(1), "sam", "dana")
    incident = desk.breaks()
    assert sorted(desk.texted()) == ["dana", "sam"]
    assert desk.says("sam", f"A{incident.pk}").startswith(f"You have {incident.number}")
    assert "Sam Lee has" in desk.says("dana", f"A{incident.pk}")
    clock.forward("30m")
    assert desk.texted("acked by Sam Lee") == ["dana"]


def test_where_everybody_must_answer_each_ends_only_their_own(desk: Texts, clock: Clock) -> None:
    desk.names(desk.step(1, require_all=True), "sam", "ben")
    incident = desk.breaks()
    desk.texted()
    assert "Still asked: Ben." in desk.says("sam", f"A{incident.pk}")
    assert desk.office.incident.state == IncidentState.TRIGGERED
    assert "You have" in desk.says("ben", f"A{incident.pk}")
    clock.forward("30m")
    assert desk.texted("acked by Ben") == ["sam"]


def test_pass_on_texts_the_next_at_once_and_once(desk: Texts, clock: Clock) -> None:
    incident = desk.breaks()
    desk.texted()
    for _again in range(2):
        desk.says("sam", f"E{incident.pk}")
    clock.forward("1s")
    assert desk.texted() == ["dana"]


def test_more_time_asks_again_and_the_policy_goes_on(desk: Texts, clock: Clock) -> None:
    incident = desk.breaks()
    desk.texted()
    assert "Dana Ruiz" in desk.says("sam", f"M{incident.pk}")
    clock.forward("9m50s")
    assert desk.texted() == []
    clock.forward("20s")
    assert sorted(desk.texted()) == ["dana", "sam"]


def test_all_takes_exactly_what_the_last_bundle_named(desk: Texts, clock: Clock) -> None:
    found = [desk.breaks(f"Outage {n}") for n in range(4)]
    clock.forward("61s")
    assert set(desk.texted()) == {"sam"}
    assert desk.says("sam", "AALL") == f"You have {found[2].number}, {found[3].number}. Nobody else will be called for them."
    taken = [incident for incident in found if type(incident).objects.get(pk=incident.pk).acknowledged_by is not None]
    assert taken == found[2:]


def test_a_number_that_was_never_paged_takes_nothing(desk: Texts) -> None:
    incident = desk.breaks()
    desk.texted()
    desk.says("kim", f"A{incident.pk}")
    assert desk.office.incident.state == IncidentState.TRIGGERED


def test_whoever_was_woken_hears_that_it_is_over(desk: Texts, clock: Clock) -> None:
    incident = desk.breaks()
    clock.forward("10m")
    assert desk.texted() == ["sam", "dana"]
    assert sorted(desk.ends(incident)) == ["dana", "sam"]
    clock.forward("30m")
    assert desk.texted() == []


def test_the_new_version_of_a_policy_texts_its_own_people_once_the_button_is_pressed(desk: Texts, clock: Clock) -> None:
    incident = desk.breaks()
    desk.names(desk.step(2), "ben")
    escalation.renew(incident, by=desk.acme.people["kim"], now=desk_clock.now())
    clock.forward("11m")
    assert desk.texted() == ["sam", "ben"]


def test_undone_within_the_minute_paging_goes_on_where_it_was(desk: Texts, clock: Clock) -> None:
    incident = desk.breaks()
    desk.texted()
    desk.says("sam", f"A{incident.pk}")
    escalation.undo(incident, by=desk.acme.people["sam"], now=desk_clock.now())
    clock.forward("10m30s")
    assert desk.texted() == ["sam", "dana"]


def test_a_reply_after_it_is_over_changes_nothing(desk: Texts) -> None:
    incident = desk.breaks()
    desk.texted()
    desk.ends(incident)
    desk.says("sam", f"A{incident.pk}")
    assert desk.office.incident.state == IncidentState.RESOLVED


def test_an_unknown_number_gets_no_answer(desk: Texts, phone: Phone) -> None:
    incident = desk.breaks()
    desk.texted()
    assert phone.text(f"A{incident.pk}", sender="+33699999999") is None
    assert NUMBERS["sam"] != "+33699999999"
    assert desk.office.incident.state == IncidentState.TRIGGERED
