"""Evidence about messages: what was delivered, and how soon it left."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import CharField, Count, DurationField, Exists, ExpressionWrapper, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident
from incidents.reviews.asking import Answer, Asked
from notifications.models import Attempt, Message, Reckoning
from notifications.states import WAITING, MessageState
from servicedesk.audit.models import AuditEntry
from servicedesk.directory import moments

LOST = (MessageState.FAILED, MessageState.DEAD, MessageState.EXPIRED, MessageState.UNKNOWN)
SILENT = "engine silent"  # the verb under which the engine writes down that it was
ARRIVED = (MessageState.DELIVERED, MessageState.ANSWERED)


def delivered(asked: Asked) -> Answer:
    """Pages of the period by channel; and incidents that somebody had before any page of theirs was delivered."""
    pages = Message.objects.filter(lane=Message.Lane.PAGE, due_at__gt=asked.since, due_at__lte=asked.now, queued_at__isnull=False)
    counted = pages.values("channel").annotate(
        sent=Count("pk"), arrived=Count("pk", filter=Q(state__in=ARRIVED)), lost=Count("pk", filter=Q(state__in=LOST))
    )
    rows: list[dict[str, object]] = [dict(row) for row in counted.order_by("channel")]
    sent, lost = (sum(int(str(row[name])) for row in rows) for name in ("sent", "lost"))
    silent = _undelivered(asked).count()
    rows += [{"incident": f"INC-{pk}", "fault": "no page delivered before it was acknowledged"} for pk in _shown(asked)]
    books = _open_books(asked)
    rows += books
    words = {"n": sent, "lost": lost, "share": round(100 * lost / sent, 1) if sent else 0, "silent": silent}
    said = _("%(lost)d of %(n)d pages failed (%(share)s %%); %(silent)d incidents were taken before any page was delivered") % words
    said += "; " + _("the books of %(n)d days have messages without an end") % {"n": len(books)} if books else ""
    is_bad = bool(silent or books) or (sent > 0 and 100 * lost / sent > asked.limit("most_failed_percent"))
    return Answer(said if sent or books else _("No page was sent."), is_bad, sent, rows, [(_("outbox"), reverse("outbox"))])


def _open_books(asked: Asked) -> list[dict[str, object]]:
    """Days of the period whose books were closed with messages nobody knows the end of."""
    found = Reckoning.objects.filter(closed_at__gt=asked.since, closed_at__lte=asked.now, unsettled__gt=0).order_by("day", "channel")
    return [{"day": one.day, "channel": one.channel, "made": one.made, "without an end": one.unsettled} for one in found]


def _undelivered(asked: Asked) -> QuerySet[Incident]:
    """Acknowledged in the period, with page messages kept, none of which had arrived by then."""
    threads = Incident.objects.annotate(thread=Concat(Value("INC-"), Cast("pk", CharField())))
    theirs = Message.objects.filter(thread=OuterRef("thread"), lane=Message.Lane.PAGE)
    in_time = theirs.filter(Q(delivered_at__lte=OuterRef("acknowledged_at")) | Q(acted_at__lte=OuterRef("acknowledged_at")))
    taken = threads.filter(acknowledged_at__gt=asked.since, acknowledged_at__lte=asked.now)
    return taken.filter(Exists(theirs)).exclude(Exists(in_time))


def _shown(asked: Asked) -> list[int]:
    return list(_undelivered(asked).filter(is_confidential=False).order_by("-pk").values_list("pk", flat=True)[:50])


def in_time(asked: Asked) -> Answer:
    """From the moment a page was due until its first attempt called the provider; how long the oldest one lies about; and when the engine
    itself was silent, as it wrote down when it went on.
    """
    spent = ExpressionWrapper(F("called_at") - F("message__due_at"), output_field=DurationField())
    first = Attempt.objects.filter(number=1, called_at__gt=asked.since, called_at__lte=asked.now, message__lane=Message.Lane.PAGE)
    waited = first.annotate(spent=spent).order_by("spent").values_list("spent", flat=True)
    n = waited.count()
    p99: timedelta | None = waited[-(-99 * n // 100) - 1] if n else None  # nearest rank
    lying = Message.objects.filter(state__in=WAITING, lane=Message.Lane.PAGE, due_at__lt=asked.now - timedelta(minutes=1))
    overdue, oldest = lying.count(), lying.aggregate(first=Min("due_at"))["first"]
    silences = _silences(asked)
    bare = sum(not row["explained"] for row in silences)
    row = {"n": n, "p99 in seconds": p99.total_seconds() if p99 is not None else None, "overdue now": overdue, "oldest due at": oldest}
    words = {"n": n, "p99": moments.duration(p99) if p99 is not None else "-", "overdue": overdue, "silent": len(silences), "bare": bare}
    said = _("99 of 100 pages left within %(p99)s, n = %(n)d; %(overdue)d are overdue now") if n or overdue else _("No page was sent.")
    said += "; " + _("the engine was silent %(silent)d times, %(bare)d of them unexplained") if silences else ""
    is_late = p99 is not None and p99.total_seconds() > asked.limit("most_p99_s")
    return Answer(said % words, bool(is_late or overdue or bare), n, [row, *silences], [(_("outbox"), reverse("outbox"))])


def _silences(asked: Asked) -> list[dict[str, object]]:
    """Silences of the engine that lasted; those in which the desk was on hold are explained by that."""
    kept = AuditEntry.objects.filter(noun="directory.organisation", verb=SILENT, at__gt=asked.since, at__lte=asked.now).order_by("at")
    long = [one for one in kept if one.after.get("seconds", 0) > 60 * asked.limit("silence_minutes")]
    hold = _("the desk was on hold")
    return [{"engine silent since": one.after["since"], "until": one.at, "explained": hold if one.after["on_hold"] else ""} for one in long]
