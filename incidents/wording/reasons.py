"""Why: the severity, the rise, the incident, the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.rules import Counted, Outcome, Repeat, Rule, Seen
from incidents.wording.clauses import duration, listed, seen_words, severity


def why_severity(outcome: Outcome, rank: int | None) -> str:
    """ "Only one person and cannot work gives SEV3, by rule 3, version 7." """
    sentence = _("%(what)s gives %(severity)s, by %(rule)s.")
    return capfirst(sentence % {"what": _seen(outcome.because), "severity": severity(rank), "rule": rule_name(outcome)})


def why_raised(outcome: Outcome, repeat: Repeat | None, rank: int, at: datetime, *, service: str = "") -> str:
    """ "Raised to SEV2 at 09:09, because 3 people reported similar text for Email within 30 min, by rule R4, version 2." """
    sentence = _("Raised to %(severity)s at %(at)s, because %(because)s, by %(rule)s.")
    because = reason(outcome, repeat, service=service)
    return sentence % {"severity": severity(rank), "at": f"{at:%H:%M}", "because": because, "rule": rule_name(outcome)}


def why_overridden(person: str, rank: int | None, at: datetime, words: str = "") -> str:
    """ "Set to SEV2 by Ana Roy at 09:12: the board meets at ten." """
    sentence = _("Set to %(severity)s by %(person)s at %(at)s: %(words)s.") if words else _("Set to %(severity)s by %(person)s at %(at)s.")
    return sentence % {"severity": severity(rank), "person": person, "at": f"{at:%H:%M}", "words": words.rstrip(". ")}


def why_incident(outcome: Outcome, repeat: Repeat | None, *, service: str = "", check: str = "", answer_s: int | None = None) -> str:
    """ "3 people reported similar text for Email within 30 min: T-1021, T-1022, T-1023 (rule R4, version 1)."

    `check` is the failing check's name; `answer_s` the seconds that were allowed for the first answer.
    """
    because = reason(outcome, repeat, service=service, check=check, answer_s=answer_s)
    if repeat is not None and outcome.counted is not None and len(outcome.counted.items) > 1:
        because = _("%(because)s: %(items)s") % {"because": because, "items": ", ".join(outcome.counted.items)}
    sentence = _("%(because)s (%(rule)s).") % {"because": because, "rule": rule_name(outcome)}
    return sentence if check else capfirst(sentence)


def why_paged(duty: str, schedule: str, step: int, steps: int) -> str:
    """ "You, because you are primary for IT Ops (step 1 of 3)." """
    sentence = _("You, because you are %(duty)s for %(schedule)s (step %(step)d of %(steps)d).")
    return sentence % {"duty": duty, "schedule": schedule, "step": step, "steps": steps}


def rule_name(rule: Rule | Outcome) -> str:
    return _("rule %(key)s, version %(version)d") % {"key": rule.key, "version": rule.version}


def reason(outcome: Outcome, repeat: Repeat | None, *, service: str = "", check: str = "", answer_s: int | None = None) -> str:
    """Why a rule matched: what it counted where that is more than this one, the check, the missing answer, else what it saw."""
    counted = outcome.counted
    if repeat is not None and counted is not None and max(counted.number, counted.people) > 1:
        return counted_words(counted, repeat, service)
    seen = {one.field: one for one in outcome.because}
    if check and "check.critical_since" in seen:
        return _check(seen, check)
    if answer_s is not None and "ticket.first_answer_due_at" in seen:
        return _("first answer was not given in %(span)s") % {"span": duration(answer_s)}
    return _seen([*outcome.because, *(one for one in outcome.chosen_by if one.passed)])


def counted_words(counted: Counted, repeat: Repeat, service: str = "") -> str:
    """ "3 people reported similar text for Email within 30 min" """
    said = {"who": _who(counted, repeat), "service": service, "window": duration(repeat.within_s)}
    return (_("%(who)s for %(service)s within %(window)s") if service else _("%(who)s within %(window)s")) % said


def _who(counted: Counted, repeat: Repeat) -> str:
    if repeat.is_return:
        return _("the same person reported it again, after it was solved,")
    if repeat.of == "alerts":
        return ngettext("%(n)d alert", "%(n)d alerts", counted.number) % {"n": counted.number}
    if not repeat.distinct_people:
        return ngettext("%(n)d report", "%(n)d reports", counted.number) % {"n": counted.number}
    if "text" in repeat.same:
        return ngettext("%(n)d person reported similar text", "%(n)d people reported similar text", counted.people) % {"n": counted.people}
    return ngettext("%(n)d person reported a problem", "%(n)d people reported a problem", counted.people) % {"n": counted.people}


def _check(seen: Mapping[str, Seen], check: str) -> str:
    """ "smtp-01 critical for 5 min on a tier-1 service" """
    said: dict[str, object] = {"check": check, "span": duration(cast("float", seen["check.critical_since"].wanted or 0))}
    if "service.tier" not in seen:
        return _("%(check)s critical for %(span)s") % said
    return _("%(check)s critical for %(span)s on a tier-%(tier)s service") % {**said, "tier": seen["service.tier"].seen}


def _seen(because: Iterable[Seen]) -> str:
    """What was seen, each once. What a rule merely did not find is left out where something else speaks."""
    told = list(because)
    speaking = [one for one in told if one.op not in ("is_not", "not_in")] or told
    return listed(list(dict.fromkeys(map(seen_words, speaking)))) or _("every case")
