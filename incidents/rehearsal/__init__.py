"""Who would be paged: the engine itself walks an incident that never was, and everything it wrote is taken back."""

from __future__ import annotations

from incidents.rehearsal.answers import Answer, who_would_be_paged
from incidents.rehearsal.asked import Question
from incidents.rehearsal.drafts import Difference, of_change, of_plan
from incidents.rehearsal.past import answered
from incidents.rehearsal.walks import Line, Walk, rehearse

__all__ = ["Answer", "Difference", "Line", "Question", "Walk", "answered", "of_change", "of_plan", "rehearse", "who_would_be_paged"]
