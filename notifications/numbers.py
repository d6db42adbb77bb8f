"""Telephone numbers as they are dialled: E.164, a plus sign and the country first."""

from __future__ import annotations

import re

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
BETWEEN = re.compile(r"[\s().\-/\u00a0\u202f]+")


def dialled(written: str) -> str:
    """ "+33 6 00 00 00 01" as "+33600000001"; empty where no provider can dial it, such as 555-0100."""
    number = BETWEEN.sub("", written)
    return number if E164.fullmatch(number) else ""
