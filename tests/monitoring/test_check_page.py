"""/checks/<id>/: state in a sentence, a chart from rollups, results with their why, and what people do with a check."""

from __future__ import annotations

import csv
import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents import incidents, silences
from incidents.models import Incident, LinkedAlert
from monitoring import intake, judging, readings, watching
from monitoring.models import Check, Result
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.monitoring.watched import MINUTE, day_of, hear

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def fs(acme: Company) -> Check:
    """fs-02, heard long ago."""
    check = Check.objects.select_related("source").get(slug="fs-02")
    hear(check, "ok", clock.now() - 20 * DAY, "/srv is 60 % used")
    return Check.objects.select_related("source", "service", "state").get(pk=check.pk)


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def declared(check: Check) -> Incident:
    service = check.service
    assert service
    grounds = incidents.Grounds(title="Full", reason="", service=service, team=service.team, severity=3, since=NINE)
    return incidents.declare(grounds, actor=None, now=NINE).incident


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_the_state_and_why_stand_in_a_sentence(ana: Client, fs: Check) -> None:
    hear(fs, "ok", clock.now() - 40 * timedelta(seconds=1), "/srv is 71 % used", name="used", value=71, unit="%")
    page = text(ana, f"/checks/{fs.pk}/")
    assert "<b>71 %</b>" in page
    assert "/srv is 71 % used" in page
    assert ", expected every 5 min." in page


def test_a_soft_result_says_how_many_are_needed(ana: Client, fs: Check) -> None:
    hear(fs, "critical", clock.now(), "full")
    assert "Bad results in a row: 1; needed: 2." in text(ana, f"/checks/{fs.pk}/")


@pytest.mark.parametrize("wanted", readings.RANGES, ids=lambda one: one.key)
def test_no_range_has_more_points_than_can_be_seen(wanted: readings.Range, ana: Client, fs: Check) -> None:
    now = clock.now()
    day_of(fs, now=now, days=2, every=timedelta(seconds=20))
    series = readings.of_check(fs, wanted, metric="used", now=now)
    assert 2 < len(series.points) <= readings.MOST
    assert series.unit == "%"


def test_what_is_not_rolled_up_yet_is_in_the_chart(fs: Check) -> None:
    now = clock.now()
    hear(fs, "ok", now - MINUTE, name="used", value=99, unit="%")
    for wanted in readings.RANGES:
        assert readings.of_check(fs, wanted, metric="used", now=now).points[-1].mean == 99, wanted.key


def test_the_chart_draws_thresholds_as_they_were_then(ana: Client, fs: Check) -> None:
    day_of(fs, now=clock.now())
    page = text(ana, f"/checks/{fs.pk}/?range=24h")
    (path,) = re.findall(r'class="critical" d="([^"]+)"', page)
    assert path.count("V") == 1


def test_ranges_and_metrics_stand_in_the_address_and_on_keys(ana: Client, fs: Check) -> None:
    day_of(fs, now=clock.now())
    page = text(ana, f"/checks/{fs.pk}/?range=7d&metric=used")
    assert re.search(r'range=7d&amp;metric=used" aria-keyshortcuts="3" aria-current="true"', page)
    assert ana.get(f"/checks/{fs.pk}/?range=nonsense&metric=none").status_code == 200


def test_the_same_numbers_are_a_table_and_a_file(ana: Client, fs: Check) -> None:
    day_of(fs, now=clock.now())
    assert "The same numbers, newest first" in text(ana, f"/checks/{fs.pk}/")
    rows = list(csv.DictReader(text(ana, f"/checks/{fs.pk}/figures.csv?range=24h&metric=used").splitlines()))
    assert (len(rows) > 200, rows[-1]["unit"], rows[0]["critical"], rows[-1]["critical"]) == (True, "%", "97", "95")


@pytest.mark.parametrize("wanted", readings.RANGES, ids=lambda one: one.key)
@pytest.mark.parametrize("heard", [1, 60])
def test_what_was_read_already_is_not_read_again(wanted: readings.Range, heard: int, fs: Check) -> None:
    now = clock.now()
    day_of(fs, now=now - HOUR, days=2)
    for n in range(heard):
        hear(fs, "ok", now - (heard - n) * timedelta(seconds=1), name="used", value=70 + n, unit="%")
    recent = readings.recent(fs, last_at=now)
    known = readings.of_check(fs, wanted, metric="used", now=now, recent=recent)
    assert known == readings.of_check(fs, wanted, metric="used", now=now)
    assert sum(point.n for point in known.points[-2:]) >= heard or wanted.step_s == 0


