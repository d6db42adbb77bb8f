"""What strangers send is read without an error, and within the limits of our tables."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitoring import bodies
from monitoring.normal import Unreadable
from monitoring.sources import fields, words
from monitoring.sources.posts import Post, read_json
from tests.actors import NINE

MOMENT = datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    ["2026-11-23T08:00:01Z", "2026-11-23T09:00:01.000000000+01:00", "2026-11-23T08:00:01.0000000Z", "2026-11-23T08:00:01+0000",
     "2026-11-23 08:00:01", 1795420801, "1795420801", 1795420801000, "1795420801000", 1795420801000000000, 1795420801.0],
)  # fmt: skip
def test_times_of_every_sender(given: object) -> None:
    assert fields.moment(given) == MOMENT


@pytest.mark.parametrize(
    "given",
    ["", None, True, [], {}, 0, "0", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00",
     "soon", -1, "1" * 21, 10**400, float("inf"), float("nan"), "2026-13-41", "\x00"],
)  # fmt: skip
def test_no_time_is_none(given: object) -> None:
    assert fields.moment(given) is None


def test_a_time_without_zone_stands_in_the_senders() -> None:
    assert fields.moment("2026-11-23 09:00:01", zone=ZoneInfo("Europe/Paris")) == MOMENT


def test_a_clock_far_ahead_tells_nothing() -> None:
    assert fields.past("2031-01-01T00:00:00Z", NINE) is None


def test_a_bomb_of_labels_is_cut() -> None:
    kept = fields.labels({f"l{n}": "x" * 10_000 for n in range(10_000)}, {"more": "y"})
    assert (len(kept), max(map(len, kept.values()))) == (64, 500)


def test_empty_labels_are_missing_labels() -> None:
    assert fields.labels({"a": "", "b": None, "c": {"deep": 1}, "d": 0}) == {"d": "0"}


def test_long_keys_stay_readable_and_apart() -> None:
    one, other = fields.named("disk " * 50 + "a"), fields.named("disk " * 50 + "b")
    assert len(one) == len(other) == 120
    assert one != other
    assert one.startswith("disk disk")


@pytest.mark.parametrize("key", ["", "   ", "\x00"])
def test_nothing_collapses_on_an_empty_key(key: str) -> None:
    with pytest.raises(Unreadable):
        fields.named(key)


def test_nan_is_read_as_nothing() -> None:
    assert read_json('{"value": NaN, "other": -Infinity}') == {"value": None, "other": None}


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b"1" * 10_000, b"{"])
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        Post(body, NINE).json()


def test_only_web_links_are_kept() -> None:
    assert fields.web("javascript:alert(1)") == ""
    assert fields.web("https://grafana.example/d/1") == "https://grafana.example/d/1"


def test_info_is_never_silently_nothing() -> None:
    assert words.bad("info", {}) == words.Bad("warning", 4)
    assert words.bad("spicy", {}).flag == "unknown severity 'spicy'"
    assert words.of("critical", {}, is_bad=False) == words.Bad("ok", 2)


def test_secrets_are_not_kept() -> None:
    token = b"msd_abcd1234_" + b"x" * 43
    kept = bodies.masked(b'{"routing_key": "' + token + b'", "basic_auth_pass": "a\\"b", "bearer_token" : "t", "name": "n"}')
    assert kept == b'{"routing_key": "msd_abcd1234_***", "basic_auth_pass": "***", "bearer_token" : "***", "name": "n"}'
