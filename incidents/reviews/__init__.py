"""The periodic review of the plan: questions answered by queries, judged by people, signed by two, frozen under a hash."""

from __future__ import annotations

from incidents.reviews.changes import Change, between, left_out, trail
from incidents.reviews.holding import (
    Decision,
    NotNow,
    NotYours,
    StillOpen,
    attach,
    begin,
    decide,
    due_on,
    gather,
    hand_over,
    last_signed,
    owners,
    sign,
    still_open,
    take_back,
    why_not,
)
from incidents.reviews.questions import install
from incidents.reviews.sealing import digest, export, faults

__all__ = [
    "Change", "Decision", "NotNow", "NotYours", "StillOpen", "attach", "begin", "between", "decide", "digest", "due_on", "export", "faults",
    "gather", "hand_over", "install", "last_signed", "left_out", "owners", "sign", "still_open", "take_back", "trail", "why_not",
]  # fmt: skip
