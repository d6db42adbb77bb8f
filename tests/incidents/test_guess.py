"""The service guessed from a report's words."""

from __future__ import annotations

import pytest

from incidents.guess import Guess, Known, guess

EMAIL = Known(1, ("Email", "mail", "outlook", "smtp"))
PRINTING = Known(2, ("Printing", "printer", "toner"))
FILES = Known(3, ("File server", "fs-02", "folder"))
KNOWN = (EMAIL, PRINTING, FILES)


@pytest.mark.parametrize(
    ("text", "key", "word"),
    [
        ("Outlook cannot connect", 1, "outlook"),
        ("Both PRINTERS are out of paper", 2, "printer"),
        (r"access denied on \\fs-02\finance\payments", 3, "fs-02"),
        ("the file\n  server is slow", 3, "File server"),
        ("Le dossier mail n'arrive pas", 1, "mail"),
    ],
)
def test_the_word_names_the_service(text: str, key: int, word: str) -> None:
    assert guess(text, KNOWN) == Guess(key, word)


def test_a_word_inside_another_word_is_not_that_word() -> None:
    assert guess("The mailman and the blueprinter", KNOWN) is None


def test_a_report_without_any_word_is_not_guessed() -> None:
    assert guess("It does not work", KNOWN) is None
    assert guess("", KNOWN) is None


def test_more_words_of_one_service_beat_a_word_of_another_that_comes_first() -> None:
    assert guess("The folder vanished when outlook lost smtp", KNOWN) == Guess(1, "outlook")


def test_between_equals_the_service_named_first_is_chosen() -> None:
    assert guess("The printer prints the folder empty", KNOWN) == Guess(2, "printer")
    assert guess("The folder beside the printer", KNOWN) == Guess(3, "folder")


def test_accents_and_capitals_do_not_matter() -> None:
    assert guess("Réseau coupé", (Known(4, ("RESEAU",)),)) == Guess(4, "RESEAU")
