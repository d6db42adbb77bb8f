"""Our own format: what is taken, and what is refused with which words."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.normal import Unreadable
from monitoring.sources import results

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
GOOD = {"check": "smtp-01", "status": "critical", "summary": "connection refused", "event_id": "e-17"}


def wrong(item: Any) -> tuple[str, str]:
    """The first thing wrong with one item: where, and which code."""
    with pytest.raises(Unreadable) as caught:
        results.read([item], now=NOW)
    return caught.value.wrong[0].field, caught.value.wrong[0].code


def test_an_item_is_read() -> None:
    [signal] = results.read([{**GOOD, "started_at": "2026-11-23T08:00:00Z", "labels": {"host": "mx1"}}], now=NOW)
    assert (signal.check, signal.status, signal.summary) == ("smtp-01", "critical", "connection refused")
    assert signal.started_at == NOW
    assert signal.identity == "e:e-17"


def test_check_and_start_make_a_repeat_where_no_event_id_is_given() -> None:
    item = {"check": "a", "status": "ok", "started_at": "2026-11-23T09:00:00+01:00"}
    assert results.read([item], now=NOW)[0].identity == "s:a:2026-11-23T08:00:00+00:00"
    assert results.read([{"check": "a", "status": "ok"}], now=NOW)[0].identity == ""


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"status": "bad"}, "[0].status", "unknown_value"),
        ({"status": None}, "[0].status", "required"),
        ({"check": ""}, "[0].check", "required"),
        ({"check": "x" * 121}, "[0].check", "too_long"),
        ({"check": 7}, "[0].check", "not_text"),
        ({"colour": "red"}, "[0].colour", "unknown_field"),
        ({"started_at": "yesterday"}, "[0].started_at", "not_a_time"),
        ({"started_at": "2026-11-23T08:00:00"}, "[0].started_at", "not_a_time"),
        ({"started_at": "2026-11-24T08:00:01Z"}, "[0].started_at", "in_the_future"),
        ({"labels": ["host"]}, "[0].labels", "not_labels"),
        ({"metrics": {"a": 1}}, "[0].metrics", "not_metrics"),
        ({"metrics": [{"name": "rta", "value": "fast"}]}, "[0].metrics[0].value", "bad_value"),
        ({"metrics": [{"name": "rta", "value": True}]}, "[0].metrics[0].value", "bad_value"),
        ({"metrics": [{"name": "rta", "value": 1, "warn": "10:5"}]}, "[0].metrics[0].warn", "bad_value"),
        ({"severity": 7.5}, "[0].severity", "unknown_value"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str, code: str) -> None:
    assert wrong({**GOOD, **change}) == (field, code)


def test_metrics_with_thresholds_decide_the_status() -> None:
    metric = {"name": "rta", "value": 7, "unit": "s", "warn": "0:1", "crit": "0:5"}
    [signal] = results.read([{"check": "smtp-01", "metrics": [metric]}], now=NOW)
    assert signal.status == "critical"
    assert signal.value == "7 s"


def test_an_unknown_severity_word_is_flagged_and_never_refused() -> None:
    [mapped, odd] = results.read([{**GOOD, "severity": "High"}, {**GOOD, "severity": "purple"}], now=NOW, severity_map={"high": 2})
    assert (mapped.severity, mapped.flag) == (2, "")
    assert (odd.severity, odd.flag) == (3, "unknown severity 'purple'")


ENDLESS = b'[{"check": "a", "status": "ok", "metrics": [{"value": Infinity}]}]'


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b'[{"check": NaN}]', ENDLESS])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        results.load(body, lines=False)


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    with pytest.raises(Unreadable):
        results.read(results.load(b"[" * 100_000, lines=False), now=NOW)


def test_lines_and_a_single_object_are_taken_too() -> None:
    line = json.dumps(GOOD).encode()
    assert len(results.load(line + b"\n\n" + line + b"\n", lines=True)) == 2
    assert results.load(line, lines=False) == [GOOD]


def test_more_than_five_thousand_items_are_refused() -> None:
    with pytest.raises(Unreadable, match="at most 5000"):
        results.load(json.dumps([GOOD] * 5_001).encode(), lines=False)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_read_or_refused_with_words(item: Any) -> None:
    with contextlib.suppress(Unreadable):
        results.read([item], now=NOW)


def test_half_characters_are_mended_and_not_lost() -> None:
    body = rb'[{"check":"a","status":"critical","summary":"x\ud800","labels":{"h\u0000":"\ud800"}}]'
    [signal] = results.read(results.load(body, lines=False), now=NOW)
    assert (signal.summary, dict(signal.labels)) == ("x?", {"h": "?"})


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(Unreadable):
        results.load(b'[{"check":"a","severity":' + b"9" * 5000 + b"}]", lines=False)


@given(item=st.dictionaries(st.sampled_from(["check", "status", "summary", "service", "event_id", "labels"]), st.sampled_from(
    ["ok", "critical", " padded ", "", "x\x00y", "half \ud800", "é", "line\nline", "x" * 121, 7, None, {}]
)))  # fmt: skip
def test_the_short_reading_reads_what_the_long_one_reads(item: dict[str, Any]) -> None:
    if (short := results._short(item)) is not None:
        wrong: list[Any] = []
        assert short == results._signal("", item, NOW, {}, wrong)
        assert not wrong
