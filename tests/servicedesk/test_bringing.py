"""Rotas of other pagers: read as they are written, tried before they count, and brought in once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from servicedesk import clock
from servicedesk.oncall import bringing, foreign, roster
from servicedesk.oncall.models import Override, Rotation
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

END = NINE + timedelta(weeks=8)
ICAL = """BEGIN:VCALENDAR
X-WR-CALNAME:Network on call
BEGIN:VEVENT
DTSTART;TZID=Europe/Paris:20261124T090000
DTEND;TZID=Europe/Paris:20261125T090000
SUMMARY:[L1] Ben
END:VEVENT
BEGIN:VEVENT
DTSTART:20261126T080000Z
DTEND:20261126T200000Z
SUMMARY:On call: some
 body
ATTENDEE;CN=Kim:mailto:kim@acme.example
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261005
DTEND;VALUE=DATE:20261006
SUMMARY:sam
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20261231T000000Z
EXDATE;VALUE=DATE:20261214
END:VEVENT
END:VCALENDAR
"""
OPSGENIE = {
    "data": {
        "name": "Network",
        "timezone": "Europe/Paris",
        "rotations": [
            {
                "name": "week",
                "startDate": "2026-11-30T08:00:00Z",
                "type": "weekly",
                "length": 1,
                "participants": [{"type": "user", "username": "ben@acme.example"}, {"type": "user", "username": "kim@acme.example"}],
                "timeRestriction": {"type": "time-of-day", "restriction": {"startHour": 8, "startMin": 0, "endHour": 18, "endMin": 0}},
            }
        ],
    }
}
ONCALL = {
    "name": "Network",
    "users": [{"id": "U1", "username": "ben"}, {"id": "U2", "username": "kim"}],
    "shifts": [
        {
            "type": "rolling_users", "name": "week", "start": "2026-11-30T09:00:00", "time_zone": "Europe/Paris", "duration": 604800,
            "frequency": "weekly", "interval": 1, "rolling_users": [["U1"], ["U2"]],
        },
        {"type": "override", "name": "cover", "start": "2026-12-02T08:00:00+00:00", "duration": 7200, "users": ["U2"]},
    ],
}  # fmt: skip


def told(content: Any) -> foreign.Foreign:
    raw = content if isinstance(content, str) else json.dumps(content)
    return foreign.read(raw.encode(), zone="Europe/Paris", start=NINE, end=END)


def test_a_calendar_is_read_by_its_zones_its_invited_and_its_rounds() -> None:
    found = told(ICAL)
    assert (found.source, found.name, found.warnings) == ("ical", "Network on call", [])
    assert [(one.person, f"{one.starts_at:%d %b %H:%M}", one.ends_at - one.starts_at) for one in found.shifts] == [
        ("Ben", "24 Nov 08:00", timedelta(days=1)),
        ("kim@acme.example", "26 Nov 08:00", timedelta(hours=12)),
        ("sam", "29 Nov 23:00", timedelta(days=1)),
        ("sam", "27 Dec 23:00", timedelta(days=1)),
    ]


def test_a_round_keeps_its_hour_when_the_clocks_change() -> None:
    daily = ICAL.replace("20261124T090000", "20270327T090000").replace("20261125T090000", "20270327T170000")
    daily = daily.replace("SUMMARY:[L1] Ben", "SUMMARY:Ben\nRRULE:FREQ=DAILY;COUNT=3")
    found = foreign.read(daily.encode(), zone="UTC", start=datetime(2027, 3, 20, tzinfo=UTC), end=datetime(2027, 4, 20, tzinfo=UTC))
    assert [one.starts_at.hour for one in found.shifts if one.person == "Ben"] == [8, 7, 7]


def test_what_a_calendar_says_that_is_not_known_here_is_a_warning() -> None:
    odd = ICAL.replace("Europe/Paris", "Middle/Earth").replace("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=MONTHLY;BYSETPOS=1")
    assert [words[:30] for words in told(odd).warnings] == ["The time zone “Middle/Earth” i", "“FREQ=MONTHLY;BYSETPOS=1;UNTIL"]


@pytest.mark.parametrize("export", [OPSGENIE, ONCALL], ids=["opsgenie", "oncall"])
def test_turns_of_another_pager_become_turns_here(acme: Company, export: Any) -> None:
    network = acme.schedules["network"]
    arrival = bringing.read(network, json.dumps(export).encode(), now=NINE)
    bringing.bring(network, arrival, by=acme.people["adam"], now=NINE)
    (rota,) = roster.load([network], start=NINE, end=END)
    noon = [datetime(2026, 12, day, 11, tzinfo=UTC) for day in (1, 8, 15)]
    assert [duty.person.username for at in noon for duty in rota.on_call(at)] == ["ben", "kim", "ben"]
    assert arrival.warnings == []


def test_the_same_file_again_makes_nothing_and_a_stretch_lies_over_the_turns(acme: Company) -> None:
    network = acme.schedules["network"]
    made = [
        bringing.bring(network, bringing.read(network, json.dumps(ONCALL).encode(), now=NINE), by=acme.people["adam"], now=NINE)
        for _time in range(2)
    ]
    assert made == [2, 0]
    assert (Rotation.objects.filter(schedule=network).count(), Override.objects.filter(schedule=network).count()) == (1, 1)


def brought(acme: Company, export: Any) -> int:
    network = acme.schedules["network"]
    return bringing.bring(network, bringing.read(network, json.dumps(export).encode(), now=NINE), by=acme.people["adam"], now=NINE)


def on_call(acme: Company, at: datetime) -> set[str]:
    (rota,) = roster.load([acme.schedules["network"]], start=NINE, end=END)
    return {duty.person.username for duty in rota.on_call(at)}


def beside(*people: str) -> dict[str, Any]:
    """An Opsgenie schedule of two rotations; the second is for these people, all day."""
    more = {"name": "second", "startDate": "2026-11-30T08:00:00Z", "type": "weekly", "length": 1}
    joined = [{"type": "user", "username": f"{name}@acme.example"} for name in people]
    return {"data": {**OPSGENIE["data"], "rotations": [OPSGENIE["data"]["rotations"][0], {**more, "participants": joined}]}}


NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)
EVENING = datetime(2026, 12, 1, 20, tzinfo=UTC)


def test_rotations_of_one_file_stand_side_by_side(acme: Company) -> None:
    assert brought(acme, beside("sam")) == 2
    assert (on_call(acme, NOON), on_call(acme, EVENING)) == ({"ben", "sam"}, {"sam"})
    assert brought(acme, beside("sam")) == 0


def test_one_rotation_changed_in_the_file_changes_alone(acme: Company) -> None:
    brought(acme, beside("sam"))
    assert brought(acme, beside("dana")) == 1
    assert on_call(acme, NOON) == {"ben", "dana"}
    assert Rotation.objects.filter(schedule__slug="network", line=0).count() == 1


def test_a_level_of_oncall_covers_the_lower_ones(acme: Company) -> None:
    week = ONCALL["shifts"][0]
    above = {**week, "name": "tuesdays", "level": 5, "by_day": ["TU"], "rolling_users": [["sam"]]}
    assert brought(acme, {**ONCALL, "shifts": [above, {**week, "level": 2}]}) == 2
    assert (on_call(acme, NOON), on_call(acme, NOON + timedelta(days=1))) == ({"sam"}, {"ben"})


def test_several_calendars_in_one_file_are_all_read(acme: Company) -> None:
    second = (
        ICAL.replace("Network on call", "Backup")
        .replace("[L1] Ben", "Dana")
        .replace("20261124T", "20261127T")
        .replace("20261125T", "20261128T")
    )
    assert {one.person for one in told(ICAL + second).shifts} >= {"Ben", "Dana", "sam"}


def test_unknown_people_are_named_and_nobody_is_made(acme: Company) -> None:
    arrival = bringing.read(acme.schedules["network"], json.dumps(beside("zoe")).encode(), now=NINE)
    assert [[person.username for person in draft.people] for draft in arrival.drafts.values()] == [["ben", "kim"]]
    assert "zoe@acme.example" in arrival.warnings[0]


def test_what_stands_here_and_not_in_the_file_goes_on_and_is_said(acme: Company) -> None:
    brought(acme, beside("sam"))
    arrival = bringing.read(acme.schedules["network"], json.dumps(OPSGENIE).encode(), now=NINE)
    assert arrival.warnings == ["1 rotation that stands here is not in the file. It goes on."]
    assert arrival.is_empty


def test_each_of_them_is_edited_alone(acme: Company, settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)
    brought(acme, beside("sam"))
    adam, url = signed_in(acme.people["adam"]), "/oncall/network/edit/"
    assert f'href="{url}?line=1"' in adam.get(url).content.decode()
    asked = {"people": ["dana"], "starts_on": "2026-11-30", "handoff": "09:00", "length": "1", "kind": "weekly", "zone": "Europe/Paris"}
    assert adam.post(f"{url}?line=1", {**asked, "do": "save"}).status_code == 302
    assert on_call(acme, NOON) == {"ben", "dana"}
    assert adam.get(f"{url}?line=7").status_code == 404


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"rotations": 3}', '{"shifts": [{"start": 1}]}', "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:x\nEND:VEVENT"]
)
def test_what_cannot_be_read_is_said_and_never_half_brought_in(acme: Company, content: str) -> None:
    try:
        arrival = bringing.read(acme.schedules["network"], content.encode(), now=NINE)
    except foreign.CannotRead:
        return
    assert arrival.is_empty
    assert arrival.warnings


def test_the_page_shows_four_weeks_first_and_brings_in_on_the_second_press(acme: Company, settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)
    adam, url = signed_in(acme.people["adam"]), "/oncall/network/import/"
    page = adam.post(url, {"words": json.dumps(ONCALL)})
    assert (page.status_code, Rotation.objects.filter(schedule__slug="network").count()) == (200, 0)
    assert "Turns of Ben, Kim" in page.content.decode()
    assert adam.post(url, {"words": json.dumps(ONCALL), "do": "save"}).status_code == 302
    assert Rotation.objects.filter(schedule__slug="network").count() == 1
    assert adam.post(url, {"words": "nonsense"}).status_code == 422
    assert signed_in(acme.people["ana"]).get(url).status_code == 403


def test_the_command_says_what_it_would_do_and_what_it_left_out(acme: Company, tmp_path: Path) -> None:
    path, out = tmp_path / "rota.json", StringIO()
    path.write_text(json.dumps(ONCALL).replace('"kim"', '"zoe"'))
    with pytest.raises(SystemExit, match="1"):
        call_command("import_schedule", "network", str(path), "--dry-run", stdout=out, stderr=StringIO())
    assert "Nothing was written." in out.getvalue()
    assert not Rotation.objects.filter(schedule__slug="network").exists()
    with pytest.raises(CommandError):
        call_command("import_schedule", "nowhere", str(path))


def restricted(start: str, end: str, opens: int, closes: int) -> tuple[object, list[str]]:
    """The hours and days that are read of one restriction of Opsgenie, and the warnings."""
    part = {"startDay": start, "endDay": end, "startHour": opens, "startMin": 0, "endHour": closes, "endMin": 0}
    rotation = {**OPSGENIE["data"]["rotations"][0], "timeRestriction": {"type": "weekday-and-time-of-day", "restrictions": [part]}}  # type: ignore[index]
    found = told({"name": "Network", "timezone": "Europe/Paris", "rotations": [rotation]})
    turns = found.turns[0]
    return (turns.weekdays, turns.opens, turns.closes), found.warnings


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (("friday", "friday", 8, 18), ((4,), time(8), time(18))),
        (("friday", "saturday", 18, 8), ((4,), time(18), time(8))),
        (("friday", "monday", 18, 18), ((4, 5, 6), time(18), time(18))),
        (("saturday", "monday", 0, 0), ((5, 6), time(0), time(0))),
        (("monday", "monday", 8, 8), ((), time(8), time(8))),
    ],
)
def test_hours_of_opsgenie_that_last_over_days_are_read_whole(said: tuple[str, str, int, int], read: object) -> None:
    assert restricted(*said) == (read, [])


@pytest.mark.parametrize(("said", "days"), [(("friday", "monday", 18, 8), (4, 5, 6)), (("monday", "friday", 8, 18), (0, 1, 2, 3, 4))])
def test_a_weekend_that_ends_at_another_hour_is_rather_longer_than_shorter(said: tuple[str, str, int, int], days: tuple[int, ...]) -> None:
    hours, warnings = restricted(*said)
    assert hours == (days, time(said[2]), time(said[2]))
    assert warnings == [f"week counts over several days on end; here until {said[2]:02}:00 of the day on which it ends."]