@pytest.mark.parametrize("is_bad", [False, True])
def test_the_page_costs_the_same_with_a_long_past(
    is_bad: bool, ana: Client, fs: Check, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    day_of(fs, now=clock.now(), days=3)
    for n in range(4 * is_bad):
        hear(fs, "critical", clock.now() + n * MINUTE, "full", name="used", value=99, unit="%")
    if is_bad:
        LinkedAlert.objects.update(incident=declared(fs))
    assert LinkedAlert.objects.exclude(incident=None).count() == is_bad
    for wanted in readings.RANGES:
        ana.get(f"/checks/{fs.pk}/?range={wanted.key}")
        with django_assert_max_num_queries(12):
            ana.get(f"/checks/{fs.pk}/?range={wanted.key}")


def test_the_pulse_flips_the_page_when_the_first_signal_comes(ana: Client, acme: Company) -> None:
    check = watching.make(actor=acme.people["adam"], slug="nightly", kind="heartbeat", period_s=86_400, now=clock.now())
    first = ana.get(f"/checks/{check.pk}/")
    assert b"Waiting for first signal" in first.content
    assert ana.get(f"/checks/{check.pk}/?pulse={first['Desk-Cursor']}").status_code == 204
    Client().get(f"/ping/{check.ping_id}")
    news = ana.get(f"/checks/{check.pk}/?pulse={first['Desk-Cursor']}")
    assert news.status_code == 200
    assert b"Waiting for first signal" not in news.content
    assert b'id="check-state"' in news.content


def test_a_check_is_made_by_a_page_and_has_an_address_to_copy(acme: Company) -> None:
    adam = signed_in(acme.people["adam"])
    form = {
        "slug": "nightly backup",
        "kind": "heartbeat",
        "service": "file-server",
        "every": "1",
        "every_unit": "86400",
        "grace": "1",
        "grace_unit": "3600",
        "confirm": "1",
    }
    made = adam.post("/checks/new/", form)
    check = Check.objects.get(slug="nightly backup")
    assert made["Location"] == f"/checks/{check.pk}/"
    assert (check.period_s, check.grace_s, check.service) == (86_400, 3600, acme.services["file-server"])
    assert f"http://testserver/ping/{check.ping_id}" in text(adam, made["Location"])
    assert AuditEntry.objects.get(noun="monitoring.check", verb="make").actor == acme.people["adam"]


def test_a_schedule_with_its_zone_is_told_with_its_next_moments(acme: Company) -> None:
    adam = signed_in(acme.people["adam"])
    form = {
        "slug": "payroll",
        "kind": "heartbeat",
        "cron": "0 2 * * 1-5",
        "zone": "Europe/Paris",
        "every_unit": "60",
        "grace": "5",
        "grace_unit": "60",
        "confirm": "1",
    }
    path = adam.post("/checks/new/", form)["Location"]
    assert "Europe/Paris" in text(adam, path)
    assert "02:00" in text(adam, path)


WRONG = [
    ({"slug": ""}, "This field is required."),
    ({"slug": "a/b"}, "but no"),
    ({"every": ""}, "Say how often it is expected"),
    ({"every": "", "cron": "every day"}, "Not a cron schedule"),
    ({"every": "5", "cron": "0 2 * * *"}, "Choose one"),
    ({"every": "9999", "every_unit": "86400"}, "At most a year"),
    ({"zone": "Mars/Base"}, "Use the name of a time zone"),
    ({"slug": "twice"}, "There is a check of this name"),
    ({"every": "-5"}, "greater than or equal to 0"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(change: dict[str, str], words: str, acme: Company) -> None:
    adam = signed_in(acme.people["adam"])
    watching.make(actor=acme.people["adam"], slug="twice", kind="push", now=NINE)
    form = {
        "slug": "job",
        "kind": "heartbeat",
        "every": "5",
        "every_unit": "60",
        "grace": "7",
        "grace_unit": "60",
        "confirm": "3",
        **change,
    }
    answer = adam.post("/checks/new/", form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert 'value="7"' in answer.content.decode()


def test_settings_are_changed_and_the_change_is_history(ana: Client, fs: Check) -> None:
    form = {
        "slug": "fs-02",
        "service": "file-server",
        "every": "10",
        "every_unit": "60",
        "grace": "5",
        "grace_unit": "60",
        "confirm": "3",
        "zone": "UTC",
    }
    assert ana.post(f"/checks/{fs.pk}/edit/", form).status_code == 302
    page = text(ana, f"/checks/{fs.pk}/")
    assert "bad results in a row: 2 → 3" in page
    assert "by Ana" in page


def test_a_longer_period_moves_when_it_is_late(acme: Company, fs: Check) -> None:
    hear(fs, "ok", NINE)
    watching.change(fs, actor=acme.people["ana"], now=NINE, period_s=3600, grace_s=60)
    fs.state.refresh_from_db()
    assert fs.state.overdue_at == NINE + timedelta(seconds=3660)


def test_a_paused_check_is_not_judged_and_resumes_by_itself(acme: Company, fs: Check) -> None:
    hear(fs, "ok", NINE)
    watching.pause(fs, actor=acme.people["ana"], now=NINE, until=NINE + timedelta(hours=1))
    assert intake.sweep_overdue(now=NINE + timedelta(minutes=59)) == 0
    assert watching.resume_due(now=NINE + timedelta(hours=1)) == 1
    fs.state.refresh_from_db()
    assert fs.state.overdue_at == NINE + timedelta(hours=1, seconds=900)  # a whole period and its grace
    assert judging.miss(fs.pk, now=NINE + timedelta(hours=1)) == 0


def test_pausing_twice_and_resuming_twice_changes_nothing_more(ana: Client, fs: Check) -> None:
    for action in ({"minutes": ""}, {"minutes": ""}, {"action": "resume"}, {"action": "resume"}):
        assert ana.post(f"/checks/{fs.pk}/pause/", action).status_code == 302
    assert list(AuditEntry.objects.filter(noun="monitoring.check").order_by("pk").values_list("verb", flat=True)) == ["pause", "resume"]
    ana.post(f"/checks/{fs.pk}/pause/", {"minutes": "-3"})
    assert not Check.objects.get(pk=fs.pk).is_paused


def test_ping_now_goes_the_way_of_every_signal(ana: Client, fs: Check) -> None:
    assert ana.post(f"/checks/{fs.pk}/ping/").status_code == 302
    assert Result.objects.filter(check_id=fs.pk).latest("pk").summary == "success"
    Check.objects.filter(pk=fs.pk).update(kind="probe")
    assert "the desk asks by itself" in ana.post(f"/checks/{fs.pk}/ping/", follow=True).content.decode()


def test_maintenance_is_a_band_with_its_reason(ana: Client, acme: Company, fs: Check) -> None:
    now = clock.now()
    day_of(fs, now=now)
    silences.make(
        actor=acme.people["ana"],
        now=now,
        service=fs.service,
        reason="Firmware of the shelf",
        starts_at=now - timedelta(hours=3),
        ends_at=now + timedelta(hours=1),
    )
    assert "<title>Firmware of the shelf</title>" in text(ana, f"/checks/{fs.pk}/")


def test_the_small_line_is_a_fragment_of_its_own(ana: Client, fs: Check) -> None:
    day_of(fs, now=clock.now())
    fragment = text(ana, f"/checks/{fs.pk}/spark/")
    assert "<svg" in fragment
    assert "<html" not in fragment


def test_a_metric_named_like_markup_is_only_a_name(ana: Client, fs: Check) -> None:
    hear(fs, "ok", clock.now(), "<script>x</script>", name="<b>a", value=1, unit="<i>")
    page = text(ana, f"/checks/{fs.pk}/?metric=%3Cb%3Ea")
    assert "<b>a" not in page
    assert "<script>x" not in page


def test_years_that_cannot_be_and_odd_numbers_are_no_page(ana: Client, fs: Check) -> None:
    for query in (
        "?result=1&day=0000-01-01",
        "?result=abc&day=2026-11-23",
        "?result=99999999999999999999&day=2026-11-23",
        "",
        "?result=1&day=9999-12-31",
    ):
        assert ana.get(f"/checks/{fs.pk}/why/{query}").status_code == 404, query
    assert ana.get("/checks/999999/").status_code == 404
