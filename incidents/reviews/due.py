"""Reviews come round by themselves: opened two weeks before they are due, and somebody is told until they are signed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from incidents.escalation.last_resort import managers
from incidents.models import Plan, PlanReview
from incidents.reviews import holding, triggers
from notifications import outbox
from notifications.models import Errand, Urgency
from servicedesk.directory import tongues
from servicedesk.directory.models import User

OPENS_BEFORE = timedelta(days=14)
AGAIN = timedelta(days=7)
OVERDUE = timedelta(days=30)  # from here on it is a finding of its own, and a banner


def tend(*, now: datetime) -> int:
    """The engine's pass: open what comes due, remind of what is running. How many of both."""
    return _open_next(now) + sum(_remind(review.pk, now) for review in PlanReview.objects.remindable(now))


def overdue_days(now: datetime) -> int:
    """By how many days the next sign-off is more than a month late; 0: it is not."""
    if Plan.current() is None:
        return 0
    running = PlanReview.objects.running().first()
    late = now.date() - (running.due_on if running else holding.due_on(now))
    return late.days if late > OVERDUE else 0


def _open_next(now: datetime) -> int:
    if Plan.current() is None or PlanReview.objects.running().exists():
        return 0
    if holding.due_on(now) <= (now + OPENS_BEFORE).date():
        holding.begin(actor=None, now=now)
        return 1
    if reason := triggers.reason(now):
        holding.begin(actor=None, reason=reason, due=(now + OPENS_BEFORE).date(), now=now)
        return 1
    return 0


@tongues.deed
def _remind(number: int, now: datetime) -> int:
    """The plan's owner first; once it is due, the managers as well."""
    review = PlanReview.objects.select_for_update().get(pk=number)
    if review.is_signed or review.remind_at is None or review.remind_at > now:
        return 0
    is_due = review.due_on <= now.date()
    plan = Plan.current()
    owner = [plan.owner] if plan and plan.owner and plan.owner.is_active else []
    told = dict.fromkeys([*owner, *(managers() if is_due or not owner else [])])
    for person in told:
        _write(review, person, now)
    review.remind_at = now + AGAIN
    review.save(update_fields=["remind_at"])
    return 1


def _write(review: PlanReview, person: User, now: datetime) -> None:
    with tongues.reader(person):
        url = f"{settings.SITE_URL}{reverse('review', args=[review.slug])}"
        words = {"review": review, "day": date_format(review.due_on, pgettext("date format", "j M Y")), "state": review.get_state_display()}
        subject = _("Plan review %(review)s is due on %(day)s") % words
        text = _("It is: %(state)s. One person prepares it, another signs.") % words
        text += f" {review.get_reason_display()}." if review.reason != PlanReview.Reason.QUARTER else ""
        letter = outbox.Letter(subject=subject, text=f"{text}\n\n{url}\n", html="", sms=subject[:160], short=_("Plan review"))
    key = f"review:{review.pk}:{now:%Y-%m-%d}:{person.pk}"
    outbox.queue(
        person, thread=f"review-{review.pk}", key=key, letter=letter, urgency=Urgency.NORMAL, kind=Errand.Kind.NOTICE, rank=4,
        because=subject, on_duty=False, now=now,
    )  # fmt: skip
