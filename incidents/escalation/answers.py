"""Words by text message: what somebody paged may answer, and what is said back in one message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from incidents import letters, links
from incidents.escalation import acks, parts, runs
from incidents.models import Incident, Page, Run, SignedLink
from incidents.states import IncidentState
from notifications import gsm7, outbox
from notifications.inbound import Reply
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User

COUNTS_FOR = timedelta(hours=24)


def answer(reply: Reply, *, now: datetime) -> str | None:
    """Do what the words ask and say so. They count only from somebody paged for that incident within a day."""
    with tongues.reader(reply.person):
        if reply.word == "all":
            return gsm7.fit([gsm7.Part(_take_all(reply, now), 1)])
        return gsm7.fit([gsm7.Part(_answer_one(reply, now), 1)])


def _answer_one(reply: Reply, now: datetime) -> str:
    meant = [reply.incident] if reply.incident else open_pages(reply.person, now)
    if not meant and reply.word == "unknown":
        return _("Not understood. No page is open for you. Nothing is changed.")
    if not meant:
        return _("No open page for you. Nothing is changed.")
    if len(meant) > 1:
        choices = ", ".join(f"INC-{number}" for number in meant)
        return _("Which one? %(choices)s. Reply A%(first)d for the first, and so on.") % {"choices": choices, "first": meant[0]}
    incident = Incident.objects.filter(pk=meant[0]).first()
    if incident is None or not counts(reply.person, incident.pk, now):
        return _("You were not paged for INC-%(number)d in the last 24 hours. Nothing is changed.") % {"number": meant[0]}
    if incident.state == IncidentState.PROPOSED:
        words = {"number": incident.number, "link": _link(reply.person, incident, now)}
        return _("%(number)s is only proposed. Decide here: %(link)s") % words
    return WORDS.get(reply.word, _unknown)(incident, reply.person, now)


def _take(incident: Incident, person: User, now: datetime) -> str:
    if not incident.is_open:
        return _over(incident, person)
    incident = acks.acknowledge(incident, by=person, via="sms", now=now)
    if incident.acknowledged_by is None:
        return still_asked(incident, person)
    words = {"number": incident.number, "name": incident.acknowledged_by or "", "at": _at(incident.acknowledged_at, person, now)}
    if incident.acknowledged_by != person:
        return _("%(name)s has %(number)s since %(at)s. You need do nothing.") % words
    said = _("You have %(number)s since %(at)s. Nobody else will be called.") % words
    run = Run.objects.open().filter(incident=incident).first()
    asked = _("We ask again at %(at)s.") % {"at": _at(run.next_step_at, person, now)} if run and run.next_step_at else ""
    return f"{said} {asked}".strip()


def still_asked(incident: Incident, person: User) -> str:
    """What somebody hears who has only a part of it."""
    others = parts.still_asked(Run.objects.open().filter(incident=incident).first(), person)
    words = {"number": incident.number, "others": letters.names(others)}
    return _("%(number)s: noted, you are not called again. Still asked: %(others)s.") % words


def _pass_on(incident: Incident, person: User, now: datetime) -> str:
    if not incident.is_open:
        return _over(incident, person)
    before = acks.next_person(incident, now=now)
    paged = incident.pages.count()
    acks.pass_on(incident, by=person, now=now)
    if incident.pages.count() == paged:
        said = _("%(number)s: noted. Nobody can be called sooner.") % {"number": incident.number}
        return f"{said} {_who_is_next(acks.next_person(incident, now=now), person, now)}".strip()
    called = letters.names(before.people) if before and before.people else _("the last resort")
    return _("%(number)s is passed on: %(called)s is called now.") % {"number": incident.number, "called": called}


def _more_time(incident: Incident, person: User, now: datetime) -> str:
    if incident.state != IncidentState.TRIGGERED:
        return _take(incident, person, now) if incident.acknowledged_by == person else _status(incident, person, now)
    acks.later(incident, by=person, now=now)
    said = _("%(number)s: we ask you again at %(at)s.") % {"number": incident.number, "at": _at(now + acks.MORE_TIME, person, now)}
    return f"{said} {_who_is_next(acks.next_person(incident, now=now), person, now)}".strip()


def _facts(incident: Incident, person: User, now: datetime) -> str:
    if not incident.is_open:
        return _over(incident, person)
    return letters.facts_again(incident, person, now=now)


def _resolve(incident: Incident, person: User, now: datetime) -> str:
    if not incident.is_open:
        return _over(incident, person)
    words = {"number": incident.number, "link": _link(person, incident, now)}
    return _("Nothing is resolved by text. Resolve %(number)s here: %(link)s") % words


def _unknown(incident: Incident, _person: User, _now: datetime) -> str:
    words = {"n": incident.pk}
    return _("Not understood. Reply A%(n)d have it, E%(n)d pass on, M%(n)d more time, I%(n)d the facts again.") % words


def _status(incident: Incident, person: User, now: datetime) -> str:
    if not incident.is_open:
        return _over(incident, person)
    words = {"number": incident.number, "name": incident.acknowledged_by, "at": _at(incident.acknowledged_at, person, now)}
    return _("%(name)s has %(number)s since %(at)s. You need do nothing.") % words


def _over(incident: Incident, person: User) -> str:
    if incident.resolved_at is None:
        return _("%(number)s is over. You need do nothing.") % {"number": incident.number}
    words = {"number": incident.number, "at": _at(incident.resolved_at, person, incident.resolved_at)}
    return _("%(number)s is resolved since %(at)s. You need do nothing.") % words


WORDS: dict[str, Callable[[Incident, User, datetime], str]] = {
    "have": _take,
    "pass": _pass_on,
    "more": _more_time,
    "facts": _facts,
    "resolve": _resolve,
}


def open_pages(person: User, now: datetime) -> list[int]:
    """The incidents that still call, and for which this person was paged within a day."""
    paged = Page.objects.filter(person=person, at__gt=now - COUNTS_FOR, incident__state=IncidentState.TRIGGERED)
    return sorted(set(paged.values_list("incident_id", flat=True)))


def counts(person: User, incident: int, now: datetime) -> bool:
    """Whether this person was paged for it within a day: only then do their words and keys count."""
    return Page.objects.filter(person=person, incident=incident, at__gt=now - COUNTS_FOR).exists()


def _take_all(reply: Reply, now: datetime) -> str:
    """Exactly those the last bundle to that number stood for."""
    bundle = outbox.last_bundle_to(reply.number)
    numbers = outbox.incidents_of(bundle) if bundle else []
    if not any(counts(reply.person, number, now) for number in numbers):
        return _("No bundle of pages went to this number. Nothing is changed.")
    mine = take_all(reply.person, numbers, via="sms", now=now)
    words = {"numbers": ", ".join(mine)}
    return _("You have %(numbers)s. Nobody else will be called for them.") % words if mine else _("Others have them. You need do nothing.")


def take_all(person: User, numbers: Sequence[int], *, via: str, now: datetime) -> list[str]:
    """Acknowledge each of these that still calls and for which this person was paged; those they have then."""
    paged = [number for number in numbers if counts(person, number, now)]
    for incident in Incident.objects.filter(pk__in=paged).live().exclude(state=IncidentState.PROPOSED).order_by("pk"):
        acks.acknowledge(incident, by=person, via=via, now=now)
    mine = Incident.objects.filter(pk__in=paged, acknowledged_by=person).live().in_bulk()
    return [mine[number].number for number in paged if number in mine]


def _who_is_next(following: runs.Next | None, person: User, now: datetime) -> str:
    if following is None or following.at is None:
        return ""
    who = letters.names(following.people) if following.people else _("The last resort")
    return _("%(who)s is called at %(at)s.") % {"who": who, "at": _at(following.at, person, now)}


def _link(person: User, incident: Incident, now: datetime) -> str:
    is_proposed = incident.state == IncidentState.PROPOSED
    purpose = SignedLink.Purpose.PROPOSAL if is_proposed else SignedLink.Purpose.PAGE
    return links.address(links.link_for(person, incident, purpose, now=now))


def _at(then: datetime | None, person: User, now: datetime) -> str:
    return moments.stamp(zones.local(then, person), zones.local(now, person)) if then else ""
