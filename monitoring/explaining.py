"""Why did this signal alert, or why not? What the verdict stored beside it, then what the desk kept of its alert.

Nothing is decided here: each line says what one part of the desk made of the signal, in the order the signal went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from incidents import rules
from incidents import wording as desk_wording
from incidents.models import Evaluation, Incident, LinkedAlert
from incidents.rules import FIELDS, Outcome
from incidents.wording import clauses
from monitoring import explain, judging, verdict, wording
from monitoring.explain import Reason
from monitoring.models import Alert, Check, CheckState, Result
from servicedesk.directory import moments
from servicedesk.directory.models import ServiceState, User

OF_TICKETS = ("ticket.", "requester.", "repeat.")


@dataclass(frozen=True, slots=True)
class Line:
    """`tone`: ok, warn, bad, info or mute. `link` and `label`: where to go on reading."""

    tone: str
    text: str
    link: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`told`: the answer in one sentence."""

    told: str
    did_alert: bool
    lines: list[Line]


def of_result(check: Check, result: Result, *, user: User, now: datetime) -> Explanation:
    """One signal, from the door to the page: what was stored beside it, then what the desk made of its alert."""
    found = explain.signal(result.change, result.why)
    alert = _alert_at(check, result.received_at)
    lines = [_came(result), *(Line(_tone(reason), wording.sentence(reason)) for reason in found)]
    if alert is not None:
        lines += of_alert(alert, user=user, now=now).lines
    did_alert = alert is not None and result.status != ServiceState.OK
    return Explanation(_answer(result, found, alert), did_alert, lines)


def of_alert(alert: Alert, *, user: User, now: datetime) -> Explanation:
    """What came of an alert: silenced, no rule matched, an incident, whom it paged."""
    copy = LinkedAlert.objects.select_related("silence__made_by", "incident").filter(alert_id=alert.pk).first()
    if copy is None:
        words = untold(alert)
        return Explanation(words, False, [Line("warn", words)])
    incident = Incident.objects.visible_to(user).filter(pk=copy.incident_id).first() if copy.incident_id else None
    lines = [*_silence_lines(copy, now), *_rule_lines(copy, now), *_incident_lines(copy, incident)]
    return Explanation(outcome(alert, copy, incident, now), copy.incident_id is not None, lines)


def state_sentence(check: Check, now: datetime) -> str:
    """Why the check is as it is: "2 bad results in a row, 2 needed.", "No signal for 12 min, expected every 5 min." """
    state = check.state
    if state.last_result_at is None:
        return _("Waiting for the first signal.")
    heard = _("Signal %(ago)s ago") % {"ago": moments.duration(now - state.last_result_at)}
    return f"{heard}{_expected(check)}.{_soft(check, state, now)}"


# The verdict


def _came(result: Result) -> Line:
    words = {
        "status": ServiceState(result.status).label,
        "summary": result.summary or _("no words"),
        "at": wording.moment(result.received_at),
    }
    return Line("info", _("%(status)s came at %(at)s: %(summary)s") % words)


def _tone(reason: Reason) -> str:
    if reason.code in ("opened", "worsened"):
        return "bad"
    return "ok" if reason.code == "cleared" else "mute"


def _answer(result: Result, found: Sequence[Reason], alert: Alert | None) -> str:
    if result.status == ServiceState.OK:
        return _("It did not alert: the result was OK.")
    if alert is not None:
        return _("It alerted: the alert was open from %(at)s.") % {"at": wording.moment(alert.opened_at)}
    why = " ".join(wording.sentence(reason) for reason in found if reason.stops)
    return _("It did not alert. %(why)s") % {"why": why} if why else _("It did not alert.")


def _alert_at(check: Check, at: datetime) -> Alert | None:
    """The alert that was open once this result was judged."""
    found = Alert.objects.select_related("held_by").filter(check_ref=check, opened_at__lte=at).order_by("-opened_at").first()
    return found if found and (found.cleared_at is None or found.cleared_at > at) else None


# The desk


def _silence_lines(copy: LinkedAlert, now: datetime) -> Iterator[Line]:
    silence = copy.silence
    if silence is None or copy.silenced_until is None:
        return
    words = {"until": wording.moment(copy.silenced_until), "name": silence.made_by, "reason": silence.reason}
    stands = copy.silenced_until > now and copy.cleared_at is None
    said = _("Silenced until %(until)s by %(name)s: %(reason)s. The rules are asked then.")
    was = _("It was silenced until %(until)s by %(name)s: %(reason)s.")
    yield Line("mute", (said if stands else was) % words, "/silences/", _("Silences"))


