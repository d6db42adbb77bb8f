"""Words that can be read: letters that show, in the order in which they are shown. Pure."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs", "Mn")
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by name, drawn as nothing
# what turns or hides the text that follows it; the marks between letters of Arabic, Persian or Hindi words stay
TURNING = re.compile("[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def shows(text: str) -> bool:
    """Whether anything of it can be seen."""
    return any(letter not in BLANK and unicodedata.category(letter) not in HIDDEN for letter in text)


def line(text: str) -> str:
    """One line without what would turn round or hide the words around it: for titles and names."""
    return " ".join(TURNING.sub("", text).split())
