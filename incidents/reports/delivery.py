"""What became of messages, by channel and provider: sent is what we did, delivered is what a receipt says."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.reports.asked import Asked
from incidents.reports.shapes import Line, Table, count, share, spans
from notifications.models import Channel, DrillAnswer, Message, Reckoning
from notifications.states import MessageState

TITLE = gettext_lazy("Delivery")
MOST_TIMED = 20_000
ARRIVED = Q(delivered_at__isnull=False) | Q(state=MessageState.ANSWERED)
LOST = Q(state__in=(MessageState.FAILED, MessageState.DEAD, MessageState.EXPIRED))
DEFINITIONS = (
    (gettext_lazy("Counted"), gettext_lazy(
        "Messages that were due in the period and left our queue. Bundled ones count as the one "
        "they went with.")),
    (gettext_lazy("Delivered"), gettext_lazy("with a receipt of the provider, or answered. Without one it is only sent.")),
    (gettext_lazy("Failed"), gettext_lazy("refused, expired or given up")),
    (gettext_lazy("Not known"), gettext_lazy("the provider's answer was lost, and nobody could say since")),
    (gettext_lazy("Time"), gettext_lazy("from the moment it was due until the receipt")),
    (gettext_lazy("Books"), gettext_lazy(
        "each day's messages by the day they were made, closed the next morning; without an end: nobody knows what became of them; "
        "learned: no receipt came and the provider was asked")),
    (gettext_lazy("Drills"), gettext_lazy("rounds that began in the period; they count for nothing else")),
)  # fmt: skip


def left(asked: Asked) -> QuerySet[Message]:
    rows = Message.objects.filter(due_at__gte=asked.since, due_at__lt=asked.until, sent_at__isnull=False) | Message.objects.filter(
        due_at__gte=asked.since, due_at__lt=asked.until, queued_at__isnull=False, state__in=("failed", "dead", "expired", "unknown")
    )
    return rows.filter(bundle=None)


def build(asked: Asked) -> list[Table]:
    found = left(asked).values("channel", "lane").annotate(
        n=Count("pk"), arrived=Count("pk", filter=ARRIVED), lost=Count("pk", filter=LOST),
        unknown=Count("pk", filter=Q(state=MessageState.UNKNOWN)), acted=Count("pk", filter=Q(acted_at__isnull=False)),
    )  # fmt: skip
    lines = [_line(asked, dict(row)) for row in found.order_by("channel", "-lane")]
    columns = [_("Sent"), _("Delivered"), _("Failed"), _("Not known"), _("Acted on"), _("Time, median / p90")]
    tables = [Table("channels", _("By channel and provider"), _("Channel"), columns, lines, drawn=1)] if lines else []
    return [*tables, *_books(asked), *_drills(asked)]


def _books(asked: Asked) -> list[Table]:
    """The providers' books, summed over the days that are closed."""
    days = {"day__gte": asked.since.astimezone(asked.zone).date(), "day__lt": asked.until.astimezone(asked.zone).date()}
    names = ("made", "sent", "delivered", "failed", "dropped", "unsettled", "learned", "repeated")
    sums = {f"n_{name}": Sum(name) for name in names}
    found = Reckoning.objects.filter(**days).order_by("channel").values("channel").annotate(**sums)
    rows: list[dict[str, Any]] = [dict(row) for row in found]
    lines = [Line(str(Channel(row["channel"]).label), [count(row[f"n_{name}"], name=name) for name in names]) for row in rows]
    columns = [_("Made"), _("taken"), _("delivered"), _("failed"), _("not needed"), _("without an end"), _("learned"), _("possibly twice")]
    return [Table("books", _("Books of the days"), _("Channel"), columns, lines)] if lines else []


def _drills(asked: Asked) -> list[Table]:
    """Each round as one line; nobody by name."""
    rounds: dict[tuple[datetime, str], list[DrillAnswer]] = defaultdict(list)
    answers = DrillAnswer.objects.filter(began_at__gte=asked.since, began_at__lt=asked.until).select_related("drill")
    for answer in answers.order_by("-began_at", "drill", "pk"):
        rounds[answer.began_at, answer.drill.name].append(answer)
    lines = [
        Line(f"{at.astimezone(asked.zone):%d %b %Y}, {name}", [
            count(len(found)),
            share(sum(one.answered_at is not None for one in found), len(found)),
            spans([one.answered_at - one.began_at for one in found if one.answered_at]),
        ])
        for (at, name), found in rounds.items()
    ]  # fmt: skip
    columns = [_("People"), _("Answered"), _("Time, median / p90")]
    return [Table("drills", _("Drills"), _("Round"), columns, lines)] if lines else []


def _line(asked: Asked, row: dict[str, Any]) -> Line:
    channel, lane = row["channel"], row["lane"]
    key, label = f"{channel}.{lane}", f"{Channel(channel).label}, {Message.Lane(lane).label.lower()} ({_provider(channel)})"
    cells = [
        count(row["n"], f"{key}.all"),
        share(row["arrived"], row["n"], f"{key}.arrived"),
        count(row["lost"], f"{key}.lost", "failed"),
        count(row["unknown"], f"{key}.unknown", "unknown"),
        count(row["acted"], f"{key}.acted", "acted"),
        spans(_times(asked, channel, lane)),
    ]
    return Line(label, cells)


def _provider(channel: str) -> str:
    if channel in (Channel.SMS, Channel.VOICE):
        return "Twilio"
    return settings.EMAIL_BACKEND.split(".")[-2] if channel == Channel.EMAIL else channel


def _times(asked: Asked, channel: str, lane: str) -> list[timedelta]:
    spent = ExpressionWrapper(F("delivered_at") - F("due_at"), output_field=DurationField())
    rows = left(asked).filter(channel=channel, lane=lane, delivered_at__isnull=False).annotate(spent=spent)
    return list(rows.order_by("-pk").values_list("spent", flat=True)[:MOST_TIMED])


def rows(asked: Asked, key: str) -> QuerySet[Message]:
    """ "sms.page.lost". Raises ValueError, KeyError."""
    channel, lane, what = key.split(".")
    narrowed = {"all": Q(), "arrived": ARRIVED, "lost": LOST, "unknown": Q(state=MessageState.UNKNOWN), "acted": Q(acted_at__isnull=False)}[
        what
    ]
    return left(asked).filter(narrowed, channel=channel, lane=lane)
