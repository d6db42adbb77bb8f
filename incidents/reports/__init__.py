"""Reports: figures with their definitions, and behind every number the rows it counts."""

from __future__ import annotations

from incidents.reports.asked import LONG, PERIODS, Asked, Reader, ask
from incidents.reports.catalogue import NAMES, REPORTS, Kind, find
from incidents.reports.shapes import Cell, Line, Table

__all__ = ["LONG", "NAMES", "PERIODS", "REPORTS", "Asked", "Cell", "Kind", "Line", "Reader", "Table", "ask", "find"]
