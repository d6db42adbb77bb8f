"""A silence keeps alerts back and loses none: what fires at its end is raised, what cleared is not, and it has an end."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import alerts, automation, silences
from incidents.models import Evaluation, Incident, LinkedAlert, Silence
from incidents.silences import SilenceRefused
from incidents.windows import next_window, window_at
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.e2e.stepping import next_due
from tests.incidents.test_alerts import smtp, sweep

PARIS = ZoneInfo("Europe/Paris")


def quiet(acme: Company, start: datetime, end: datetime, **more: Any) -> Silence:
    """Ana silences Email, or what else is named."""
    columns = {"service": acme.services["email"], "reason": "The mail server is updated", "starts_at": start, "ends_at": end}
    return silences.make(actor=acme.people["ana"], now=min(start, end), **columns | more)


def test_an_alert_in_a_silence_stands_and_opens_nothing(acme: Company) -> None:
    silence = quiet(acme, at(3), at(5))
    alert = alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    sweep(at(3, 21), at(4))
    alert.refresh_from_db()
    assert (alert.silence, alert.silenced_until, alert.status) == (silence, at(5), "critical")
    assert not Incident.objects.exists()
    assert not Evaluation.objects.filter(alert=alert).exists()


def test_what_still_fires_at_the_end_is_raised_then(acme: Company) -> None:
    quiet(acme, at(3), at(3, 30))
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    assert next_due(at(3, 20)) == at(3, 30)
    sweep(at(3, 29))
    assert not Incident.objects.exists()
    sweep(at(3, 30))
    assert Incident.objects.get().reason.startswith("smtp-01 critical for")


def test_what_cleared_meanwhile_is_not_raised(acme: Company) -> None:
    quiet(acme, at(3), at(5))
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    cleared = alerts.cleared(7, now=at(4))
    assert cleared is not None
    assert cleared.cleared_at == at(4)
    sweep(at(5), at(5, 10))
    assert not Incident.objects.exists()


def test_ending_it_now_raises_what_fires(acme: Company) -> None:
    silence = quiet(acme, at(3), at(9))
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    silences.end(silence, actor=acme.people["ben"], now=at(4))
    sweep(at(4))
    assert Incident.objects.count() == 1
    assert silences.end(silence, actor=acme.people["dana"], now=at(5)).ended_by == acme.people["ben"]
    assert LinkedAlert.objects.get().silenced_until == at(4)


def test_one_made_while_an_alert_waits_for_its_five_minutes_covers_it(acme: Company) -> None:
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 13))
    quiet(acme, at(3, 15), at(4))
    sweep(at(3, 15), at(3, 17), at(3, 30))
    assert not Incident.objects.exists()


def test_an_open_incident_still_hears_that_all_is_well(acme: Company) -> None:
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    quiet(acme, at(3, 30), at(5))
    alerts.cleared(7, now=at(3, 40))
    assert Incident.objects.get().timeline.filter(kind="check", text="smtp-01 is OK again.").count() == 1


def test_the_longer_of_two_decides(acme: Company) -> None:
    quiet(acme, at(3), at(4))
    quiet(acme, at(3), at(5), service=None, check_slug="smtp-01")
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    sweep(at(4), at(4, 30))
    assert not Incident.objects.exists()
    sweep(at(5))
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("other", [{"service": None, "check_slug": "vpn-01"}, {"check_slug": "smtp-02"}])
def test_another_check_is_no_matter_of_it(other: dict[str, Any], acme: Company) -> None:
    quiet(acme, at(3), at(9), **other)
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    assert Incident.objects.count() == 1


def test_every_sunday_night_and_only_then(acme: Company) -> None:
    quiet(acme, at(0, day=20), at(0, day=30), weekdays=[6], opens=time(22), closes=time(2), zone="Europe/Paris")
    alerts.opened(smtp(acme, at(23, day=22)), now=at(23, 10, day=22))
    assert LinkedAlert.objects.get().silenced_until == at(2)
    sweep(at(2))
    assert Incident.objects.count() == 1
    alerts.opened(smtp(acme, at(22), alert_id=8, check_slug="smtp-02"), now=at(22, 10))
    assert LinkedAlert.objects.get(alert_id=8).silence is None


SUNDAY = {"weekdays": [6], "start": time(1), "end": time(4), "zone": PARIS}


@pytest.mark.parametrize(("day", "opens", "hours"), [((2026, 10, 25), 23, 4), ((2026, 3, 29), 0, 2), ((2026, 11, 22), 0, 3)])
def test_a_night_of_the_clock_change_is_covered_whole(day: tuple[int, int, int], opens: int, hours: int) -> None:
    noon_before = datetime(*day, 12, tzinfo=UTC) - timedelta(days=1)
    window = next_window(noon_before, **SUNDAY)
    assert window is not None
    assert (window[0].hour, window[1] - window[0]) == (opens, timedelta(hours=hours))
    assert window_at(window[0], **SUNDAY) == window
    assert window_at(window[1], **SUNDAY) is None


@given(st.integers(0, 365 * 24 * 60), st.times(), st.times(), st.sets(st.integers(0, 6)))
def test_a_window_holds_its_moment_and_the_next_begins_later(minute: int, start: time, end: time, days: set[int]) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    asked = {"weekdays": days, "start": start, "end": end, "zone": PARIS}
    now, then = window_at(moment, **asked), next_window(moment, **asked)
    assert now is None or now[0] <= moment < now[1]
    assert then is None or then[0] > moment
    assert (then is None) == (not days)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ends_at": at(2)}, "over before it begins"),
        ({"ends_at": at(3) + timedelta(days=31)}, "longer than 30 days"),
        ({"service": None}, "Name a service or a check"),
        ({"weekdays": [1]}, "needs the times"),
        ({"audience": "employees"}, "Write what they read"),
        ({"audience": "", "public_text": "Mail rests"}, "Choose who reads it"),
    ],
)
def test_what_cannot_stand_is_refused_with_its_reason(more: dict[str, Any], words: str, acme: Company) -> None:
    with pytest.raises(SilenceRefused, match=words):
        quiet(acme, at(3), at(5), **more)
    assert not Silence.objects.exists()


FORM = {
    "service": "email",
    "reason": "Update",
    "starts_at": "2026-11-23T09:00",
    "ends_at": "2036-11-23T11:00",
    "audience": "employees",
    "public_text": "Mail rests",
}


@pytest.mark.parametrize("name", ["ella", "eve", "vera", "adam"])
def test_who_does_not_work_here_silences_nothing(name: str, acme: Company) -> None:
    assert signed_in(acme.people[name]).post("/silences/add/", FORM).status_code == 403
    assert not Silence.objects.exists()


def test_ana_makes_one_on_the_page_ends_it_and_everybody_reads_it(acme: Company, django_assert_max_num_queries: Any) -> None:
    ana, now = signed_in(acme.people["ana"]), datetime.now(UTC).astimezone(PARIS)
    times = {"starts_at": f"{now:%Y-%m-%dT%H:%M}", "ends_at": f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}"}
    assert ana.post("/silences/add/", FORM | times).status_code == 302
    with django_assert_max_num_queries(18):
        page = ana.get("/silences/").content.decode()
    assert "Employees read:" in page
    assert "Mail rests" in signed_in(acme.people["ella"]).get("/").content.decode()
    assert ana.post(f"/silences/{Silence.objects.get().pk}/end/").status_code == 302
    assert "Mail rests" not in signed_in(acme.people["ella"]).get("/").content.decode()


def test_the_page_names_a_check_now_later_and_afterwards(acme: Company) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    for slug, start in (("smtp-01", now), ("smtp-02", now + hour), ("smtp-03", now - 3 * hour)):
        made = {"starts_at": start, "ends_at": start + hour, "service": None, "check_slug": slug, "reason": "Update"}
        silences.make(actor=acme.people["ana"], now=start, **made)
    page = signed_in(acme.people["vera"]).get("/silences/").content.decode()
    assert all(slug in page for slug in ("smtp-01", "smtp-02", "smtp-03"))
    assert "End now" not in page


def test_a_form_without_an_end_says_so(acme: Company) -> None:
    page = signed_in(acme.people["ana"]).post("/silences/add/", FORM | {"ends_at": "soon"})
    assert (page.status_code, Silence.objects.count()) == (422, 0)
    assert "Enter a day and a time" in page.content.decode()


def test_the_sweep_of_rules_leaves_a_silenced_alert_for_its_end(acme: Company) -> None:
    quiet(acme, at(3), at(3, 40))
    alerts.opened(smtp(acme, at(3, 12)), now=at(3, 20))
    assert automation.evaluate_due(now=at(3, 34)) == 0
    assert automation.evaluate_due(now=at(3, 35)) == 1
    assert LinkedAlert.objects.get().evaluate_at == at(3, 40)
