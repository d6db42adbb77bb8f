"""Words as they are kept: composed letters, and in names and titles nothing that turns or hides what stands around. Pure."""

from __future__ import annotations

import re
import unicodedata

# what turns or hides the text that follows it; the marks between letters of Arabic, Persian or Hindi words stay
TURNING = re.compile("[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def composed(text: str) -> str:
    """The one of its forms that is kept and looked for: what looks the same is the same (NFC)."""
    return unicodedata.normalize("NFC", text)


def line(text: str) -> str:
    """One line without what would turn round or hide the words around it: for titles and names."""
    return " ".join(TURNING.sub("", composed(text)).split())
