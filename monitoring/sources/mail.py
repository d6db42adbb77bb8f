"""What a mail to a check's address says: the first word in its subject that tells how things are, else in its text. Pure."""

from __future__ import annotations

import re

MOST = 4000  # characters of the text that are looked at
FAILED = (
    "not ok|unsuccessful(?:ly)?|fail(?:ed|ure|ures|s)?|errors?|critical|down|problem|alert(?:ing)?|firing|triggered|aborted|unreachable"
)
WARNED = "warn(?:ing)?|degraded"
GOOD = "ok|success(?:ful|fully)?|succeeded|completed?|recover(?:ed|y)|resolved|up|passed|finished|done"
BEGAN = "started|starting|begins?|began"
NOTHING = r"(?<!no )(?<!0 )(?<!without )(?<!zero )"
WORD = re.compile(rf"{NOTHING}\b(?:(?P<fail>{FAILED})|(?P<warn>{WARNED})|(?P<success>{GOOD})|(?P<start>{BEGAN}))\b", re.IGNORECASE)


def said(subject: str, text: str) -> str:
    """fail, warn, success or start; nothing where no such word stands there. "0 errors" is none."""
    found = WORD.search(subject[:MOST]) or WORD.search(text[:MOST])
    return str(found.lastgroup) if found else ""
