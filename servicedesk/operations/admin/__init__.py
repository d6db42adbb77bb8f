"""The floor's pages of the admin, a module a subject."""

from __future__ import annotations

from servicedesk.operations.admin import holds, people

__all__ = ["holds", "people"]
