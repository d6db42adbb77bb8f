"""Which unit caused it: faults with a known culprit, and the rates at which it is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from monitoring import causes
from monitoring.causes import Line
from tests.monitoring.faults import BAD, FAULTS, Day

SEEDS = range(10)


def tried(fault: Callable[[Day], str], seed: int, *, spoiled: bool) -> tuple[int, bool]:
    """Where the culprit stands, from 1 (0: nowhere), and whether it is the unit with most lines of trouble, as one would guess."""
    day = Day(seed, lines=2500)
    culprit = fault(day)
    if spoiled:
        day.spoil(culprit)
    ranked = [one.unit for one in causes.rank(day.lines, first_bad=BAD)]
    near = [line.unit for line in day.lines if BAD - causes.BEFORE <= line.at <= BAD + causes.AFTER and line.priority <= 4]
    return ranked.index(culprit) + 1 if culprit in ranked else 0, Counter(near).most_common(1)[0][0] == culprit


@pytest.mark.parametrize(("spoiled", "first", "among_three"), [(False, 0.85, 0.98), (True, 0.55, 0.8)], ids=["clear", "spoiled"])
def test_known_culprits_are_named_first_and_among_three(spoiled: bool, first: float, among_three: float) -> None:
    found = [tried(fault, seed, spoiled=spoiled) for fault in FAULTS for seed in SEEDS]
    top1, top3 = sum(place == 1 for place, _guess in found), sum(1 <= place <= 3 for place, _guess in found)
    print(
        f"\nof {len(found)} faults: top-1 {top1}, top-3 {top3}; the loudest unit is the culprit in {sum(guess for _place, guess in found)}"
    )
    assert top1 >= first * len(found)
    assert top3 >= among_three * len(found)


def test_an_ordinary_day_accuses_nobody_strongly() -> None:
    for seed in SEEDS:
        assert all(one.score < 4 for one in causes.rank(Day(seed).lines, first_bad=BAD))


def test_what_varies_is_no_difference() -> None:
    one = "conn 4711 from 10.0.0.1:5432 to '/srv/a b' id 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0 took 0x1f"
    other = "conn 9 from 192.168.7.9:1 to '/home/x' id 11111111-2222-3333-4444-555555555555 took 0xff"
    assert causes.template(one) == causes.template(other)


def test_the_evidence_is_shown_oldest_first() -> None:
    lines = [
        Line(BAD - timedelta(seconds=30), "web.service", 3, "upstream api failed"),
        Line(BAD - timedelta(seconds=60), "api.service", 2, "panic: out of handles"),
    ]
    text = causes.in_words(causes.rank(lines, first_bad=BAD))
    assert text.startswith("1. api.service: ")
    assert "03:11:00 panic: out of handles" in text


@pytest.mark.parametrize("text", ["x" * 100_000, "'" * 5000, "\x00\x1b[31m", "oom-kill:" + "a" * 5000, "1.2.3." * 2000])
def test_hostile_lines_are_ranked_in_no_time(text: str) -> None:
    assert len(causes.rank([Line(BAD, "a.service", 3, text)] * 50, first_bad=BAD)) <= 2


def test_nothing_to_go_by_names_nobody() -> None:
    assert causes.rank([], first_bad=BAD) == []
