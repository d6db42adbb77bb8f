"""The desk's pages of the admin, a module a subject."""

from __future__ import annotations

from incidents.admin import desk, levels, plan, reviews, ticketing

__all__ = ["desk", "levels", "plan", "reviews", "ticketing"]
