"""Pages of the queue by keyset, in both directions: any depth costs the same. And where a page stands among all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents.models.tickets import DUE_AT, MOST_COUNTED, Capped, capped
from incidents.views import numbers
from incidents.views.queue_asked import Asked

PAGE = 50
PARTS = ("requester", "assignee", "service", "team", "incident")


@dataclass(frozen=True, slots=True)
class Page:
    """`following` and `previous` are addresses, empty at the ends; `ahead` counts the rows before it, None on the first."""

    rows: list[Any]
    following: str = ""
    previous: str = ""
    ahead: Capped | None = None

    def place(self, ahead: int, total: int) -> str:
        """ "51 to 100 of 312"; where nobody counted so far, how many of how many."""
        every = f"{MOST_COUNTED}+" if total > MOST_COUNTED else str(total)
        if ahead > MOST_COUNTED:
            return _("%(n)d of %(total)s") % {"n": len(self.rows), "total": every}
        return _("%(first)d–%(last)d of %(total)s") % {"first": ahead + 1, "last": ahead + len(self.rows), "total": every}  # noqa: RUF001


def cut(rows: Any, asked: Asked) -> Page:
    """The page that is asked for. Back at the beginning it is the first one, whole."""
    backwards, mark = bool(asked.before), asked.before or asked.after
    found = _found(rows.select_related(*PARTS), asked.sort, mark, PAGE + 1, backwards=backwards)
    is_more, page = len(found) > PAGE, found[:PAGE]
    if backwards and not is_more:
        return cut(rows, replace(asked, before="", after=""))
    if backwards:
        page.reverse()
    last = _mark(page[-1], asked.sort) if is_more or backwards else ""
    first = _mark(page[0], asked.sort) if mark and page else ""
    return Page(
        page,
        asked.link(after=last) if last else "",
        asked.link(before=first) if first else "",
        _ahead(rows, asked.sort, first) if first else None,
    )


def _found(rows: Any, sort: str, mark: str, most: int, *, backwards: bool) -> list[Any]:
    """So many rows after this mark in the order asked for, or before it from there back; without one from the beginning."""
    last = _number(mark)
    if sort != "clock":
        falls = (sort == "newest") != backwards
        ordered = rows.order_by("-pk" if falls else "pk")
        return list((ordered.filter(**{"pk__lt" if falls else "pk__gt": last}) if last else ordered)[:most])
    timed, moment = rows.by_clock(), _moment(mark)
    if not last:
        return list(timed[:most])
    side = timed.ahead_of(moment, last) if backwards else timed.beyond(moment, last)
    found = list(side[:most])
    if len(found) < most and backwards == (moment is None):  # over the border between those with a time and those without
        found += (timed.timed().reverse() if backwards else timed.untimed())[: most - len(found)]
    return found


def _ahead(rows: Any, sort: str, first: str) -> Capped:
    """How many rows come before the one with this mark."""
    last, moment = _number(first), _moment(first)
    if sort != "clock":
        return capped(rows.filter(**{"pk__gt" if sort == "newest" else "pk__lt": last}))
    timed = rows.by_clock()
    before = timed.ahead_of(moment, last) if moment else timed.filter(Q(due_at__isnull=False) | Q(pk__lt=last))
    return capped(before, DUE_AT, "pk")


def _mark(row: Any, sort: str) -> str:
    return f"{row.due_at.isoformat()}~{row.pk}" if sort == "clock" and row.due_at else f"~{row.pk}"


def _number(mark: str) -> int | None:
    """Of the row a mark stands for; None: it stands for none."""
    words, _sep, number = mark.rpartition("~")
    return numbers.whole(number) if not words or _moment(mark) else None


def _moment(mark: str) -> datetime | None:
    """When that row is due."""
    try:
        return datetime.fromisoformat(mark.rpartition("~")[0]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
