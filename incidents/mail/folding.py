"""What was written, apart from what it answers: the mail before it, quoted below by the sender's mail program. Pure.

Every pattern is RE2's, whose time grows with the text and with nothing else: a mail of 20,000 empty lines held the
usual library for a minute.
"""

from __future__ import annotations

import re2

# a line after which only the mail before stands; in English, German and French, as Outlook, Gmail, Apple and Thunderbird write it
BORDERS = re2.compile(
    r"(?im)^[ \t>]*(?:"
    r"-{2,} ?(?:original message|forwarded message|urspr(?:ü|ue?)ngliche nachricht|weitergeleitete nachricht"
    r"|message d'origine|message original) ?-{2,}"
    r"|on [^\n]{4,300}(?:\n[^\n]{0,200})? wrote:"
    r"|am [^\n]{4,300}(?:\n[^\n]{0,200})? schrieb[^\n]{0,300}:"
    r"|le [^\n]{4,300}(?:\n[^\n]{0,200})? a (?:é|=C3=A9|e)crit ?:"
    r"|_{20,}[ \t]*\n(?:from|von|de) ?:[^\n]*"
    r"|\*?(?:from|von|de) ?:\*?[^\n]*\n\*?(?:sent|date|gesendet|datum|envoy(?:é|e)) ?:\*?[^\n]*"
    r")[ \t]*$"
)


def fold(text: str) -> tuple[str, str]:
    """What was written, and what was quoted with it. Of a mail that is all quotation, everything was written."""
    border = BORDERS.search(text)
    at = min([border.start() if border else len(text), _tail(text)])
    said, quoted = text[:at].rstrip(), text[at:].strip("\n")
    return (said, quoted) if said.strip() else (text.strip(), "")


def _tail(text: str) -> int:
    """Where the quoted lines at the end begin; its length where there are none. Answers between quoted lines stay in sight."""
    lines = text.splitlines(keepends=True)
    at, is_quoted = len(lines), False
    while at and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith(">")):
        at -= 1
        is_quoted = is_quoted or bool(lines[at].strip())
    return sum(map(len, lines[:at])) if is_quoted else len(text)
