"""What is kept for how long, by category: an engine pass and `prune` drop what is older."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents import mirror
from incidents.mail import forgetting
from monitoring.storage import keeping, rolling
from servicedesk.audit import holds
from servicedesk.operations.models import Retention


@dataclass(frozen=True, slots=True)
class Category:
    """`least`: fewer days than this would break what stands on it. `forget` drops what is older than a moment and counts it."""

    name: str
    words: str | Promise
    days: int
    least: int
    forget: keeping.Forget


CATEGORIES: tuple[Category, ...] = (
    Category("results", _("Results of checks, one by one"), 14, 2, keeping.forget_results),
    Category("bodies", _("Bodies as senders sent them"), 14, 1, keeping.forget_bodies),
    Category("figures_5min", _("Figures of checks, each five minutes"), 14, 2, keeping.rollups(rolling.FIVE_MINUTES)),
    Category("figures_hour", _("Figures of checks, each hour"), 400, 32, keeping.rollups(rolling.HOUR)),
    Category("figures_day", _("Figures of checks, each day"), 1830, 32, keeping.rollups(rolling.DAY)),
    Category("mails", _("Mails as they came; what was made of them stays"), 90, 1, lambda before, *, now: forgetting.forget_raw(before)),
    Category("alerts", _("Alerts that are over, and changes of state"), 400, 32, keeping.forget_alerts),
    Category("mirrored", _("Pages of an old pager beside ours"), 90, 7, lambda before, *, now: mirror.forget(before)),
    Category("suspects", _("Addresses under suspicion that were quiet since"), 30, 2, keeping.forget_suspects),
)
BY_NAME = {category.name: category for category in CATEGORIES}


def days_kept() -> dict[str, int]:
    """Of every category, never fewer than its least."""
    chosen = dict(Retention.objects.values_list("category", "keep_days"))
    return {one.name: max(one.least, chosen.get(one.name, one.days)) for one in CATEGORIES}


def prune(*, now: datetime) -> int:
    """Drop what is old of every category; how many rows and days of results."""
    return sum(pruned(now=now).values())


def pruned(*, now: datetime) -> dict[str, int]:
    """How many of each category were dropped; none of any while a legal hold is on an incident or on everything."""
    if holds.held(prefix="INC-"):
        return dict.fromkeys(BY_NAME, 0)
    kept = days_kept()
    return {one.name: one.forget(now - timedelta(days=kept[one.name]), now=now) for one in CATEGORIES}


def install() -> int:
    """A row for every category there is none for, so that administrators see what they can change."""
    rows = [Retention(category=one.name, keep_days=one.days) for one in CATEGORIES]
    return len(Retention.objects.bulk_create(rows, ignore_conflicts=True))
