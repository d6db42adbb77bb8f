"""What a rule would have done, on the facts that were kept: nothing is stored, nothing is sent."""

from __future__ import annotations

from incidents.backtest.asking import Tried, ask, tickets
from incidents.backtest.report import Report, Row
from incidents.backtest.running import run
from incidents.backtest.saying import as_json, sentences
from incidents.backtest.trying import Trial, on
from incidents.backtest.work import doubts, is_of_these_words, last_of, start

__all__ = [
    "Report",
    "Row",
    "Trial",
    "Tried",
    "as_json",
    "ask",
    "doubts",
    "is_of_these_words",
    "last_of",
    "on",
    "run",
    "sentences",
    "start",
    "tickets",
]
