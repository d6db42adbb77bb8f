"""Why, in words: every code the verdict gives has a sentence, and says whether it kept anybody from being told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitoring import explain, rhythm, verdict, wording
from tests.monitoring.test_verdict import OPTIONS, STEPS, timed

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
TODAY = date(2026, 11, 24)
WEEK = {(TODAY - timedelta(days=n)).isoformat(): 120 for n in range(8)}


@given(steps=STEPS, options=OPTIONS)
def test_every_reason_of_every_verdict_has_words(steps, options):
    state = None
    for reading in timed(steps):
        judged = verdict.verdict(state, reading, options, reading.at)
        state = judged.state
        told = [*explain.signal(judged.change or "", judged.why), *explain.check(state, options, explain.Around(), reading.at)]
        assert str(wording.UNKNOWN[0]) not in wording.sentences(told)


@given(steps=STEPS, options=OPTIONS)
def test_a_bad_result_that_opened_nothing_says_what_stopped_it(steps, options):
    state = None
    for reading in timed(steps):
        judged = verdict.verdict(state, reading, options, reading.at)
        state = judged.state
        if reading.status != "ok" and not state.problem:
            assert any(reason.stops for reason in explain.signal(judged.change or "", judged.why))


def test_an_unknown_code_of_an_older_version_shows_nothing_raw():
    assert wording.sentence(explain.Reason("phase_of_the_moon", (3,))) == "Kept for the record."
    assert wording.sentence(explain.Reason("bad_in_a_row", ())) == "Kept for the record."


def test_held_silenced_and_paused_are_what_stopped_it():
    around = explain.Around(is_paused=True, held_by="router", has_alert=True, silences=("move of the rack",))
    stopped = [reason.code for reason in explain.check(verdict.State(), verdict.Options(), around, NOW) if reason.stops]
    assert stopped == ["paused", "never_heard", "held_by", "silenced"]


# The rhythm of a source


def test_twice_the_longest_pause_of_a_week_is_silence():
    assert rhythm.limit_s(WEEK, None, TODAY) == 900
    assert rhythm.limit_s({**WEEK, TODAY.isoformat(): 3000}, None, TODAY) == 6000


def test_a_source_heard_for_less_than_a_week_or_seldom_has_no_limit_but_its_own():
    young = {day: pause for day, pause in WEEK.items() if day > "2026-11-18"}
    assert rhythm.limit_s(young, None, TODAY) is None
    assert rhythm.limit_s({**WEEK, "2026-11-20": 40_000}, None, TODAY) is None
    assert (rhythm.limit_s(young, 300, TODAY), rhythm.limit_s(WEEK, 0, TODAY)) == (300, None)


@given(st.lists(st.floats(0, 90_000), max_size=40))
def test_what_is_noted_is_never_much_less_than_the_longest_pause(pauses):
    kept = {}
    for pause in pauses:
        kept = rhythm.noted(kept, pause, TODAY) or kept
    assert not pauses or kept[TODAY.isoformat()] * rhythm.GROWN + 1 >= max(pauses)


def test_a_silence_is_no_habit():
    assert rhythm.after_silence({TODAY.isoformat(): 900}, 900, TODAY) == {TODAY.isoformat(): 450}
