"""Turns that begin are told, swaps need both, and the month's hours are counted by class."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from incidents import handoff, pay, readiness
from notifications.models import Errand, Message, MutedTopic
from servicedesk import clock
from servicedesk.directory.models import Site
from servicedesk.oncall import roster, swaps
from servicedesk.oncall.models import Override, Rotation, RotationMember, Schedule, Swap
from servicedesk.oncall.swaps import Offer
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import email_down

DAY = timedelta(days=1)
BENS, ANAS = (at(9, day=30), at(9, day=30) + 7 * DAY), (at(9, day=30) + 7 * DAY, at(9, day=30) + 14 * DAY)


@pytest.fixture
def moved(settings: Settings, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)


@pytest.fixture
def network(acme: Company) -> Schedule:
    """From Monday 30 November, 09:00: Ben and Ana, a week each."""
    rotation = Rotation.objects.create(schedule=acme.schedules["network"], starts_on=date(2026, 11, 30), zone="Europe/Paris")
    for place, name in enumerate(("ben", "ana")):
        RotationMember.objects.create(rotation=rotation, person=acme.people[name], position=place)
    return acme.schedules["network"]


def told(username: str) -> list[str]:
    return list(Message.objects.filter(person__username=username, thread="on call").order_by("pk").values_list("subject", flat=True))


def asked(acme: Company, network: Schedule, *, takes: tuple[datetime, datetime] | None = ANAS) -> Swap:
    return handoff.ask_swap(network, Offer(acme.people["ana"], BENS, takes), by=acme.people["ben"], now=NINE)


def on_call(network: Schedule, moment: datetime) -> list[str]:
    return [duty.person.username for duty in roster.on_call(network, at=moment)]


def test_who_begins_hears_it_a_day_before_and_when_it_begins_once_each(network: Schedule) -> None:
    assert handoff.tell_due(now=BENS[0] - DAY - timedelta(minutes=1)) == 0
    for _pass in range(2):
        handoff.tell_due(now=BENS[0] - DAY)
    assert told("ben") == ["On call from Mon 30 Nov, 09:00: Network"]
    for _pass in range(2):
        handoff.tell_due(now=BENS[0])
    assert told("ben")[1:] == ["On call now: Network"]


def test_a_desk_that_was_down_tells_it_late_and_not_after_an_hour(network: Schedule) -> None:
    assert handoff.tell_due(now=BENS[0] + timedelta(minutes=59)) == 1
    assert handoff.tell_due(now=ANAS[0] + timedelta(minutes=61)) == 0


def test_nights_in_a_row_are_told_once(acme: Company) -> None:
    rotation = Rotation.objects.create(
        schedule=acme.schedules["network"], starts_on=date(2026, 11, 23), zone="Europe/Paris", opens=time(18), closes=time(8)
    )
    RotationMember.objects.create(rotation=rotation, person=acme.people["ben"], position=0)
    for day in (23, 24, 25):
        handoff.tell_due(now=at(18, day=day))
    assert told("ben") == ["On call now: Network"]


def test_who_does_not_want_such_notices_gets_none(acme: Company, network: Schedule) -> None:
    MutedTopic.objects.create(person=acme.people["ben"], topic="hand_off")
    handoff.tell_due(now=BENS[0])
    assert told("ben") == []


def test_a_swap_both_want_changes_both_turns(acme: Company, network: Schedule) -> None:
    handoff.answer_swap(asked(acme, network), "agree", by=acme.people["ana"], now=NINE + DAY)
    assert (on_call(network, BENS[0]), on_call(network, ANAS[0])) == (["ana"], ["ben"])
    assert (told("ana"), told("ben")) == (["Ben asks you to swap on Network"], ["Swap on Network: agreed"])


def test_a_repeated_answer_changes_nothing(acme: Company, network: Schedule) -> None:
    row = asked(acme, network)
    for _tap in range(2):
        handoff.answer_swap(row, "agree", by=acme.people["ana"], now=NINE + DAY)
    assert Override.objects.count() == 2


def test_a_turn_may_be_given_for_nothing_in_return(acme: Company, network: Schedule) -> None:
    handoff.answer_swap(asked(acme, network, takes=None), "agree", by=acme.people["ana"], now=NINE + DAY)
    assert (on_call(network, BENS[0]), on_call(network, ANAS[0])) == (["ana"], ["ana"])


def test_without_an_answer_a_day_before_it_lapses_and_nothing_changes(acme: Company, network: Schedule) -> None:
    row = asked(acme, network)
    assert handoff.lapse_due(now=BENS[0] - DAY - timedelta(minutes=1)) == 0
    assert handoff.lapse_due(now=BENS[0] - DAY) == 1
    assert told("ben") == ["Swap on Network: not answered in time"]
    with pytest.raises(swaps.SwapRefused, match="over"):
        handoff.answer_swap(row, "agree", by=acme.people["ana"], now=BENS[0] - DAY)
    assert on_call(network, BENS[0]) == ["ben"]


@pytest.mark.parametrize("answer", ["decline", "withdraw"])
def test_declined_or_withdrawn_nothing_changes(acme: Company, network: Schedule, answer: str) -> None:
    by = acme.people["ana" if answer == "decline" else "ben"]
    handoff.answer_swap(asked(acme, network), answer, by=by, now=NINE + DAY)
    assert (on_call(network, BENS[0]), Override.objects.count()) == (["ben"], 0)


def test_a_turn_somebody_else_took_meanwhile_cannot_be_swapped(acme: Company, network: Schedule) -> None:
    row = asked(acme, network)
    times = {"starts_at": BENS[0], "ends_at": BENS[0] + DAY, "created_at": NINE}
    Override.objects.create(schedule=network, kind="cover", person=acme.people["sam"], **times)
    with pytest.raises(swaps.SwapRefused, match="Ben is not on call"):
        handoff.answer_swap(row, "agree", by=acme.people["ana"], now=NINE + DAY)


def test_a_turn_that_is_too_near_cannot_be_asked_for(acme: Company, network: Schedule) -> None:
    with pytest.raises(swaps.SwapRefused, match="24 hours"):
        handoff.ask_swap(network, Offer(acme.people["ana"], BENS), by=acme.people["ben"], now=BENS[0] - timedelta(hours=23))


def test_the_pages_ask_answer_and_refuse_strangers(acme: Company, network: Schedule, moved: None) -> None:
    ben, ana, sam = (signed_in(acme.people[name]) for name in ("ben", "ana", "sam"))
    page = ben.get("/oncall/network/swap/").context["form"]
    turn = page.fields["gives"].choices[0][0]
    assert ben.post("/oncall/network/swap/", {"gives": turn, "takes": "ana"}).status_code == 302
    answer = f"/oncall/swaps/{Swap.objects.get().pk}/answer/"
    assert "Ana takes Mon 30 Nov, 09:00" in ana.get("/oncall/swaps/").content.decode()
    assert [client.post(answer, {"answer": "agree"}).status_code for client in (sam, ben, ana)] == [404, 403, 302]
    assert on_call(network, BENS[0]) == ["ana"]
    assert ben.post("/oncall/network/swap/", {"gives": "x", "takes": ""}).status_code == 422


def test_hours_are_counted_once_in_the_first_class_that_fits(acme: Company, network: Schedule) -> None:
    lines = {(line.person.username, line.schedule.slug): line for line in pay.lines(date(2026, 12, 1), now=at(0, day=30) + 60 * DAY)}
    ben = lines["ben", "network"]
    assert sum(ben.seconds.values()) == 3600 * (153 + 168 + 87)  # until the 7th, the 14th to the 21st, from the 28th
    assert ben.seconds["weekend"] == 3600 * 2 * 2 * 24
    assert ben.seconds["holiday"] == 0


def hours(acme: Company, who: str) -> tuple[str, str]:
    """Of the file of December: this person's holidays and weekends on Network."""
    text = signed_in(acme.people["dana"]).get("/oncall/pay/?month=2026-12&format=csv").content.decode("utf-8-sig")
    rows = {(row["User name"], row["Schedule"]): row for row in csv.DictReader(io.StringIO(text))}
    row = rows[who, "network"]
    return row["Hours: Public holiday"], row["Hours: Weekend"]


