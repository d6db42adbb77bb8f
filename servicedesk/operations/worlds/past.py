"""One outage that is over and one that is not, told by the desk's own deeds at their own times; and reports that wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from incidents import automation, conversation, escalation, incidents, journal, tickets
from incidents.models import Incident, Rule, Ticket, TimelineEntry
from servicedesk.directory.models import User
from servicedesk.operations.worlds import letters
from servicedesk.operations.worlds.company import Company

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOTE = TimelineEntry.Kind.NOTE


def outage_that_is_over(company: Company, *, at: datetime) -> Incident:
    """Email was down for three quarters of an hour at night: Sam had it after two minutes."""
    email, sam, kim = company.services["email"], company.people["sam"], company.people["kim"]
    grounds = incidents.Grounds(
        title="Email: smtp-01 is down",
        reason="smtp-01 critical for 5 min on a tier-1 service (rule R5, version 1).",
        severity=1,
        since=at - 5 * MINUTE,
        group_key=f"service:{email.slug}",
        rule=Rule.objects.get(key="R5"),
        version=1,
        service=email,
        team=email.team,
        what="smtp-01 refuses connections.",
    )
    incident = _declared(grounds, actor=None, at=at)
    escalation.acknowledge(incident, by=sam, via="link", now=at + 2 * MINUTE)
    journal.line(incident, NOTE, "The queue partition of smtp-01 is full of undeliverable reports.", actor=sam, now=at + 9 * MINUTE)
    journal.line(incident, NOTE, "Moved 41 GB of old reports away; the service is starting.", actor=sam, now=at + 26 * MINUTE)
    incident = incidents.mitigate(incident, actor=sam, now=at + 31 * MINUTE)
    journal.line(incident, NOTE, "The queue is empty, letters of the night are delivered.", actor=sam, now=at + 43 * MINUTE)
    incident = incidents.resolve(
        incident, actor=sam, reason="smtp-01 answers since 29 min; a limit for reports is set.", now=at + 60 * MINUTE
    )
    journal.line(incident, NOTE, "Please write down why no check looks at the partition.", actor=kim, now=at + 7 * HOUR)
    return incident


def outage_under_way(company: Company, *, at: datetime) -> Incident:
    """The VPN drops for people at home: Ben opened it by hand, Sam has it, nobody is kept from working."""
    vpn, ben, sam = company.services["vpn"], company.people["ben"], company.people["sam"]
    grounds = incidents.Grounds(
        title="VPN drops every 40 minutes",
        reason="Six people at home called since eight; all of them are on gateway 2.",
        severity=3,
        since=at - 12 * MINUTE,
        service=vpn,
        team=vpn.team,
        what="People at home are signed out of the VPN every 40 minutes and can sign in again.",
        impacted="several",
        impacted_count=6,
        effect="workaround",
    )
    incident = _declared(grounds, actor=ben, at=at)
    escalation.acknowledge(incident, by=sam, via="page", now=at + 6 * MINUTE)
    journal.line(incident, NOTE, "Gateway 2 renews its lease every 40 minutes and drops everybody then.", actor=sam, now=at + 17 * MINUTE)
    journal.line(incident, NOTE, "New sessions go to gateway 1; gateway 2 is emptied by noon.", actor=sam, now=at + 31 * MINUTE)
    incident.refresh_from_db()
    return incident


def _declared(grounds: incidents.Grounds, *, actor: User | None, at: datetime) -> Incident:
    incident = incidents.declare(grounds, actor=actor, now=at).incident
    assert incident is not None  # a declaration is never held
    letters.carried(until=at + MINUTE)
    return incident


class Waiting(NamedTuple):
    """How long ago it came, from whom, and what it says."""

    ago: timedelta
    who: str
    what: str
    impacted: str
    effect: str
    how_many: int | None = None


def report(company: Company, waiting: list[Waiting], *, now: datetime) -> list[Ticket]:
    """File these through the rules, each at its own time."""
    people = {person.username: person for person in User.objects.all()}
    return [
        automation.file_ticket(
            requester=people[one.who],
            what=one.what,
            impacted=one.impacted,
            impacted_count=one.how_many,
            effect=one.effect,
            now=now - one.ago,
        )
        for one in sorted(waiting, key=lambda one: -one.ago)
    ]


def work_on(company: Company, reported: list[Ticket], *, now: datetime) -> None:
    """The desk has begun: one is answered, one waits for its requester, one is noted on."""
    ana, ben = company.people["ana"], company.people["ben"]
    first, second, third, *_others = reported
    conversation.reply(first, author=ben, text="Does your manager agree? I need their word for this folder.", now=now - 3 * HOUR)
    tickets.assign(first, to=ben, actor=ben, now=now - 3 * HOUR)
    tickets.wait(first, Ticket.Waiting.REQUESTER, actor=ben, now=now - 3 * HOUR)
    tickets.take_up(second, actor=ana, now=now - 2 * HOUR)
    conversation.note(second, author=ana, text="The lamp is of the wrong type; the supplier sends the right one.", now=now - 2 * HOUR)
    conversation.reply(third, author=ana, text="Your index is being rebuilt; it takes until noon.", now=now - HOUR)
