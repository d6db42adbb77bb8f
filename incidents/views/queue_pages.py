"""Pages of the queue by keyset, in both directions: any depth costs the same. And where a page stands among all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

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
    found = list(_side(rows.select_related(*PARTS), asked.sort, mark, backwards=backwards)[: PAGE + 1])
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


def _side(ordered: Any, sort: str, mark: str, *, backwards: bool) -> Any:
    """The rows after this mark in the order asked for, or those before it from there back; without one from the beginning."""
    words, _sep, number = mark.rpartition("~")
    last = numbers.whole(number)
    if sort == "clock":
        ordered, moment = ordered.by_clock(), _moment(words)
        if not last or moment is None:
            return ordered
        return ordered.ahead_of(moment, last) if backwards else ordered.beyond(moment, last)
    falls = (sort == "newest") != backwards
    ordered = ordered.order_by("-pk" if falls else "pk")
    return ordered.filter(**{"pk__lt" if falls else "pk__gt": last}) if last else ordered


def _ahead(rows: Any, sort: str, first: str) -> Capped:
    before = _side(rows, sort, first, backwards=True)
    return capped(before, *(DUE_AT, "pk") if sort == "clock" else ())


def _mark(row: Any, sort: str) -> str:
    if sort != "clock":
        return f"~{row.pk}"
    return f"{row.due_at.isoformat()}~{row.pk}" if row.due_at else ""


def _moment(words: str) -> datetime | None:
    try:
        return datetime.fromisoformat(words).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