def test_a_public_holiday_is_a_class_of_its_own_where_the_site_keeps_it(acme: Company, network: Schedule, moved: None) -> None:
    clock.move_to(NINE + 60 * DAY)
    assert hours(acme, "ana") == ("24.00", "96.00")  # Friday 25 December, and two weekends
    Site.objects.update(country="JP")  # where it is a working day
    assert hours(acme, "ana") == ("0.00", "96.00")


def test_a_call_counts_for_the_schedule_its_step_named(acme: Company) -> None:
    email_down(acme, now=at(3, day=24))
    lines = {(line.person.username, line.schedule.slug): line for line in pay.lines(date(2026, 11, 1), now=at(9, day=24))}
    assert lines["sam", "it-ops"].calls == {"night": 1}


def test_the_file_has_a_row_a_person_and_schedule(acme: Company, network: Schedule, moved: None) -> None:
    answer = signed_in(acme.people["dana"]).get("/oncall/pay/?month=2026-11&format=csv")
    assert answer["Content-Disposition"] == 'attachment; filename="on-call-2026-11.csv"'
    text = answer.content.decode("utf-8-sig").splitlines()
    assert text[0].startswith("Person,User name,Schedule,Hours: Public holiday")
    assert any(line.startswith("Sam Lee,sam,it-ops,") for line in text)


def test_readiness_names_too_many_nights_and_missing_rest(acme: Company) -> None:
    incident = email_down(acme, now=at(3, day=24))
    Message.objects.filter(errand__in=Errand.objects.filter(thread=incident.number), channel="sms").update(sent_at=at(3, day=24))
    found = readiness.report(now=at(9, day=24), days=14)
    problems = {(person.username, problem): text for person, problem, text in found.overloaded}
    assert "nights in a row" in problems["sam", "too_many_nights"]
    assert problems["sam", "no_rest"].startswith("Sam Lee was woken at 03:00 and is on call again before 14:00")
    assert ("sam", "no_rest") not in {
        (person.username, problem) for person, problem, _text in readiness.report(now=at(15, day=24), days=14).overloaded
    }
