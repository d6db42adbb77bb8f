# ruff: noqa: RUF001  (the odd characters are the subject)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.gsm7 import ALPHABET, SEGMENT, STUMP, Part, fit, fits_alphabet, fold, units

LINK = "https://help.acme.com/a/7Kq2mX9dR4"
ACTION = f"ACK {LINK} or reply A214"
SAMPLES = [
    (142, f"SEV1 INC-214 Email down - all staff. Since 03:12. smtp-01 failing 6 min. You are primary. {ACTION}"),
    (
        145,
        "SEV2 INC-221 Finance VPN down, 14 people. No answer for 30 min (T-8841). Step 2 (Sam did not ack). "
        "ACK https://help.acme.com/a/Qw83Lz0aB1 or A221",
    ),
    (138, f"NOBODY ACKED INC-214 (SEV1, Email down) after 3 steps/30 min. You are last resort. ACK {LINK} or call 555-0100"),
    (
        137,
        "Disk fs-02 full in about 5 h (est. 08:20, 88% now, +2.4%/h). SEV3 T-8860. Can wait until 07:00? "
        "Yours: https://help.acme.com/tickets/8860",
    ),
    (
        122,
        "3 open pages for you: INC-214 SEV1, INC-221 SEV2, INC-223 SEV2. ACK each: https://help.acme.com/a/mZ71xPq0aa or reply AALL",
    ),
    (110, f"INC-214 acked by Dana Ruiz 03:15. You will not be paged again for it. Undo: {LINK}"),
    (85, "INC-214 RESOLVED 04:02 after 50 min by Dana Ruiz. Email is working. No action needed."),
    (103, "TEST from Acme Help Desk. Your SMS works. Nothing is wrong. Confirm: https://help.acme.com/a/tst9Kd2LmQ"),
    (
        120,
        "On call from Mon 23 Nov 09:00 to Mon 30 Nov 09:00 (Europe/Paris). Primary, IT Ops. Swap: https://help.acme.com/oncall/it",
    ),
]
anything = st.text(alphabet=st.characters(), max_size=400)


def page(title: str, evidence: str) -> str:
    return fit(
        [
            Part("SEV1 INC-214"),
            Part(title, cut=1, tail="."),
            Part("Since 03:12."),
            Part(evidence, cut=2, tail="."),
            Part("You are primary.", cut=3),
            Part(ACTION),
        ]
    )


@pytest.mark.parametrize(("length", "text"), SAMPLES)
def test_a_sample_message_measures_what_it_measured_and_stays_as_it_is(length, text):
    assert units(text) == length
    assert fold(text) == text


@pytest.mark.parametrize("char", "[]{}|~^\\€\f")
def test_a_character_of_the_extension_costs_two_units(char):
    assert units(f"a{char}b") == 4


def test_counting_refuses_a_character_outside_the_alphabet():
    with pytest.raises(ValueError, match="ç"):
        units("ça va")


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Email down – all “staff” — don’t panic…", 'Email down - all "staff" - don\'t panic...'),
        ("disk [sda1] {root}", "disk (sda1) (root)"),
        ("Réseau coupé à l'étage, français, Gießen, Łódź, Århus", "Réseau coupé à l'étage, francais, Gießen, Lodz, Århus"),
        ("🚨 Mail 🔥 down 👩🏽‍💻", "Mail down"),
        ("a\tb\r\nc\u00a0d\u2003e\x00\x07f", "a b c d ef"),
        ("Почта down 邮件", "? down ?"),
        ("½ full, 10 µs, 30 °C, ≥ 5", "1/2 full, 10 us, 30 degC, >= 5"),
        (f"see {LINK}?q=[1]|2 – now", f"see {LINK}?q=[1]|2 - now"),
    ],
)
def test_folding_maps_what_has_a_likeness_and_drops_the_rest(written, folded):
    assert fold(written) == folded


@given(anything)
def test_folding_gives_one_line_of_the_alphabet_and_folding_again_changes_nothing(text):
    folded = fold(text)
    assert fits_alphabet(folded)
    assert folded == " ".join(folded.split())
    assert fold(folded) == folded


@given(st.text(alphabet=sorted(ALPHABET), max_size=200))
def test_units_are_never_fewer_than_the_characters(text):
    assert len(text) <= units(text) <= 2 * len(text)


@given(anything, anything)
def test_whatever_the_title_and_evidence_a_page_is_one_segment_with_its_link_id_and_action(title, evidence):
    text = page(title, evidence)
    assert units(text) <= SEGMENT
    assert text.startswith("SEV1 INC-214 ")
    assert text.endswith(ACTION)
    assert "Since 03:12." in text


def test_a_page_that_fits_is_the_sample_word_for_word():
    assert page("Email down - all staff", "smtp-01 failing 6 min") == SAMPLES[0][1]


def test_the_title_is_shortened_before_the_evidence():
    text = page("Email is down for all of the staff in both of the offices since the night", "smtp-01 failing 6 min")
    assert units(text) <= SEGMENT
    assert "Email is down for all of the staff in... Since 03:12." in text
    assert "smtp-01 failing 6 min." in text
    assert "You are primary." in text


def test_the_evidence_is_shortened_when_a_stump_of_the_title_is_left():
    text = page("Email is down for all of the staff", "smtp-01 refused 412 connections of 412 in the last six minutes, queue 3,012")
    assert units(text) <= SEGMENT
    assert "Email is down for all of..." in text
    assert "smtp-01 refused" in text
    assert "queue 3,012" not in text


def test_a_part_is_left_out_only_when_stumps_do_not_fit():
    text = fit([Part("I" * 130), Part("t" * STUMP, cut=1, tail="."), Part("e" * STUMP, cut=2)])
    assert text == "I" * 130 + " " + "e" * STUMP


def test_parts_that_must_stay_stay_even_when_they_pass_the_limit():
    fixed = "https://" + "long." * 40 + "example/a/x"
    assert fit([Part("T", cut=1), Part(fixed)]) == fixed


def test_a_link_that_holds_brackets_is_left_alone_and_costs_two_a_bracket():
    assert units(fit([Part("https://x.example/[1]")])) == 23
