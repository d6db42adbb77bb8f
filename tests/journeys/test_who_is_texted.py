"""Whose telephone gets the text: turns, gaps, changes for a day, steps, windows, rounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from incidents import silences
from servicedesk import clock as desk_clock
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.journeys.conftest import Clock, Office
from tests.journeys.desk_of_texts import Texts


@pytest.fixture
def desk(office: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> Iterator[Texts]:
    yield Texts(office, phone, clock)
    mailbox.read += mailbox.waiting()  # mail is not what these stories are about


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Paris"))


def test_the_week_hands_over_on_monday_at_nine(desk: Texts, clock: Clock) -> None:
    policy = desk.turns("ben", "kim")
    clock.set(paris(2026, 11, 30, 8, 59))
    desk.stop(desk.breaks(policy=policy))
    clock.set(paris(2026, 11, 30, 9, 1))
    desk.breaks(policy=policy)
    assert desk.texted() == ["kim"]


def test_days_wrap_round_to_the_first_person(desk: Texts, clock: Clock) -> None:
    policy = desk.turns("ben", "kim", kind="daily")
    for day, who in ((24, "kim"), (25, "ben"), (26, "kim")):
        clock.set(paris(2026, 11, day, 10))
        incident = desk.breaks(policy=policy)
        assert desk.texted() == [who]
        desk.stop(incident)


def test_a_month_that_begins_on_the_thirty_first_hands_over_on_the_last_day(desk: Texts, clock: Clock) -> None:
    policy = desk.turns("ben", "kim", kind="monthly", starts_on=date(2026, 10, 31))
    clock.set(paris(2026, 11, 30, 9, 1))
    desk.breaks(policy=policy)
    assert desk.texted() == ["kim"]


def test_the_monday_after_the_clocks_went_forward_still_hands_over_at_nine(desk: Texts, clock: Clock) -> None:
    policy = desk.turns("ben", "kim", starts_on=date(2027, 3, 22))
    desk_clock.move_to(paris(2027, 3, 29, 8, 59))
    incident = desk.breaks(policy=policy)
    assert desk.texted() == ["ben"]
    desk.stop(incident)
    desk_clock.move_to(paris(2027, 3, 29, 9, 0))
    desk.breaks(policy=policy)
    assert desk.texted() == ["kim"]


def test_a_layer_of_nights_texts_its_person_at_night_and_the_other_by_day(desk: Texts, clock: Clock) -> None:
    policy = desk.turns("ben")
    desk.turns("kim", position=1, opens=time(18), closes=time(8))
    clock.set(paris(2026, 11, 23, 17, 59))
    incident = desk.breaks(policy=policy)
    assert desk.texted() == ["ben"]
    desk.stop(incident)
    clock.set(paris(2026, 11, 23, 18))
    desk.breaks(policy=policy)
    assert desk.texted() == ["kim"]


def test_somebody_added_for_a_day_is_texted_too(desk: Texts) -> None:
    desk.override("add", "ben")
    desk.breaks()
    assert sorted(desk.texted()) == ["ben", "sam"]


def test_of_two_covers_the_later_one_counts(desk: Texts) -> None:
    desk.override("cover", "ben", made=1)
    desk.override("cover", "kim", made=2)
    desk.breaks()
    assert desk.texted() == ["kim"]


def test_whoever_is_taken_off_leaves_a_gap_and_the_next_step_follows_at_once(desk: Texts) -> None:
    desk.override("remove", "sam")
    desk.breaks()
    assert desk.texted() == ["dana"]


def test_a_deactivated_person_in_the_turns_is_a_gap_not_a_silence(desk: Texts) -> None:
    sam = desk.acme.people["sam"]
    sam.is_active = False
    sam.save(update_fields=["is_active"])
    desk.breaks()
    assert desk.texted() == ["dana"]


def test_in_turns_each_incident_goes_to_whoever_was_texted_longest_ago(desk: Texts) -> None:
    desk.names(desk.step(1, among="round_robin"), "ben", "kim")
    seen = []
    for n in range(4):
        incident = desk.breaks(f"Outage {n}")
        seen += desk.texted()
        desk.stop(incident)
    assert seen == ["ben", "kim", "ben", "kim"]


def test_the_first_who_can_be_reached_is_the_only_one_texted(desk: Texts) -> None:
    desk.names(desk.step(1, among="first_available"), "sam", "ben", "kim")
    desk.acme.people["sam"].contact_methods.update(verified_at=None)
    desk.breaks()
    assert desk.texted() == ["ben"]


def test_a_step_outside_its_hours_keeps_its_delay(desk: Texts, clock: Clock) -> None:
    desk.step(2, window_from=time(22), window_until=time(6))
    desk.breaks()
    assert desk.texted() == ["sam"]
    clock.forward("15m")
    assert desk.texted() == []
    clock.forward("5m")
    assert desk.texted() == ["kim"]


def test_a_step_for_grave_things_only_is_passed_over_for_lesser_ones(desk: Texts, clock: Clock) -> None:
    desk.step(1, least_severity=1)
    desk.breaks(severity=2)
    assert desk.texted() == []
    clock.forward("10m")
    assert desk.texted() == ["dana"]


def test_a_policy_that_repeats_begins_again_and_then_calls_the_last_resort_until_somebody_answers(desk: Texts, clock: Clock) -> None:
    policy = desk.acme.policies["it-ops"]
    policy.repeat = 1
    policy.save(update_fields=["repeat"])
    incident = desk.breaks()
    clock.forward("59m")
    assert desk.texted() == ["sam", "dana", "kim", "sam", "dana", "kim"]
    clock.forward("16m")
    assert desk.texted("NOBODY ACKED", "last resort") == ["kim", "kim"]
    assert "You have" in desk.says("kim", f"A{incident.pk}")
    clock.forward("50m")
    assert "kim" not in desk.texted()


def test_a_clock_that_jumps_two_hours_does_not_text_everybody_at_once(desk: Texts, clock: Clock) -> None:
    desk.breaks()
    assert desk.texted() == ["sam"]
    desk_clock.move_to(desk_clock.now() + (paris(2026, 11, 23, 11) - paris(2026, 11, 23, 9)))
    clock.forward("1s")
    assert desk.texted() == ["dana"]
    clock.forward("9m")
    assert desk.texted() == []
    clock.forward("2m")
    assert desk.texted() == ["kim"]


def test_a_policy_edited_meanwhile_texts_whom_it_named_when_it_began(desk: Texts, clock: Clock) -> None:
    desk.breaks()
    desk.names(desk.step(2), "ben")
    clock.forward("11m")
    assert desk.texted() == ["sam", "dana"]


def test_one_failing_check_texts_once_however_often_it_reports(desk: Texts, clock: Clock) -> None:
    desk.office.check("smtp-01", "critical")
    clock.forward("9m")
    assert desk.texted("Email") == ["sam"]


def test_a_check_that_fails_under_maintenance_texts_nobody_until_it_is_over(desk: Texts, clock: Clock) -> None:
    times = {"starts_at": desk_clock.now(), "ends_at": paris(2026, 11, 23, 10)}
    silences.make(actor=desk.acme.people["ben"], service=desk.acme.services["email"], reason="New disks", now=desk_clock.now(), **times)
    desk.office.check("smtp-01", "critical")
    clock.forward("55m")
    assert desk.texted() == []
    clock.forward("12m")
    assert desk.texted("Email") == ["sam"]
