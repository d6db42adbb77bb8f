"""Words that can be read: letters that show, in the order in which they are shown. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from servicedesk import plain

HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs", "Mn")
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by name, drawn as nothing

composed, line = plain.composed, plain.line


def shows(text: str) -> bool:
    """Whether anything of it can be seen."""
    return any(letter not in BLANK and unicodedata.category(letter) not in HIDDEN for letter in text)


def lines(words: Iterable[str]) -> list[str]:
    """One line of each, what is the same once, and nothing empty: for tags."""
    return list(dict.fromkeys(filter(None, map(line, words))))
