"""A source that fell silent is one trouble: its own. What it watched is then unknown, and waits with its alerts.

Also what is forgiven after a pause of our own: nobody is missing who could not have been heard.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from incidents import wording
from monitoring import judging, rhythm, telling
from monitoring.models import Check, CheckState, Source
from monitoring.normal import Signal

log = structlog.get_logger(__name__)

QUIET_KIND = "mirror"  # a pager that pages nobody says nothing: its silence is no trouble
AGAIN = timedelta(minutes=5)  # what nobody repeats is given so long after a pause of ours


class HeardMeanwhile(Exception):
    """The source spoke between the look and the verdict."""


def sweep(*, now: datetime) -> int:
    """Find the sources that fell silent, and those that speak again; one transaction each."""
    done = 0
    for source in Source.objects.filter(is_active=True).exclude(last_heard_at=None).exclude(kind=QUIET_KIND):
        try:
            done += look(source, now=now)
        except HeardMeanwhile:
            continue
        except Exception:  # one bad source must not stop the sweep
            log.exception("a source's silence was not judged", source=source.slug)
    return done


def look(source: Source, *, now: datetime) -> int:
    """1 where it fell silent or speaks again."""
    heard = _counted_from(source)
    if source.silent_since is not None:
        return _speaks(source, now=now) if heard > source.silent_since else 0
    pause, today = (now - heard).total_seconds(), now.date()
    limit = rhythm.limit_s(source.longest_pauses, source.silent_after_s, today)
    if limit is not None and pause >= limit:
        return _is_silent(source, limit, now=now)
    if (pauses := rhythm.noted(source.longest_pauses, pause, today)) is not None:
        Source.objects.filter(pk=source.pk).update(longest_pauses=pauses)
    return 0


def _counted_from(source: Source) -> datetime:
    return max(filter(None, (source.last_heard_at, source.listening_since)))


@transaction.atomic
def _is_silent(source: Source, limit: int, *, now: datetime) -> int:
    check = telling.own_check(source, now=now)
    long, least = (wording.duration(round(seconds)) for seconds in ((now - _counted_from(source)).total_seconds(), limit))
    words = _("Nothing was heard from %(source)s for %(long)s; after %(limit)s it counts as silent. What it watches is unknown.") % {
        "source": source.name,
        "long": long,
        "limit": least,
    }
    changed = {"silent_since": _counted_from(source), "longest_pauses": rhythm.after_silence(source.longest_pauses, limit, now.date())}
    _tell(check, Signal(check=check.slug, status="critical", summary=words), source, changed, now)
    log.warning("a source fell silent", source=source.slug, after_s=limit)
    return 1


@transaction.atomic
def _speaks(source: Source, *, now: datetime) -> int:
    check = telling.own_check(source, now=now)
    words = _("%(source)s speaks again.") % {"source": source.name}
    _tell(check, Signal(check=check.slug, status="ok", summary=words), source, {"silent_since": None}, now)
    return 1


def _tell(check: Check, signal: Signal, source: Source, changed: dict[str, object], now: datetime) -> None:
    """The row of the source changes only as it was seen; a word that came meanwhile goes before."""
    seen = Source.objects.filter(pk=source.pk, last_heard_at=source.last_heard_at, silent_since=source.silent_since)
    judging.judge({check.pk: [signal]}, now=now)
    if not seen.update(**changed):
        raise HeardMeanwhile
    watched = Check.objects.filter(source=source).exclude(service=None).values_list("service_id", flat=True)
    telling.refresh_services({pk for pk in watched if pk is not None}, now=now)


def forgive(*, since: datetime, now: datetime) -> int:
    """We did not listen from `since` to `now`: what fell late meanwhile gets its grace once more; how many those were.

    Silence of sources is counted anew, and what nobody could repeat is not over yet.
    """
    late = CheckState.objects.filter(overdue_at__gt=since, overdue_at__lte=now)
    graces = set(late.values_list("check_ref__grace_s", flat=True))
    given = sum(late.filter(check_ref__grace_s=grace).update(overdue_at=now + timedelta(seconds=max(grace, 60))) for grace in graces)
    CheckState.objects.filter(closes_at__gt=since, closes_at__lte=now + AGAIN).update(closes_at=now + AGAIN)
    Source.objects.filter(is_active=True).exclude(last_heard_at=None).update(listening_since=now)
    return given
