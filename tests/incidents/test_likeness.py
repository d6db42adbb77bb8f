"""Likeness of reports: what is one problem reads alike, what is not does not, in three languages and in microseconds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.likeness import LONGEST, THRESHOLD, Likeness, likeness, signature
from tests.incidents.reports import REPORTS


def alike(one: str, other: str) -> Likeness:
    return likeness(signature(one), signature(other))


def pairs_within_a_service() -> Iterator[tuple[bool, Likeness]]:
    """Whether it is one problem, and the likeness; one problem in two languages is left out."""
    for groups in REPORTS.values():
        told = [(group, text) for group, texts in groups.items() for text in texts]
        for (group, text), (other, words) in combinations(told, 2):
            if group == other or group.split()[0] != other.split()[0]:
                yield group == other, alike(text, words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Outlook cannot connect", "cannot connect to Outlook since this morning"),
        ("Outlook cannot connect", "my outlook says disconnected"),
        ("cannot connect to Outlook since this morning", "my outlook says disconnected"),
        ("Email down", "e-mail does not work!!"),
        ("VPN geht nicht", "Le VPN ne marche pas"),
        ("Netzwerkdrucker druckt nicht, Papierstau", "Papierstau im Drucker"),
        ("L\u2019imprimante réseau est bloquée", "imprimante bloquee, merci"),
    ],
)
def test_reports_of_one_problem_are_similar(one: str, other: str) -> None:
    assert alike(one, other).is_similar


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Outlook cannot connect", "printer empty"),
        ("Outlook cannot connect", "Outlook signature is missing"),
        ("VPN down", "printer down"),
        ("VPN is slow", "My VPN token is lost"),
        ("Firewall port closed", "Firewall report"),
        ("mailbox", "mailbox signature"),
        ("Hello, please help me, thanks", "Hello, I need help, thanks"),
        ("T-1042 is urgent 12345", "T-1042 12345"),
    ],
)
def test_reports_of_two_problems_are_not(one: str, other: str) -> None:
    assert not alike(one, other).is_similar


def test_the_threshold_finds_most_and_mistakes_few() -> None:
    judged = list(pairs_within_a_service())
    found = [pair.is_similar for same, pair in judged if same]
    mistaken = [pair.is_similar for same, pair in judged if not same]
    print(f"found {sum(found)} of {len(found)}, mistook {sum(mistaken)} of {len(mistaken)}")
    assert sum(found) / len(found) > 0.9
    assert sum(mistaken) / len(mistaken) < 0.02


def test_the_shared_words_are_told() -> None:
    assert alike("Outlook cannot connect", "my outlook says disconnected").shared == ("connect", "outlook")


def test_numbers_ids_and_addresses_are_noise_but_error_codes_stay() -> None:
    text = "T-1042: disk of fs02 full at 08:40 on 23.11.2026, error 0x80072746, ella@example.com, https://sap.example.com/x?id=77"
    assert signature(text) == ("0x80072746", "disk", "full", "sap", "~")


def test_accents_and_case_do_not_matter() -> None:
    assert signature("LECTEUR RÉSEAU DISPARU") == signature("lecteur re\u0301seau disparu")


def test_one_shared_word_is_not_enough_unless_nothing_else_is_said() -> None:
    assert not alike("mail slow", "mail signature").is_similar
    assert alike("mailbox", "mailbox!").score == 1.0


def test_a_report_without_telling_words_is_like_nothing() -> None:
    assert likeness((), ()).score == 0.0


@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    there, back = alike(one, other), alike(other, one)
    assert there.score == back.score
    assert 0.0 <= there.score <= 1.0


@given(st.text(max_size=400))
def test_a_signature_is_stable_short_and_fully_like_itself(text: str) -> None:
    words = signature(text)
    assert words == signature(text)
    assert list(words) == sorted(set(words))
    assert len(words) <= LONGEST
    assert not words or likeness(words, words).score == 1.0


def test_a_pair_takes_less_than_20_microseconds() -> None:
    signatures = [signature(text) for groups in REPORTS.values() for texts in groups.values() for text in texts]
    spent = []
    for _round in range(5):  # the best of them: another process may have the machine
        started = process_time()
        for one in signatures:
            for other in signatures:
                likeness(one, other)
        spent.append((process_time() - started) / len(signatures) ** 2)
    assert min(spent) < 20e-6, f"{min(spent) * 1e6:.1f} microseconds, threshold {THRESHOLD}"
