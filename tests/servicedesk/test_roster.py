"""Who is on duty, from rows: turns, overrides, away days, the fallback, the manager, and how many queries it takes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from servicedesk.directory.models import User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Away, Override, Schedule
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at

__all__ = ["acme"]
DAY = timedelta(days=1)


def covers(schedule: Schedule, person: User, replaces: User | None, **fields: object) -> Override:
    row = {"kind": "cover", "starts_at": at(12), "ends_at": at(18), "created_at": NINE} | fields
    return Override.objects.create(schedule=schedule, person=person, replaces=replaces, **row)


def names(duties: list[roster.Duty]) -> list[str]:
    return [duty.person.username for duty in duties]


def test_sam_is_primary_for_it_ops(acme: Company) -> None:
    (duty,) = roster.on_call(acme.schedules["it-ops"], at=at(3, 12, day=24))
    assert duty.person == acme.people["sam"]
    assert duty.because == "primary for IT Ops"
    assert not duty.is_fallback


def test_a_cover_says_for_whom(acme: Company) -> None:
    covers(acme.schedules["it-ops"], acme.people["ben"], acme.people["sam"])
    (duty,) = roster.on_call(acme.schedules["it-ops"], at=at(13))
    assert (duty.person.username, duty.because) == ("ben", "primary for IT Ops, covering for Sam")
    assert names(roster.on_call(acme.schedules["it-ops"], at=at(18))) == ["sam"]


def test_nobody_on_call_is_the_fallback_flagged(acme: Company) -> None:
    network = acme.schedules["network"]
    assert roster.on_call(network, at=NINE) == []
    network.fallback = acme.people["kim"]
    network.save(update_fields=["fallback"])
    (duty,) = roster.on_call(network, at=NINE)
    assert (duty.person, duty.is_fallback) == (acme.people["kim"], True)


def test_away_leaves_a_gap_unless_somebody_covers(acme: Company) -> None:
    schedule, sam = acme.schedules["it-ops"], acme.people["sam"]
    Away.objects.create(person=sam, starts_at=at(0), ends_at=at(0, day=25), created_at=NINE)
    assert roster.on_call(schedule, at=at(13)) == []
    covers(schedule, acme.people["ben"], sam)
    assert names(roster.on_call(schedule, at=at(13))) == ["ben"]
    assert roster.on_call(schedule, at=at(19)) == []


def test_an_inactive_person_is_nobody(acme: Company) -> None:
    User.objects.filter(username="sam").update(is_active=False)
    assert roster.on_call(acme.schedules["it-ops"], at=NINE) == []
    (rota,) = roster.load([acme.schedules["it-ops"]], start=NINE, end=NINE + DAY)
    assert rota.gaps(NINE, NINE + DAY) == ((NINE, NINE + DAY),)


def test_the_line_up_shows_whole_shifts_in_order(acme: Company) -> None:
    covers(acme.schedules["it-ops"], acme.people["ben"], acme.people["sam"])
    line = roster.line_up(acme.schedules["it-ops"], start=at(0), end=at(0, day=25))
    assert names(line) == ["sam", "sam", "ben", "sam"]
    assert (line[2].starts_at, line[2].ends_at) == (at(12), at(18))


def test_many_schedules_cost_as_many_queries_as_one(acme: Company, django_assert_max_num_queries: object) -> None:
    schedules = list(Schedule.objects.select_related("team", "fallback"))
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        rotas = roster.load(schedules, start=NINE, end=NINE + 14 * DAY)
        assert sum(len(rota.line_up(NINE, NINE + 14 * DAY)) for rota in rotas) > 3


def test_the_managers_schedule_decides_who_is_on_duty(acme: Company) -> None:
    team, kim = acme.teams["it-ops"], acme.people["kim"]
    assert roster.manager_on_duty(team, at=NINE) == acme.people["dana"]
    duty = Schedule.objects.create(slug="it-managers", name="IT managers", duty="IT manager on duty", team=team, zone="Europe/Paris")
    covers(duty, kim, None)
    assert roster.manager_on_duty(team, at=at(13)) == kim


@pytest.mark.parametrize("team", ["it-ops", None])
def test_an_away_manager_is_stood_in_for(acme: Company, team: str | None) -> None:
    Away.objects.create(person=acme.people["dana"], starts_at=at(0), ends_at=at(0, day=25), created_at=NINE)
    assert roster.manager_on_duty(acme.teams[team] if team else None, at=NINE) == acme.people["kim"]
