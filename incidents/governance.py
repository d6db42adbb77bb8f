"""What the engine does for the plan and its readers: reviews that come round, reports by mail, the status page."""

from __future__ import annotations

from incidents.reports.work import mail_due as mail_reports
from incidents.reviews.due import tend as tend_reviews
from incidents.statuspage import announce as announce_work
from incidents.statuspage import keep as keep_status
from incidents.statuspage import tell as tell_status

__all__ = ["announce_work", "keep_status", "mail_reports", "tell_status", "tend_reviews"]
