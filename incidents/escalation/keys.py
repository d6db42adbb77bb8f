"""Keys on a telephone: what somebody paged by a call may press, and what is said to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from incidents import letters
from incidents.escalation import acks, answers
from incidents.escalation.answers import counts
from incidents.models import Incident, Run
from incidents.states import IncidentState
from incidents.wording import spoken
from notifications.calls import Call
from servicedesk.directory import tongues, zones
from servicedesk.directory.models import User


def pressed(call: Call, *, now: datetime) -> str:
    """Do what the key asks and say so; empty where no key asks for anything."""
    if not call.word or call.person is None:
        return ""
    if call.bundle:
        return _take_all(call, call.person, now) if call.word == "have" else ""
    if call.incident is None:
        return ""
    with tongues.reader(call.person):
        incident = Incident.objects.filter(pk=call.incident).first()
        if incident is None or not counts(call.person, incident.pk, now):
            return _("You were not paged for this in the last 24 hours. Nothing is changed.")
        if incident.state == IncidentState.PROPOSED:
            return _("%(number)s is only proposed. Decide on its page: the link is in your letter.") % {"number": incident.number}
        if not incident.is_open:
            return _("%(number)s is over. You need do nothing.") % {"number": incident.number}
        return DEEDS[call.word](incident, call.person, now)


def _take(incident: Incident, person: User, now: datetime) -> str:
    """Says who need not be called, so that nobody wonders whether to wake them as well."""
    before = acks.next_person(incident, now=now) if incident.state == IncidentState.TRIGGERED else None
    incident = acks.acknowledge(incident, by=person, via="voice", now=now)
    if incident.acknowledged_by is None:
        return answers.still_asked(incident, person)
    words = {"number": incident.number, "name": incident.acknowledged_by, "at": _at(incident.acknowledged_at, person, now)}
    if incident.acknowledged_by != person:
        return _("%(name)s has %(number)s since %(at)s. You need do nothing.") % words
    said = [_("You have %(number)s since %(at)s.") % words]
    if before is not None and before.people:
        said.append(_("%(names)s: left alone.") % {"names": letters.names(before.people)})
    said.append(_("Nobody else will be called."))
    run = Run.objects.open().filter(incident=incident).first()
    if run is not None and run.next_step_at is not None:
        said.append(_("We ask again at %(at)s.") % {"at": _at(run.next_step_at, person, now)})
    return " ".join(said)


def _take_all(call: Call, person: User, now: datetime) -> str:
    with tongues.reader(person):
        taken = answers.take_all(person, call.bundle, via="voice", now=now)
        words = {"numbers": ", ".join(taken)}
        return _("You have %(numbers)s. Nobody else will be called for them.") % words if taken else _("Nothing is changed.")


def _pass_on(incident: Incident, person: User, now: datetime) -> str:
    before = acks.next_person(incident, now=now)
    acks.pass_on(incident, by=person, now=now)
    called = letters.names(before.people) if before and before.people else _("the last resort")
    return _("%(number)s is passed on: %(called)s is called now.") % {"number": incident.number, "called": called}


DEEDS: dict[str, Callable[[Incident, User, datetime], str]] = {"have": _take, "pass": _pass_on}


def _at(then: datetime | None, person: User, now: datetime) -> str:
    return spoken.moment(zones.local(then, person), zones.local(now, person)) if then else ""
