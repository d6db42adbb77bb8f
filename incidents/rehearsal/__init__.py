"""Who would be paged: the engine itself walks an incident that never was, and everything it wrote is taken back."""

from __future__ import annotations

from incidents.rehearsal.answers import Answer, Question, who_would_be_paged
from incidents.rehearsal.walks import Line, Walk, rehearse

__all__ = ["Answer", "Line", "Question", "Walk", "rehearse", "who_would_be_paged"]
