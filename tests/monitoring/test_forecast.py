"""Looking ahead: what grows towards its limit is told of before, and what only comes and goes is not."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import ahead, charts, forecast, outlook, wording
from monitoring.models import Alert, Check, CheckState, Rollup, Source
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.monitoring.watched import hear

START = datetime(2026, 11, 20, tzinfo=UTC)
STEP = timedelta(minutes=5)


def series(level: Callable[[float], float], hours: float, noise: float = 0.2) -> list[tuple[datetime, float]]:
    """Values every five minutes of a level that depends on the hour."""
    rolled = random.Random(7)
    return [(START + n * STEP, level(n / 12) + rolled.gauss(0, noise)) for n in range(int(hours * 12))]


def leak(hour: float) -> float:
    """Well until hour 30; then from 60 to 90 in ten hours."""
    return 60 + max(0.0, hour - 30) * 3


def told(level: Callable[[float], float], hours: float, **more: object) -> forecast.Forecast | None:
    points = series(level, hours)
    return forecast.look(points, 90, points[-1][0], **more)  # type: ignore[arg-type]


def test_a_leak_is_told_of_with_the_time_that_is_left() -> None:
    found = told(leak, 36)
    assert found is not None
    assert found.earliest_s <= 4 * 3600 <= found.latest_s
    assert found.seconds == pytest.approx(4 * 3600, rel=0.3)


@pytest.mark.parametrize(
    "level",
    [
        lambda hour: 85.0,
        lambda hour: 66 + 18 * ((hour % 7) / 7),
        lambda hour: 68 + (15 * (hour % 24 - 1) / 2 if 1 <= hour % 24 < 3 else 0),
        lambda hour: 72 + 14 * max(0.0, math.sin((hour - 6) / 24 * math.tau)),
        lambda hour: 70 + (15 if hour > 40 else 0),
        lambda hour: 20 + hour / 4,
    ],
    ids=["high and flat", "a log that is rotated", "a nightly burst", "a daily rise", "one step", "far below"],
)
def test_what_comes_and_goes_is_no_leak(level: Callable[[float], float]) -> None:
    points = series(level, 96)
    warned = [n for n in range(48 * 12, len(points), 3) if forecast.look(points[n - 48 * 12 : n], 90, points[n - 1][0])]
    assert warned == []


def test_a_level_that_must_not_fall_is_the_same_upside_down() -> None:
    points = [(at, 100 - value) for at, value in series(leak, 39)]
    found = forecast.look(points, 10, points[-1][0], is_floor=True)
    assert found is not None
    assert found.seconds == pytest.approx(3600, rel=0.3)


def test_beyond_the_limit_nothing_lies_ahead() -> None:
    assert told(leak, 41) is None


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=80), st.floats(-1e6, 1e6))
def test_any_numbers_give_an_answer_that_makes_sense(values: list[float], limit: float) -> None:
    points = [(START + n * STEP, value) for n, value in enumerate(values)]
    found = forecast.look(points, limit, START + len(values) * STEP)
    assert found is None or 0 < found.earliest_s <= found.seconds <= found.latest_s


@given(st.floats(-5, 5), st.floats(0, 100), st.integers(20, 60))
def test_of_a_straight_line_the_slope_is_its_slope(slope: float, base: float, count: int) -> None:
    found = forecast.line([(START + n * STEP, base + slope * n) for n in range(count)])
    assert found is not None
    assert found.slope * 300 == pytest.approx(slope, abs=1e-6)
    assert found.low <= found.slope <= found.high


def test_the_span_is_told_in_hours_or_minutes() -> None:
    assert wording.span(forecast.Forecast(18_100, 14_000, 25_000, 80, 90, 21_600)) == "5 h (4\N{EN DASH}7)"
    assert wording.span(forecast.Forecast(2400, 1800, 4000, 80, 90, 21_600)) == "40 min (30\N{EN DASH}67)"


# The engine's pass


@pytest.fixture
def disk(acme: Company) -> Check:
    check = Check.objects.create(source=Source.objects.get(slug="agents"), slug="disk", created_at=START)
    CheckState.objects.create(check_ref=check)
    rows = [
        Rollup(check_id=check.pk, metric="used", step_s=300, at=at, n=5, total=value * 5, unit="%", crit="90")
        for at, value in series(leak, 40)
    ]
    Rollup.objects.bulk_create(rows)
    return check


def look(hours: float) -> None:
    """Look ahead twice, five minutes apart, knowing nothing of what comes later."""
    for now in (START + timedelta(hours=hours), START + timedelta(hours=hours, minutes=5)):
        later = list(Rollup.objects.filter(at__gt=now))
        Rollup.objects.filter(at__gt=now).delete()
        ahead.look_ahead(now=now)
        Rollup.objects.bulk_create(later)


def test_the_warning_comes_before_the_failure_and_is_over_when_the_level_falls(disk: Check) -> None:
    look(30)
    assert not Check.objects.filter(kind="forecast").exists()
    look(36)
    alert = Alert.objects.open().get()
    assert (alert.status, alert.check_ref.kind, alert.check_ref.depends_on) == ("warning", "forecast", disk)
    assert "used reaches 90 % in about 4 h" in alert.summary
    assert CheckState.objects.get(check_ref=disk).forecast["used"]["limit"] == 90
    Rollup.objects.filter(at__gt=START + timedelta(hours=37)).update(total=100)
    look(38)
    look(38.5)
    assert not Alert.objects.open().exists()
    assert CheckState.objects.get(check_ref=disk).forecast == {}


@pytest.mark.parametrize(("crit", "limit"), [("90", (90, False)), ("10:", (10, True)), ("~:5", (5, False)), ("@1:2", None), ("x", None)])
def test_the_limit_is_what_the_critical_range_says(crit: str, limit: object) -> None:
    assert ahead.limit_of(crit) == limit


# As it is shown


KEPT = {"seconds": 18_000, "earliest_s": 14_400, "latest_s": 25_200, "limit": 95, "level": 80, "unit": "%"}


def crossing(**more: object) -> forecast.Crossing:
    found = forecast.crossing({**KEPT, "at": NINE.isoformat(), **more}, NINE)
    assert found is not None
    return found


def drawn(found: forecast.Crossing, hours: int) -> tuple[charts.Chart, outlook.Outlook]:
    start = NINE - timedelta(hours=hours)
    points = [charts.Point(start + n * timedelta(hours=1), 70 + n, 70 + n, 70 + n) for n in range(hours)]
    chart = charts.draw(
        points, start=start, end=NINE, gap=timedelta(hours=3), unit="%", zone=UTC,
        until=outlook.until(found, start, NINE), also=found.limit,
    )  # fmt: skip
    return chart, outlook.draw(found, chart.plane)


def test_the_chart_goes_on_to_the_latest_crossing_and_the_line_ends_at_the_limit() -> None:
    found = crossing()
    chart, ahead_of = drawn(found, 24)
    assert chart.plane.end > found.latest_at
    assert ahead_of.path == f"M{chart.now_x:g} {chart.plane.y(80):g} {chart.plane.x(found.due_at):g} {chart.plane.y(95):g}"
    assert (ahead_of.x, ahead_of.y) == (chart.plane.x(found.due_at), chart.plane.y(95))


def test_no_picture_is_more_future_than_half_of_what_was_and_lines_are_cut_there() -> None:
    chart, ahead_of = drawn(crossing(), 6)
    assert chart.plane.end == NINE + timedelta(hours=3)
    assert ahead_of.path.endswith(f"{chart.right:g} {chart.plane.y(89):g}")  # after three of five hours 80 to 95 is at 89


def test_what_was_reckoned_long_ago_is_not_shown() -> None:
    kept = {**KEPT, "at": (NINE - forecast.FRESH - timedelta(seconds=1)).isoformat()}
    assert forecast.crossing(kept, NINE) is None
    assert forecast.crossing(None, NINE) is None


def test_pages_say_when_it_reaches_its_limit(acme: Company) -> None:
    check, now = Check.objects.select_related("source", "service").get(slug="smtp-01"), clock.now()
    for n in range(3):
        hear(check, "ok", now - (3 - n) * timedelta(minutes=1), name="used", value=80 + n / 10, unit="%", crit="95")
    CheckState.objects.filter(check_ref=check).update(forecast={"used": {**KEPT, "at": now.isoformat()}})
    ana = signed_in(acme.people["ana"])
    for path in ("/services/?group=email", "/services/email/"):
        assert "reaches 95 % in about 5 h (4–7)" in ana.get(path).content.decode(), path  # noqa: RUF001
    page = ana.get(f"/checks/{check.pk}/").content.decode()
    assert 'class="forecast"' in page
    assert "If it goes on like this: 95 % about " in page
    CheckState.objects.filter(check_ref=check).update(forecast={})
    assert "No steady trend towards the limit." in ana.get(f"/checks/{check.pk}/").content.decode()
