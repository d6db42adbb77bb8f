"""Where the lines of a chart go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import charts
from monitoring.charts import Chart, Lasting, Point

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
END = START + timedelta(hours=24)
MINUTE = timedelta(minutes=1)
PARIS = ZoneInfo("Europe/Paris")


def drawn(points: list[Point], unit: str = "", **more: object) -> Chart:
    return charts.draw(points, start=START, end=END, gap=10 * MINUTE, unit=unit, zone=PARIS, **more)  # type: ignore[arg-type]


def read(*values: float, every: timedelta = 5 * MINUTE, **more: str) -> list[Point]:
    return [Point(START + n * every, value, value, value, **more) for n, value in enumerate(values)]


def test_a_gap_in_the_readings_is_a_gap_in_the_line() -> None:
    points = [*read(1, 2), *(Point(START + timedelta(hours=5) + n * 5 * MINUTE, 3, 3, 3) for n in range(2))]
    assert drawn(points).line.count("M") == 2


def test_a_reading_alone_is_a_dot() -> None:
    assert len(drawn([*read(1, 2), Point(END - MINUTE, 3, 3, 3)]).dots) == 1


def test_a_percentage_is_drawn_from_nothing_to_all() -> None:
    ticks = drawn(read(70, 71), "%").up
    assert [tick.words for tick in ticks] == ["0", "25", "50", "75", "100 %"]


def test_a_threshold_stands_where_it_stood_then() -> None:
    points = [*read(70, 71, crit="97"), Point(START + 10 * MINUTE, 72, 72, 72, crit="95")]
    (limit,) = drawn(points, "%").limits
    assert limit.path.count("V") == 1
    assert limit.words == "95 %"


def test_both_ends_of_a_range_are_lines_and_nought_below_is_none() -> None:
    assert [limit.words for limit in drawn(read(15, 16, warn="10:20")).limits] == ["10", "20"]
    assert [limit.words for limit in drawn(read(15, 16, warn="0:20")).limits] == ["20"]
    assert drawn(read(15, 16, warn="nonsense")).limits == ()


def test_a_threshold_far_above_is_told_and_does_not_press_the_line_flat() -> None:
    chart = drawn(read(3, 4, crit="5000"))
    assert (chart.limits, chart.beyond) == ((), ("5,000",))


def test_a_check_without_values_has_bars_as_high_as_it_was_bad() -> None:
    states = ["ok", "ok", "critical", "ok"]
    bars = drawn([Point(START + n * 5 * MINUTE, worst=state) for n, state in enumerate(states)]).bars
    assert [bar.state for bar in bars] == ["ok", "critical", "ok"]
    assert bars[1].height > bars[0].height


def test_what_lasted_is_cut_to_the_picture() -> None:
    bands = drawn(read(1, 2), lasting=[Lasting(START - timedelta(days=1), None, "INC-214"), Lasting(END, None, "later")]).lasting
    assert [(band.x, band.words) for band in bands] == [(charts.LEFT, "INC-214")]


def test_moments_are_those_of_the_readers_clock_also_when_clocks_change() -> None:
    start = datetime(2026, 10, 24, 8, tzinfo=UTC)
    chart = charts.draw([Point(start, 1, 1, 1)], start=start, end=start + timedelta(hours=24), gap=MINUTE, unit="", zone=PARIS)
    assert [tick.words for tick in chart.across] == ["12:00", "18:00", "Sun 00:00", "06:00"]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(78.0, "%", "78 %"), (48_012, "", "48,012"), (1_250_000_000, "B", "1.25 GB"), (0.204, "s", "0.2 s"), (1e30, "", "1e+30")],
)
def test_figures_have_few_digits(value: float, unit: str, words: str) -> None:
    assert charts.figure(value, unit) == words


@given(st.lists(st.floats(-1e12, 1e12), max_size=30), st.text(max_size=8), st.text(max_size=8))
def test_whatever_was_read_the_picture_stays_in_its_frame(values: list[float], warn: str, unit: str) -> None:
    chart = drawn(read(*values, warn=warn), unit)
    ys = [tick.at for tick in chart.up] + ([chart.last[1]] if chart.last else [])
    assert all(charts.TOP <= y <= charts.HEIGHT - charts.BOTTOM for y in ys)
    assert len(chart.up) <= 9


def test_a_small_line_of_nothing_is_none() -> None:
    assert charts.spark([], start=START, end=END, gap=MINUTE) is None
    assert charts.spark(read(5, 5), start=START, end=END, gap=10 * MINUTE)
