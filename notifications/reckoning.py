"""What became of messages, in figures: the books of each day, closed the next morning, and the report over a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from notifications.models import Channel, Message, ProviderCallback, Reckoning
from notifications.models.messages import SENTINEL, MessageQuerySet
from notifications.states import IN_FLIGHT, WAITING, MessageState
from servicedesk.directory.models import Organisation

CLOSES = time(4)  # in the morning, when nothing of the day before is under way
MOST_TIMED = 5_000  # the newest so many are timed
FEW = 5  # fewer than these make no median
REASONS = 10
OVER = (MessageState.FAILED, MessageState.DEAD, MessageState.EXPIRED)
COUNTS: dict[str, Any] = {
    "made": Count("pk"),
    "sent": Count("pk", filter=Q(sent_at__isnull=False)),
    "delivered": Count("pk", filter=Q(delivered_at__isnull=False)),
    "failed": Count("pk", filter=Q(state__in=OVER)),
    "dropped": Count("pk", filter=Q(state__in=(MessageState.CANCELLED, MessageState.BUNDLED))),
    "repeated": Count("pk", filter=Q(is_possible_duplicate=True)),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One channel over a time. Seconds are None where fewer than five messages were timed."""

    channel: str
    counts: dict[str, int]
    to_provider_s: float | None
    to_person_s: float | None
    slowest_s: float | None


@dataclass(frozen=True, slots=True)
class Report:
    lines: list[Line]
    reasons: list[tuple[str, str, int]]  # channel, words, how often
    books: list[Reckoning]


def close_due(*, now: datetime) -> int:
    """Close the books of yesterday once it is four in the morning; how many channels were counted."""
    organisation = Organisation.current()
    zone = ZoneInfo(organisation.zone if organisation else "UTC")
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=1)
    if local.time() < CLOSES or Reckoning.objects.filter(day=day).exists():
        return 0
    rows = [Reckoning(day=day, closed_at=now, **figures) for figures in _figures(day, zone, now)]
    Reckoning.objects.bulk_create(rows, ignore_conflicts=True)
    return 0  # the next morning is soon enough


def report(rows: MessageQuerySet, *, since: datetime, now: datetime) -> Report:
    """What became of these messages made since then, by channel, with the reasons of what was not sent."""
    rows = rows.filter(created_at__gte=since)
    counted: list[dict[str, Any]] = [dict(one) for one in rows.order_by().values("channel").annotate(**_counts(now))]
    failed = rows.filter(state__in=OVER).order_by().values("channel", "reason").annotate(times=Count("pk")).order_by("-times", "reason")
    return Report(
        lines=[_line(rows, str(one.pop("channel")), one) for one in sorted(counted, key=_place)],
        reasons=[(one["channel"], one["reason"], one["times"]) for one in failed[:REASONS]],
        books=list(Reckoning.objects.filter(day__gte=since.date())),
    )


def _counts(now: datetime) -> dict[str, Any]:
    return {**COUNTS, "unsettled": Count("pk", filter=Q(state__in=(*WAITING, *IN_FLIGHT), due_at__lte=now))}


def _figures(day: date, zone: ZoneInfo, now: datetime) -> Iterator[dict[str, Any]]:
    ends = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    of_day = Q(created_at__gte=datetime.combine(day, time(), tzinfo=zone), created_at__lt=ends)
    for figures in Message.objects.filter(of_day).exclude(channel=SENTINEL).order_by().values("channel").annotate(**_counts(now)):
        same = Message.objects.filter(of_day, channel=figures["channel"])
        asked = ProviderCallback.objects.filter(attempt__message__in=same, raw__asked=True, outcome="applied")
        yield {**figures, "learned": asked.count()}


def _line(rows: MessageQuerySet, channel: str, counts: dict[str, int]) -> Line:
    timed = rows.filter(channel=channel, sent_at__isnull=False, queued_at__isnull=False).order_by("-pk")
    times = list(timed.values_list("queued_at", "sent_at", "delivered_at")[:MOST_TIMED])
    handed = _seconds((asked, sent) for asked, sent, _at in times)
    arrived = _seconds((asked, at) for asked, _sent, at in times)
    return Line(channel, counts, _middle(handed), _middle(arrived), max(handed) if len(handed) >= FEW else None)


def _seconds(spans: Iterable[tuple[datetime | None, datetime | None]]) -> list[float]:
    return [max((end - begin).total_seconds(), 0.0) for begin, end in spans if begin and end]


def _middle(seconds: Sequence[float]) -> float | None:
    return median(seconds) if len(seconds) >= FEW else None


def _place(one: dict[str, Any]) -> int:
    return Channel.values.index(str(one["channel"]))
