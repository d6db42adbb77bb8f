"""The desk's pages of the admin, a module a subject."""

from __future__ import annotations

from incidents.admin import desk, plan, reviews, ticketing

__all__ = ["desk", "plan", "reviews", "ticketing"]
