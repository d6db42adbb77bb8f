"""What lies ahead, drawn on a chart: a dashed line to the limit, the span in which it may be reached, words at the crossing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.charts import Plane
from monitoring.forecast import Crossing

MOST = 0.5  # of the time behind: no picture is more future than that
ROOM = 1.1  # so much further than the latest crossing


@dataclass(frozen=True, slots=True)
class Outlook:
    """`path` is the estimate and `band` its span; the words end at `x`."""

    path: str
    band: str
    x: float
    y: float


def until(found: Crossing, start: datetime, now: datetime) -> datetime:
    """So far the picture goes on."""
    return min(now + (found.latest_at - now) * ROOM, now + (now - start) * MOST)


def draw(found: Crossing, plane: Plane) -> Outlook:
    """From the level it was reckoned at; what lies beyond the picture is cut off where the picture ends."""
    first = f"{plane.x(found.at):g} {plane.y(found.level):g}"
    due, early, late = (_end(found, seconds, plane) for seconds in (found.seconds, found.earliest_s, found.latest_s))
    corner = f"{plane.x(plane.end):g} {plane.y(found.limit):g}" if _is_cut(found, found.latest_s, plane) else ""
    x = plane.x(min(found.due_at, plane.end))
    return Outlook(f"M{first} {due}", f"M{first} {early} {corner} {late}Z".replace("  ", " "), x, plane.y(found.limit))


def _is_cut(found: Crossing, seconds: float, plane: Plane) -> bool:
    return found.at + timedelta(seconds=seconds) > plane.end


def _end(found: Crossing, seconds: float, plane: Plane) -> str:
    """Where a line that takes so long to the limit ends: there, or at the edge of the picture."""
    inside = min(seconds, (plane.end - found.at).total_seconds())
    value = found.level + (found.limit - found.level) * inside / seconds
    return f"{plane.x(found.at + timedelta(seconds=inside)):g} {plane.y(value):g}"