def _rule_lines(copy: LinkedAlert, now: datetime) -> Iterator[Line]:
    """What each rule that concerns alerts made of it when it was asked last."""
    evaluation = Evaluation.objects.filter(alert=copy).order_by("-at", "-pk").first()
    if evaluation is None:
        return
    try:
        outcomes = rules.decision_from_json(evaluation.decision).outcomes
    except rules.RuleError:
        yield Line("mute", _("What the rules said is kept in a form this version does not read."))
        return
    told = [line for outcome in outcomes if (line := _rule_line(outcome)) is not None]
    yield from told or [Line("mute", _("No rule is about alerts."))]
    if copy.evaluate_at and copy.cleared_at is None and copy.evaluate_at > now:
        yield Line("info", _("The rules look again at %(at)s.") % {"at": wording.moment(copy.evaluate_at)})


def _rule_line(outcome: Outcome) -> Line | None:
    """None: a rule that can only be about tickets."""
    label = {"rule": f"{outcome.key} {outcome.name}"}
    if outcome.matched:
        words = _("%(rule)s matched: %(why)s.") if outcome.actions else _("%(rule)s matched, and only wrote it down (%(mode)s): %(why)s.")
        why = clauses.listed([clauses.seen_words(seen) for seen in outcome.because]) or _("every case")
        return Line("bad" if outcome.actions else "mute", words % {**label, "why": why, "mode": _("shadow")})
    failed = [seen for seen in outcome.trace if not seen.passed]
    if not failed or any(seen.field.startswith(OF_TICKETS) for seen in failed) or any(seen.field not in FIELDS for seen in failed):
        return None
    return Line("mute", _("%(rule)s did not match: %(why)s.") % {**label, "why": clauses.listed([_not(seen) for seen in failed])})


def _not(seen: rules.Seen) -> str:
    """Why a condition did not hold, and what it asks."""
    leaf = {"field": seen.field, "op": seen.op, "value": seen.wanted}
    if seen.passed is None:
        return _("it is not known whether %(what)s") % {"what": clauses.clause(leaf)}
    return clauses.clause(leaf, holds=False)


def _incident_lines(copy: LinkedAlert, incident: Incident | None) -> Iterator[Line]:
    if copy.incident_id is None:
        yield Line("mute", _("No incident: nobody was paged."))
    elif incident is None:
        yield Line("bad", _("It belongs to an incident you may not see."))
    else:
        why = f": {copy.incident_reason}" if copy.incident_reason else "."
        yield Line("bad", f"{incident.number}{why}", f"/incidents/{incident.pk}/", _("Who was paged, and when"))


def outcome(alert: Alert, copy: LinkedAlert | None, incident: Incident | None, now: datetime) -> str:
    """What came of an alert, in one sentence."""
    if copy is None:
        return untold(alert)
    if copy.incident_id is not None:
        return _("It is part of %(number)s.") % {"number": incident.number if incident else _("an incident")}
    if copy.silenced_until and copy.silenced_until > now and copy.cleared_at is None:
        return _("No incident: it is silenced until %(at)s.") % {"at": wording.moment(copy.silenced_until)}
    if copy.cleared_at is not None:
        return _("No incident: it was over before a rule matched.")
    return _("No incident: no rule matched.")


def untold(alert: Alert) -> str:
    """Why the desk has not heard of it: what it stands on is bad, or the engine is about to tell."""
    if alert.held_by is not None:
        return _("No incident: it waits, because %(name)s, which it depends on, is bad.") % {"name": alert.held_by.slug}
    return _("The desk has not been told yet; the engine does it within seconds.")


# The state


def _expected(check: Check) -> str:
    if check.cron:
        return _(", expected by the schedule %(cron)s") % {"cron": check.cron}
    return _(", expected every %(span)s") % {"span": desk_wording.duration(check.period_s)} if check.period_s else ""


def _soft(check: Check, state: CheckState, now: datetime) -> str:
    """What is under way and not confirmed."""
    memory = verdict.load(state.memory)
    if memory is None or check.is_paused:
        return ""
    under_way = verdict.why(memory, judging.options_of(check), now)
    return "".join(f" {wording.sentence(Reason(str(code), tuple(values)))}" for code, *values in under_way)
