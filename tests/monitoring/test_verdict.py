from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.verdict import Options, Reading, State, dump, load, percent, recheck, settled, unchanged, verdict

START = datetime(2026, 11, 24, 3, tzinfo=UTC)
STEADY = Options(flap=False)
WORDS = {"o": "ok", "w": "warning", "c": "critical", "u": "unknown"}
STATUS = st.sampled_from(["ok", "ok", "ok", "warning", "critical", "unknown"])
STEPS = st.lists(st.tuples(STATUS, st.integers(0, 400)), max_size=60)
OPTIONS = st.builds(
    Options,
    confirm=st.integers(1, 4),
    for_s=st.sampled_from([0, 60, 300]),
    clear_confirm=st.integers(1, 3),
    keep_s=st.sampled_from([0, 120]),
    of=st.none() | st.integers(4, 6),
    unknown=st.sampled_from(["alert", "warn", "ignore"]),
    flap=st.booleans(),
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def run(letters: str, options: Options = STEADY, *, every: int = 60) -> list:
    """Verdicts on results that come at a steady pace."""
    state, found = None, []
    for i, letter in enumerate(letters):
        found.append(verdict(state, Reading(WORDS[letter], at(i * every)), options, at(i * every)))
        state = found[-1].state
    return found


def changes(letters: str, options: Options = STEADY) -> list:
    return [found.change for found in run(letters, options)]


def timed(steps):
    seconds = 0
    for status, step in steps:
        seconds += step
        yield Reading(status, at(seconds))


def test_a_bad_result_opens_and_a_good_one_clears():
    assert changes("occo") == [None, "opened", None, "cleared"]


def test_the_first_result_of_a_check_may_open():
    assert changes("c") == ["opened"]


def test_nothing_is_claimed_before_the_first_confirmed_result():
    assert run("c", Options(confirm=2))[0].state.status == "unknown"


def test_worse_and_better_are_told_and_the_worst_is_kept():
    found = run("wcwo")
    assert [each.change for each in found] == ["opened", "worsened", "eased", "cleared"]
    assert [each.state.worst for each in found] == ["warning", "critical", "critical", "ok"]


def test_bad_results_must_come_in_a_row():
    assert changes("ccoccc", Options(confirm=3, flap=False)) == [None, None, None, None, None, "opened"]
    assert run("cc", Options(confirm=3))[-1].why == (("bad_in_a_row", 2, 3),)


def test_for_counts_from_the_first_bad_result_and_both_must_hold():
    options = Options(confirm=2, for_s=120, flap=False)
    assert changes("occcc", options) == [None, None, None, "opened", None]
    assert run("occc", options)[-1].state.bad_since == at(60)
    assert changes("oc", Options(for_s=120)) == [None, None]


def test_time_alone_opens_what_is_confirmed():
    waiting = run("oc", Options(for_s=120))[-1]
    assert waiting.recheck_at == at(180)
    assert recheck(waiting.state, Options(for_s=120), at(179)).change is None
    assert recheck(waiting.state, Options(for_s=120), at(180)).change == "opened"


def test_good_results_must_come_in_a_row_too():
    assert changes("cocoo", Options(clear_confirm=2, flap=False)) == ["opened", None, None, None, "cleared"]


def test_a_problem_is_kept_so_long_after_the_last_bad_result():
    options = Options(keep_s=150, flap=False)
    waiting = run("co", options)[-1]
    assert (waiting.change, waiting.recheck_at) == (None, at(150))
    assert recheck(waiting.state, options, at(150)).change == "cleared"


def test_three_of_five_are_enough_in_any_order():
    options = Options(confirm=3, of=5, flap=False)
    assert changes("cocoocococ", options).index("opened") == 9
    assert changes("cococ", options)[-1] == "opened"


def test_while_three_of_five_are_bad_a_good_result_clears_nothing():
    options = Options(confirm=3, of=5, flap=False)
    assert changes("cccooo", options) == [None, None, "opened", None, None, "cleared"]


def test_a_problem_is_as_old_as_its_first_bad_result_until_it_is_over():
    found = run("occoco", Options(clear_confirm=2, flap=False))
    assert {each.state.bad_since for each in found[1:]} == {at(60)}


def test_for_with_m_of_n_counts_from_the_first_bad_result_still_in_the_window():
    options = Options(confirm=2, of=3, for_s=100, flap=False)
    assert changes("cooccc", options) == [None, None, None, None, None, "opened"]


def test_not_knowing_has_a_policy_of_its_own():
    assert changes("ou", Options(unknown="alert")) == [None, "opened"]
    assert run("ou", Options(unknown="warn"))[-1].state.status == "warning"
    assert run("ou", Options(unknown="ignore"))[-1].state == run("o")[-1].state


def test_lost_data_never_hides_a_known_problem_nor_tells_it_twice():
    assert changes("cuc") == ["opened", None, None]
    assert changes("uc") == ["opened", "worsened"]


def test_an_older_ok_never_closes_a_newer_problem():
    newer = verdict(None, Reading("critical", at(60), started_at=at(50)), STEADY, at(60))
    late = verdict(newer.state, Reading("ok", at(70), started_at=at(40)), STEADY, at(70))
    assert (late.change, late.state, late.why) == (None, newer.state, (("older_than_last",),))
    assert verdict(newer.state, Reading("ok", at(59)), STEADY, at(70)).change is None
    assert verdict(newer.state, Reading("ok", at(80), started_at=at(50)), STEADY, at(80)).change == "cleared"


def test_a_sender_whose_clock_runs_ahead_can_still_say_that_all_is_well():
    ahead = verdict(None, Reading("critical", at(60), started_at=at(9000)), STEADY, at(60))
    assert verdict(ahead.state, Reading("ok", at(120), started_at=at(110)), STEADY, at(120)).change == "cleared"


@pytest.mark.parametrize(("changed", "expected"), [(3, 17.4), (4, 23.0), (5, 28.5), (6, 33.9), (20, 99.0)])
def test_the_weights_of_flapping_are_those_of_icinga(changed, expected):
    history = "o" * (20 - changed) + ("oc" * 21)[: changed + 1]
    assert percent(history) == pytest.approx(expected, abs=0.05)


def test_six_changes_start_flapping_and_the_alert_stays_one():
    found = changes("o" * 15 + "cococo" + "coco", Options())
    assert found[15:20] == ["opened", "cleared", "opened", "cleared", "opened"]
    assert found[20:] == ["flapping_started", None, None, None, None]


def test_a_check_that_calms_down_clears_at_last():
    found = run("o" * 15 + "cococo" + "o" * 20, Options())
    told = [(i, each.change) for i, each in enumerate(found) if i > 20 and each.change]
    assert told == [(35, "cleared")]
    assert found[34].why == (("good_in_a_row", 15, 1), ("flapping_percent", 25.5, 25.0))


def test_while_flapping_worse_is_told_and_better_is_not():
    assert changes("o" * 15 + "wowowo" + "wcw", Options())[-3:] == [None, "worsened", None]


def test_what_a_confirmation_holds_back_may_still_flap():
    found = run("ococococ", Options(confirm=2))
    assert [each.change for each in found][-2:] == ["flapping_started", None]
    assert found[-1].state.problem is False


def test_a_sender_that_speaks_only_on_change_is_not_left_flapping():
    flapping = run("ocococo", Options())[-1]
    assert (flapping.change, flapping.recheck_at) == ("flapping_started", at(360 + 3600))
    assert recheck(flapping.state, Options(), flapping.recheck_at).change == "cleared"
    assert "flapping_started" not in [each.change for each in run("oc" * 10, Options(), every=7200)]


@given(steps=STEPS, options=OPTIONS)
def test_a_state_survives_its_json_column(steps, options):
    state = None
    for reading in timed(steps):
        state = verdict(state, reading, options, reading.at).state
    assert load(json.loads(json.dumps(dump(state or State())))) == (state or State())
    assert load({}) is None


@given(steps=STEPS, options=OPTIONS)
@settings(max_examples=400)
def test_what_the_fast_path_skips_changes_no_verdict_now_or_later(steps, options):
    whole = fast = None
    for reading in timed(steps):
        judged = verdict(whole, reading, options, reading.at)
        whole = judged.state
        if fast and unchanged(fast.status, settled(fast), reading.status):
            assert (judged.change, judged.recheck_at) == (None, None)
            continue
        skipping = verdict(fast, reading, options, reading.at)
        fast = skipping.state
        assert (skipping.change, skipping.recheck_at, skipping.why[:1]) == (judged.change, judged.recheck_at, judged.why[:1])
        assert (fast.status, fast.since, fast.flapping) == (whole.status, whole.since, whole.flapping)


@given(steps=STEPS, options=OPTIONS)
@settings(max_examples=300)
def test_a_recheck_changes_something_at_its_moment_and_nothing_before(steps, options):
    state = None
    for reading in timed(steps):
        judged = verdict(state, reading, options, reading.at)
        state = judged.state
        if judged.recheck_at is not None:
            assert recheck(state, options, judged.recheck_at).state != state
        early = min(judged.recheck_at or at(10**6), reading.at + timedelta(seconds=options.calm_s)) - timedelta(microseconds=1)
        assert recheck(state, options, early).change is None


@given(steps=st.lists(st.tuples(st.sampled_from(["ok", "critical"]), st.integers(1, 200)), max_size=40), options=OPTIONS)
@settings(max_examples=300)
def test_a_problem_opens_exactly_when_the_bad_run_is_long_enough_both_ways(steps, options):
    options = Options(options.confirm, options.for_s, clear_confirm=1, flap=False)
    state, streak = None, []
    for reading in timed(steps):
        judged = verdict(state, reading, options, reading.at)
        state = judged.state
        streak = [*streak, reading.at] if reading.status != "ok" else []
        enough = len(streak) >= options.confirm and reading.at - streak[0] >= timedelta(seconds=options.for_s)
        assert state.problem == (state.status == "critical") == enough


@given(steps=STEPS, options=OPTIONS)
@settings(max_examples=200)
def test_openings_and_clearings_alternate_and_the_worst_is_never_less(steps, options):
    state, told = None, []
    for reading in timed(steps):
        judged = verdict(state, reading, options, reading.at)
        state = judged.state
        told += [judged.change] if judged.change in ("opened", "cleared") else []
        assert state.problem is bool(told and told[-1] == "opened")
    assert told == (["opened", "cleared"] * len(told))[: len(told)]


@given(history=st.text("owcu", max_size=30))
def test_the_percentage_is_the_sum_of_its_slots(history):
    last = history[-21:]
    slots = [last[-2 - k] != last[-1 - k] for k in range(len(last) - 1)]
    assert percent(history) == pytest.approx(sum((1.18 - 0.02 * k) * 5 for k, changed in enumerate(slots) if changed))
