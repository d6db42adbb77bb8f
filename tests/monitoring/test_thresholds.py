from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.thresholds import BadRange, govern, judge, parse

FINITE = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("text", "quiet", "alerting"),
    [
        ("10", [0, 5, 10], [-0.1, 10.1]),
        ("10:", [10, 1e9], [9.9, -1]),
        ("~:10", [-1e9, 10], [10.1]),
        ("10:20", [10, 15, 20], [9.9, 20.1]),
        ("@10:20", [9.9, 20.1], [10, 15, 20]),
        ("@10", [-1, 11], [0, 10]),
        ("-5:-1.5", [-5, -2], [-6, -1]),
        (":10", [0, 10], [-1, 11]),
        ("1e3", [1000], [1001]),
    ],
)
def test_ranges_mean_what_nagios_means(text, quiet, alerting):
    assert [value for value in quiet + alerting if parse(text).alerts(value)] == alerting


@pytest.mark.parametrize("text", ["20:10", "ten", "10:20:30", "10,5", "@", "~", "10 20", "inf", "nan:", "1_0", "--1", "٣"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(BadRange):
        parse(text)


def test_no_text_is_no_threshold():
    assert parse("") is None
    assert parse("  ") is None


@given(low=FINITE, high=FINITE, value=FINITE)
def test_the_at_sign_turns_a_range_inside_out(low, high, value):
    low, high = sorted((low, high))
    assert parse(f"{low!r}:{high!r}").alerts(value) != parse(f"@{low!r}:{high!r}").alerts(value)
    assert parse(f"{low!r}:{high!r}").alerts(value) == (not low <= value <= high)


@given(text=st.text("0123456789.:@~eE+-", max_size=8), value=FINITE)
def test_any_text_is_a_range_or_refused(text, value):
    try:
        found = parse(text)
    except BadRange:
        return
    assert found is None or found.alerts(value) in (True, False)


def test_the_worst_metric_decides():
    low, high = {"value": 1, "warn": "80", "crit": "90"}, {"value": 85, "warn": "80", "crit": "90"}
    assert judge([low]) == "ok"
    assert judge([low, high]) == "warning"
    assert judge([high, {"value": 95, "crit": 90}]) == "critical"
    assert judge([]) == "ok"


@pytest.mark.parametrize("value", [None, "U", "", float("nan"), float("inf"), "many"])
def test_what_could_not_be_measured_is_unknown_unless_something_is_bad(value):
    assert judge([{"value": value, "warn": "80"}, {"value": 1}]) == "unknown"
    assert judge([{"value": value}, {"value": 81, "warn": "80"}]) == "warning"


def test_a_malformed_threshold_is_never_taken_for_none():
    with pytest.raises(BadRange):
        judge([{"value": 5, "warn": "1,5"}])


# Our own thresholds


OWN = {"used": {"warn": "80", "crit": "90", "clear": "70"}}


@given(values=st.lists(st.none() | st.floats(0, 100), max_size=40))
def test_between_its_two_thresholds_a_metric_stays_as_it_was(values):
    crossed, was_bad = (), False
    for value in values:
        status, crossed, _metrics = govern([{"name": "used", "value": value}], OWN, crossed)
        was_bad = was_bad if value is None else value > 80 or (was_bad and value > 70)
        assert (crossed == ("used",)) is was_bad
        assert (status in ("warning", "critical")) is was_bad


def test_ours_go_before_the_senders_and_are_kept_with_the_value():
    sent = [{"name": "used", "value": 85, "warn": "99"}, {"name": "load", "value": 9, "warn": "5"}]
    status, crossed, metrics = govern(sent, OWN)
    assert (status, crossed, metrics[0]["warn"], metrics[1]) == ("warning", ("used",), "80", sent[1])


def test_without_a_threshold_of_ours_nothing_is_governed():
    assert govern([{"name": "load", "value": 9}], OWN) is None
