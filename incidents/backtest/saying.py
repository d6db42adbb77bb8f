"""A report in words, and in its public shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import wording
from incidents.backtest.report import Report, Row, Swept
from incidents.rules import FIELDS, Seen
from incidents.wording import clauses

MOST_NAMED, MONTH = 20, 30


def as_json(report: Report, *, rows_url: str | None = None) -> dict[str, Any]:
    """The shape of `backtest --json` and of the API."""
    return {
        "rule": report.key,
        "version": report.version,
        "against_version": report.against_version,
        "period": {"from": _utc(report.start), "to": _utc(report.end), "zone": report.zone, "days": report.days},
        "considered": report.considered,
        "left_out": {"requests": report.requests, "imported": report.imported},
        "matches": report.matches,
        "matches_before": report.matches_before,
        "kept_raised_by_people": report.kept_raised_by_people,
        "earlier_s": report.earlier(),
        "severity": {"up": report.up, "down": report.down},
        "incidents": {"added": len(report.added), "lost": len(report.lost)},
        "pages": {
            "added_at_least": len(report.pages_added),
            "prevented": len(report.pages_prevented),
            "nights_before": report.nights_before,
            "nights_after": report.nights_after,
            "by_person": report.by_person(),
        },
        "undecidable": [{"ticket": thing, "why": why_undecided(fields)} for thing, fields in report.undecided],
        "nearest": {"ticket": report.nearest["thing"], "why": why_not(report.nearest["missing"])} if report.nearest else None,
        "no_data": no_data(report),
        "sweep": [{"change": changed(one), "matches": one.matches, "lost": one.lost} for one in report.swept],
        "replayed": {"decisions": report.replayed, "equal": report.equal},
        "rows_url": rows_url,
    }


def sentences(report: Report) -> Iterator[str]:
    """The report as a person reads it."""
    if nothing := no_data(report):
        yield nothing
        return
    yield _considered(report)
    yield _matched(report)
    yield from _against_people(report)
    yield from _effects(report)
    yield from _examples(report)
    yield _("Not simulated: what people do. Their acknowledgements, answers and solutions are taken from what happened.")
    yield _replayed(report)


def _against_people(report: Report) -> Iterator[str]:
    if report.raised_by_people:
        yield _caught(report)
    if report.rejected or report.accepted:
        yield _dropped(report)
    if report.months:
        yield _usual(report)


def _effects(report: Report) -> Iterator[str]:
    if report.up or report.down:
        yield _("Severity: %(up)d up, %(down)d down.") % {"up": report.up, "down": report.down}
    if report.added or report.lost:
        yield _("Incidents: %(added)d new, %(lost)d lost.") % {"added": len(report.added), "lost": len(report.lost)}
        yield _paged(report)
    if report.occasions:
        yield _known(report)


def _examples(report: Report) -> Iterator[str]:
    if report.undecidable:
        why = why_undecided(report.undecided[0][1])
        yield _("Not decidable: %(n)d (%(why)s). That is not the same as “did not match”.") % {"n": report.undecidable, "why": why}
    for one in report.swept:
        yield _("With %(change)s: %(matches)d matches, %(lost)d of those that people raised lost.") % {
            "change": changed(one), "matches": one.matches, "lost": one.lost,
        }  # fmt: skip
    if report.caught:
        yield _("Caught, of what people raised themselves: %(things)s.") % {"things": ", ".join(report.caught)}
    if report.false_ones:
        yield _("Perhaps false, for nobody raised or accepted them: %(things)s.") % {"things": ", ".join(report.false_ones)}


def no_data(report: Report) -> str | None:
    """Why nothing can be said; None: something can."""
    if not report.considered:
        return _("Nothing was evaluated in these %(days)d days that this rule is about: it cannot be tried.") % {"days": report.days}
    if report.impossible:
        labels = clauses.listed([_label(name) for name in report.impossible])
        return _("Nothing of these %(days)d days has: %(fields)s. The rule cannot be tried.") % {"days": report.days, "fields": labels}
    return None


def why_undecided(fields: Sequence[str]) -> str:
    """ "not known then: the requester's site" """
    return _("not known then: %(fields)s") % {"fields": clauses.listed([_label(name) for name in fields])}


def why_not(missing: Sequence[Seen]) -> str:
    """ "2 of 3 people needed", "only one person" """
    return clauses.listed([short(seen) for seen in missing]) or _("an earlier rule decided")


def short(seen: Seen) -> str:
    """One condition that did not hold, by what was seen of what was needed."""
    if seen.field == "repeat.people":
        return _("%(seen)s of %(wanted)s people needed") % {"seen": seen.seen, "wanted": seen.wanted}
    if seen.field == "repeat.number":
        return _("%(seen)s of %(wanted)s reports needed") % {"seen": seen.seen, "wanted": seen.wanted}
    return clauses.seen_words(seen)


def because(row: Row, report: Report) -> str:
    """Why a row is one: "3 people reported similar text within 30 min", "2 of 3 people needed"; empty: nothing may be said."""
    if row.outcome is not None:
        return wording.reason(row.outcome, report.repeat)
    return why_not(row.missing) if row.missing else ""


def changed(one: Swept) -> str:
    if one.part == "people":
        return ngettext("%(n)d needed", "%(n)d needed", one.value) % {"n": one.value}
    return _("a window of %(span)s") % {"span": clauses.duration(one.value)}


def _considered(report: Report) -> str:
    said = {"n": report.considered, "days": report.days, "requests": report.requests, "imported": report.imported}
    return _("Tried on %(n)d things of the last %(days)d days; %(requests)d requests and %(imported)d imported left out.") % said


def _matched(report: Report) -> str:
    if not report.matches and report.nearest:
        near = {"thing": report.nearest["thing"], "why": why_not(report.nearest["missing"])}
        words = _("It would match none; nearest: %(thing)s, %(why)s.") % near
    else:
        words = ngettext("It would match %(n)d time.", "It would match %(n)d times.", report.matches) % {"n": report.matches}
    if report.against_version is None:
        return words
    return words + " " + _("Version %(v)d: %(n)d.") % {"v": report.against_version, "n": report.matches_before}


def _caught(report: Report) -> str:
    said = {"kept": report.kept_raised_by_people, "all": report.raised_by_people}
    words = _("It catches %(kept)d of the %(all)d that people themselves raised to SEV1 or SEV2") % said
    found = report.earlier()
    if not found:
        return words + "."
    spans = {name: _signed(seconds) for name, seconds in found.items()}
    return words + _(", %(median)s in the middle (%(min)s to %(max)s).") % spans


def _signed(seconds: int) -> str:
    """ "14 min earlier" or "2 min later" """
    span = clauses.duration(abs(seconds))
    return _("%(span)s earlier") % {"span": span} if seconds >= 0 else _("%(span)s later") % {"span": span}


def _paged(report: Report) -> str:
    said = {
        "added": len(report.pages_added),
        "prevented": len(report.pages_prevented),
        "before": report.nights_before,
        "after": report.nights_after,
    }
    words = _("Pages: at least %(added)d more, %(prevented)d fewer; at night (22 to 7) %(after)d instead of %(before)d.") % said
    people = ", ".join(f"{report.names[person]} {number:+d}" for person, number in report.by_person().items())
    return f"{words} {people}." if people else words


def _dropped(report: Report) -> str:
    said = {"rejected": len(report.rejected), "accepted": len(report.accepted), "things": ", ".join(report.accepted[:MOST_NAMED])}
    words = _("Of the proposals it drops, people rejected %(rejected)d and accepted %(accepted)d.") % said
    return words + " " + _("Look at these: %(things)s.") % said if report.accepted else words


def _usual(report: Report) -> str:
    """Whether the change is bigger than from one month to another."""
    low, high, now = min(report.months), max(report.months), round(report.matches * MONTH / report.days)
    words = _("In 30 days the version in force matched %(low)d to %(high)d times; this one %(n)d:") % {"low": low, "high": high, "n": now}
    return f"{words} " + (_("no more than months differ anyway.") if low <= now <= high else _("more than months differ."))


def _known(report: Report) -> str:
    said = {"n": report.occasions, "known": report.occasions - len(report.nobody_known), "unknown": len(report.nobody_known)}
    words = _("On call then: from kept turns for %(known)d of %(n)d occasions.") % said
    if not report.nobody_known:
        return words
    return words + " " + _("For %(unknown)d nobody is known to have been; they are in no count of pages.") % said


def _replayed(report: Report) -> str:
    said = {"n": report.replayed, "equal": report.equal}
    return _("Same function as live: %(n)d live decisions of the period decided again, %(equal)d equal.") % said


def _label(name: str) -> str:
    return _(FIELDS[name].label) if name in FIELDS else name


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
