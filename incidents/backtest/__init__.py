"""What a rule would have done, on the facts that were kept: nothing is stored, nothing is sent."""

from __future__ import annotations

from incidents.backtest.report import Report, Row
from incidents.backtest.running import run
from incidents.backtest.saying import as_json, sentences

__all__ = ["Report", "Row", "as_json", "run", "sentences"]
