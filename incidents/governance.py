"""What the engine does for the plan: reviews that come round."""

from __future__ import annotations

from incidents.reviews.due import tend as tend_reviews

__all__ = ["tend_reviews"]
