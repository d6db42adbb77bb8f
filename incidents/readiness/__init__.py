"""Whether somebody would come: what is wrong with rotas and with the ways people are reached, before it costs anything."""

from __future__ import annotations

from incidents.readiness.filling import Empty, empty_at
from incidents.readiness.last_resort import faults
from incidents.readiness.report import Report, report
from incidents.readiness.rotas import Finding, cannot_be_woken, of_rota, stands_in

__all__ = ["Empty", "Finding", "Report", "cannot_be_woken", "empty_at", "faults", "of_rota", "report", "stands_in"]
