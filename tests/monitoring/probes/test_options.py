"""Options as people type them."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.probes import options
from monitoring.probes.catalogue import PROBES


@pytest.mark.parametrize(
    ("probe", "given", "name", "words"),
    [
        ("http", {}, "url", "Is needed."),
        ("http", {"url": "ftp://x"}, "url", "Must begin with http"),
        ("http", {"url": "http://user:pass@x/"}, "url", "Leave the user and password out"),
        ("http", {"url": "http://x:99999/"}, "url", "Not a URL"),
        ("http", {"url": "http://x", "pattern": "("}, "pattern", "Not a regular expression"),
        ("http", {"url": "http://x", "method": "DELETE"}, "method", "not one of GET"),
        ("http", {"url": "http://x", "nonsense": 1}, "nonsense", "no such option"),
        ("http", {"url": "http://x", "thresholds": "total_s 5"}, "thresholds", "a figure, its warning"),
        ("http", {"url": "http://x", "thresholds": "total_s five -"}, "thresholds", "not a range"),
        ("http", {"url": "http://x", "thresholds": "speed 5 6"}, "thresholds", "There are: total_s"),
        ("tcp", {"host": "x/y", "port": 1}, "host", "not a host name"),
        ("tcp", {"host": "x", "port": 70000}, "port", "not between 1 and 65535"),
        ("tcp", {"host": "x", "port": "1.5"}, "port", "not a whole number"),
        ("tcp", {"host": "x", "port": "nan"}, "port", "not a number"),
    ],
)
def test_each_wrong_option_is_named_with_what_to_do(probe: str, given: dict[str, Any], name: str, words: str) -> None:
    with pytest.raises(options.WrongOptions) as caught:
        options.sure(PROBES[probe], given)
    assert words in caught.value.errors[name]


def test_defaults_are_filled_in_and_texts_become_what_they_mean() -> None:
    made = options.sure(PROBES["http"], {"url": " http://x/ ", "expect": "200, 301", "verify": "no", "thresholds": "total_s 2 -"})
    assert (made["url"], made["expect"], made["verify"], made["follow"]) == ("http://x/", ["200", "301"], False, True)
    assert made["thresholds"] == {"total_s": ("2", "")}


def test_what_is_sure_stays_sure() -> None:
    once = options.sure(PROBES["tcp"], {"host": "x", "port": "25", "thresholds": "connect_s 1 2"})
    assert options.sure(PROBES["tcp"], once) == once


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_every_default_is_a_value_its_option_takes(probe: Any) -> None:
    for option in probe.options:
        if not option.is_required:
            options.value(option, None)
    for figure in probe.figures:
        assert not (figure.warn or figure.crit) or figure.source, f"{figure.name}: whose default is it?"
        options.limits(probe, f"{figure.name} {figure.warn or '-'} {figure.crit or '-'}")
