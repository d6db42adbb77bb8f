"""Reasons in words, for people: why a check is an alert, and why nobody was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.wording import duration
from monitoring.explain import Reason
from monitoring.forecast import Crossing, Forecast
from servicedesk.directory.models import ServiceState


def sentences(reasons: Iterable[Reason]) -> list[str]:
    return [sentence(reason) for reason in reasons]


def sentence(reason: Reason) -> str:
    """One sentence; for a code of another version one that shows nothing raw."""
    words, shapes = WORDS.get(reason.code, UNKNOWN)
    try:
        values = {name: shape(value) for (name, shape), value in zip(shapes.items(), reason.values, strict=False)}
        return str(words) % values
    except (KeyError, TypeError, ValueError):
        return str(UNKNOWN[0])


def moment(at: datetime | str | None) -> str:
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    return date_format(timezone.localtime(found), "j M H:i") if found else _("an unknown time")


def status(word: Any) -> str:
    return str(ServiceState(word).label) if word in ServiceState.values else str(word)


def number(value: Any) -> str:
    return f"{float(value):g}"


def long(seconds: Any) -> str:
    return duration(int(seconds))


Words = tuple[str | Promise, dict[str, Callable[[Any], str]]]
COUNTED: dict[str, Callable[[Any], str]] = {"count": number, "needed": number}
LASTING: dict[str, Callable[[Any], str]] = {"long": long, "needed": long}

UNKNOWN: Words = (gettext_lazy("Kept for the record."), {})
WORDS: Mapping[str, Words] = {
    # judged
    "bad_in_a_row": (gettext_lazy("Bad results in a row: %(count)s; needed: %(needed)s."), COUNTED),
    "bad_of_last": (gettext_lazy("Bad results: %(count)s of the last %(of)s; needed: %(needed)s."), COUNTED | {"of": number}),
    "bad_for_s": (gettext_lazy("Bad for %(long)s; needed: %(needed)s."), LASTING),
    "good_in_a_row": (gettext_lazy("Good results in a row: %(count)s; needed before it is over: %(needed)s."), COUNTED),
    "good_for_s": (gettext_lazy("No bad result for %(long)s; needed before it is over: %(needed)s."), LASTING),
    "flapping_percent": (
        gettext_lazy("It flaps: %(percent)s %% of its last results changed, weighted; below %(calm)s %% it is calm."),
        {"percent": number, "calm": number},
    ),
    # not judged
    "unknown_ignored": (gettext_lazy("The result was unknown, and this check ignores unknown results."), {}),
    "older_than_last": (gettext_lazy("It is older than what is known: an old OK ends nothing newer."), {}),
    "began_before_the_end": (gettext_lazy("By its sender's clock it began before the recovery that was told already."), {}),
    "told_after_the_end": (gettext_lazy("The end of this very trouble was told before."), {}),
    "paused": (gettext_lazy("The check is paused: nothing is judged."), {}),
    "never_heard": (gettext_lazy("Nothing was ever heard of it."), {}),
    "nothing_new": (gettext_lazy("It says what was known already."), {}),
    # what it changed
    "opened": (gettext_lazy("It opened the alert."), {}),
    "worsened": (gettext_lazy("It made the alert worse."), {}),
    "eased": (gettext_lazy("It made the alert milder."), {}),
    "cleared": (gettext_lazy("It ended the alert."), {}),
    "flapping_started": (gettext_lazy("With it the check began to flap."), {}),
    "flapping_stopped": (gettext_lazy("With it the check was calm again."), {}),
    # as it stands
    "bad_since": (gettext_lazy("It is %(status)s, bad since %(at)s."), {"status": status, "at": moment}),
    "well_since": (gettext_lazy("It is well since %(at)s."), {"at": moment}),
    "not_back_inside": (gettext_lazy("Not yet back in the range that ends it: %(name)s."), {"name": str}),
    # telling
    "held_by": (gettext_lazy("The alert waits: %(name)s, which it depends on, is bad."), {"name": str}),
    "silenced": (gettext_lazy("Silenced: %(name)s."), {"name": str}),
    "told": (gettext_lazy("The desk was told at %(at)s; its rules decide what follows."), {"at": moment}),
    "about_to_be_told": (gettext_lazy("The desk is about to be told."), {}),
}


# What lies ahead


def ahead(metric: str, unit: str, told: Forecast) -> str:
    """ "used reaches 90 % in about 5 h (4 to 7)": the estimate, the earliest and the latest."""
    return _("%(metric)s reaches %(limit)s in about %(span)s; it is %(level)s now and grew for %(window)s h.") % {
        "metric": metric,
        "limit": f"{told.limit:g} {unit}".strip(),
        "span": span(told),
        "level": f"{told.level:.3g} {unit}".strip(),
        "window": told.window_s // 3600,
    }


def not_ahead(metric: str) -> str:
    return _("%(metric)s does not grow towards its limit.") % {"metric": metric}


def crossing(found: Crossing) -> str:
    """ "reaches 90 % in about 5 h (4 to 7)"."""
    return _("reaches %(limit)s in about %(span)s") % {"limit": f"{found.limit:g} {found.unit}".strip(), "span": span(found)}


def crossing_times(found: Crossing) -> str:
    """ "90 % about 08:20 (07:40 to 09:30)", on the reader's clock; days named where it is not today's."""
    times = [moment(at) for at in (found.due_at, found.earliest_at, found.latest_at)]
    words = {"limit": f"{found.limit:g} {found.unit}".strip(), "at": times[0], "first": times[1], "last": times[2]}
    return _("%(limit)s about %(at)s (%(first)s–%(last)s)") % words  # noqa: RUF001


def span(told: Forecast | Crossing) -> str:
    """ "5 h (4 to 7)", or in minutes where it is sooner than two hours."""
    size, unit = (60, _("min")) if told.seconds < 7200 else (3600, _("h"))
    rounded = [max(1, round(seconds / size)) for seconds in (told.seconds, told.earliest_s, told.latest_s)]
    return f"{rounded[0]} {unit} ({rounded[1]}\N{EN DASH}{rounded[2]})"
