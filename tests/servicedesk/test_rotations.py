"""Arranging turns: what is tried is what is saved, and who was on call before stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from servicedesk.audit.models import AuditEntry
from servicedesk.oncall import roster, rotations
from servicedesk.oncall.models import Rotation
from servicedesk.oncall.rotations import Draft
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at

__all__ = ["acme"]
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
MONDAY = at(9, day=30)


@pytest.fixture
def draft(acme: Company) -> Draft:
    return Draft((acme.people["ben"], acme.people["ana"]), date(2026, 11, 30), "weekly", 1, time(9), "Europe/Paris")


def line(acme: Company, slug: str, start: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
    duties = roster.line_up(acme.schedules[slug], start=start, end=end)
    return [(duty.person.username, max(duty.starts_at, start), min(duty.ends_at, end)) for duty in duties]


def test_ben_and_ana_take_turns_from_monday(acme: Company, draft: Draft) -> None:
    rotations.arrange(acme.schedules["network"], draft, by=acme.people["adam"], now=NINE)
    assert line(acme, "network", NINE, MONDAY + 2 * WEEK) == [
        ("ben", MONDAY, MONDAY + WEEK),
        ("ana", MONDAY + WEEK, MONDAY + 2 * WEEK),
    ]


def test_until_the_first_hand_off_the_old_turns_go_on(acme: Company, draft: Draft) -> None:
    rotations.arrange(acme.schedules["it-ops"], draft, by=acme.people["adam"], now=NINE)
    names = [(name, start) for name, start, _end in line(acme, "it-ops", NINE, MONDAY + DAY)]
    assert names == [("sam", NINE), ("ben", MONDAY)]


def test_a_first_shift_in_the_past_changes_nothing_before_now(acme: Company, draft: Draft) -> None:
    earlier = replace(draft, starts_on=date(2026, 11, 2))
    past = line(acme, "it-ops", NINE - WEEK, NINE)
    rotations.arrange(acme.schedules["it-ops"], earlier, by=acme.people["adam"], now=NINE)
    assert line(acme, "it-ops", NINE - WEEK, NINE) == past
    assert line(acme, "it-ops", NINE, NINE + DAY)[0][0] == "ana"


def test_another_zone_moves_no_hand_off_of_the_past(acme: Company, draft: Draft) -> None:
    schedule = acme.schedules["it-ops"]
    past = line(acme, "it-ops", NINE - 3 * WEEK, NINE)
    rotations.arrange(schedule, replace(draft, zone="Asia/Kolkata"), by=acme.people["adam"], now=NINE)
    assert line(acme, "it-ops", NINE - 3 * WEEK, NINE) == past
    assert line(acme, "it-ops", MONDAY, MONDAY + DAY)[0][:2] == ("ben", MONDAY)
    schedule.refresh_from_db()
    assert schedule.zone == "Asia/Kolkata"


def test_a_planned_change_that_is_changed_again_never_counts(acme: Company, draft: Draft) -> None:
    schedule, adam = acme.schedules["network"], acme.people["adam"]
    rotations.arrange(schedule, draft, by=adam, now=NINE)
    rotations.arrange(schedule, replace(draft, people=(acme.people["sam"],), starts_on=date(2026, 11, 25)), by=adam, now=NINE)
    assert {name for name, _start, _end in line(acme, "network", NINE, MONDAY + WEEK)} == {"sam"}
    assert Rotation.objects.filter(schedule=schedule).count() == 2


def test_the_trail_says_who_changed_what(acme: Company, draft: Draft) -> None:
    rotations.arrange(acme.schedules["it-ops"], draft, by=acme.people["adam"], now=NINE)
    entry = AuditEntry.objects.filter(noun="oncall.schedule").latest("pk")
    assert (entry.actor, entry.verb) == (acme.people["adam"], "arrange")
    assert (entry.before["people"], entry.after["people"]) == (["sam"], ["ben", "ana"])


@pytest.mark.parametrize("days", [-21, -1, 0, 3, 12])
@pytest.mark.parametrize("slug", ["it-ops", "network"])
def test_the_preview_is_the_line_up_after_saving(acme: Company, draft: Draft, slug: str, days: int) -> None:
    mine = replace(draft, starts_on=date(2026, 11, 23) + timedelta(days=days))
    end = NINE + 5 * WEEK
    tried = [
        (duty.person, duty.starts_at, duty.ends_at)
        for duty in rotations.tried(acme.schedules[slug], mine, start=NINE, end=end, now=NINE).line_up(NINE, end)
    ]
    rotations.arrange(acme.schedules[slug], mine, by=acme.people["adam"], now=NINE)
    saved = roster.line_up(acme.schedules[slug], start=NINE, end=end)
    assert tried == [(duty.person, duty.starts_at, duty.ends_at) for duty in saved]
