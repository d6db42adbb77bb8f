"""What people read when an incident concerns them: rendered when queued, in their language and on their clock.

Times in letters are absolute, since a letter may be read long after it was written. A letter about a confidential
incident carries no facts: the page behind its link does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import get_template, render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import evidence
from incidents.models import Incident
from incidents.states import Effect, Impacted, Severity
from incidents.wording import spoken
from notifications import gsm7
from notifications.outbox import Letter
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Organisation, User

PART = re.compile(r"(?P<cut>\d)(?P<tail>[^|]*)\|(?P<text>.*)")
MOST_NAMED = 5
MOST_TICKETS = 20
Reports = Sequence[tuple[int, str]]  # number and title of each ticket


@dataclass(frozen=True, slots=True)
class Why:
    """Why this person is paged, and what follows. `because` completes "You are …"; `role` is its first word or two."""

    because: str
    role: str = ""
    step: int = 1
    silent: Sequence[User] = ()  # paged before, and did not acknowledge
    next_people: Sequence[User] = ()
    next_at: datetime | None = None


def page(incident: Incident, person: User, *, why: Why, link: str, now: datetime) -> Letter:
    """The letter that wakes somebody."""

    def more(clock: _Clock) -> dict[str, Any]:
        return {
            "you": why.because,
            "you_short": _you_short(why),
            "you_spoken": why.role or why.because,
            "paged": names(why.silent),
            "next_names": names(why.next_people),
            "next_at": clock.stamp(why.next_at),
            "next_at_word": clock.spoken(why.next_at),
        }

    return _letter("page", incident, person, link=link, now=now, more=more)


def last_resort(incident: Incident, person: User, *, walked: str, call: str, link: str, now: datetime) -> Letter:
    """Nobody acknowledged. `walked` is "after 3 steps in 30 min"; `call` a staffed number, or empty."""
    return _letter("last_resort", incident, person, link=link, now=now, more=lambda _clock: {"walked": walked, "call": call})


def staffed(incident: Incident, *, walked: str, now: datetime) -> Letter:
    """Said to whoever picks up a staffed number: nobody we know, so no key counts and no link is given. Said twice."""
    with tongues.in_house():
        clock = _Clock(User(), now)
        said = render_to_string("voice/staffed.txt", {**_context(incident, clock), **_spoken(incident, clock), "walked": walked})
        words = " ".join([*said.split(), _("I repeat."), *said.split()])
    short = f"{incident.number} SEV{incident.severity}"
    return Letter(subject="", text=words, html="", sms="", short=short, voice=words, is_confidential=incident.is_confidential)


def proposal(incident: Incident, person: User, *, link: str, now: datetime) -> Letter:
    """Asks the IT manager on duty to accept or reject, with the evidence."""

    def more(clock: _Clock) -> dict[str, Any]:
        return {"decide_at": clock.stamp(incident.decide_at), "card": evidence.card(incident, now=now)}

    return _letter("proposal", incident, person, link=link, now=now, more=more)


def still_yours(incident: Incident, person: User, *, link: str, answer_by: datetime, because: str = "", now: datetime) -> Letter:
    """Asks who has it, alone, before anybody else is called. `because` says what changed; empty: nothing did."""

    def more(clock: _Clock) -> dict[str, Any]:
        had = _("You have had it since %(at)s, and nothing was done for a while.") % {"at": clock.stamp(incident.acknowledged_at)}
        return {"asked": because or had, "answer_by": clock.stamp(answer_by), "answer_by_word": clock.spoken(answer_by)}

    return _letter("still_yours", incident, person, link=link, now=now, more=more)


def acknowledged(incident: Incident, person: User, *, by: User, link: str, now: datetime) -> Letter:
    """To those already woken: somebody has it."""

    def more(clock: _Clock) -> dict[str, Any]:
        told = {"number": incident.number, "name": by, "at": clock.stamp(now)}
        return {
            "headline": _("%(name)s has it") % told,
            "sentence": _("%(number)s acked by %(name)s %(at)s.") % told,
            "more": _("You need do nothing and will not be paged again for it."),
        }

    return _letter("told", incident, person, link=link, now=now, more=more)


def stopped(incident: Incident, person: User, *, reason: str, link: str, now: datetime) -> Letter:
    """To those already woken: paging was stopped, and why."""

    def more(clock: _Clock) -> dict[str, Any]:
        told = {"number": incident.number, "at": clock.stamp(now)}
        return {
            "headline": _("paging stopped"),
            "sentence": _("Paging for %(number)s stopped %(at)s. You need do nothing.") % told,
            "more": "" if incident.is_confidential else reason,
        }

    return _letter("told", incident, person, link=link, now=now, more=more)


def exhausted(incident: Incident, person: User, *, walked: str, link: str, now: datetime) -> Letter:
    """To every IT manager: nobody acknowledged."""

    def more(clock: _Clock) -> dict[str, Any]:
        return {
            "headline": _("nobody acknowledged"),
            "sentence": _("Nobody acknowledged %(number)s %(walked)s.") % {"number": incident.number, "walked": walked},
            "more": _("The last resort is called every 15 minutes until somebody does."),
        }

    return _letter("told", incident, person, link=link, now=now, more=more)


def resolved(incident: Incident, person: User, *, by: User | None, link: str, now: datetime) -> Letter:
    """To those who were woken: it is over."""

    def more(clock: _Clock) -> dict[str, Any]:
        took = moments.duration(now - incident.since)
        told = {"number": incident.number, "at": clock.stamp(now), "took": took, "name": by}
        by_itself = _("%(number)s RESOLVED %(at)s after %(took)s by itself.")
        by_whom = _("%(number)s RESOLVED %(at)s after %(took)s by %(name)s.") if by else by_itself
        working = _("%(service)s is working. No action needed.") % {"service": incident.service}
        is_named = incident.service is not None and not incident.is_confidential
        return {"headline": _("resolved"), "sentence": by_whom % told, "more": working if is_named else _("No action needed.")}

    return _letter("resolved", incident, person, link=link, now=now, more=more)


def informed(incident: Incident, person: User, *, headline: str, words: str, link: str, now: datetime) -> Letter:
    """A plain word about it, to one who leads: of a confidential one only that there is something to read."""

    def more(_clock: _Clock) -> dict[str, Any]:
        told = _("%(number)s: %(headline)s.") % {"number": incident.number, "headline": headline}
        return {"headline": headline, "sentence": told, "more": "" if incident.is_confidential else words}

    return _letter("told", incident, person, link=link, now=now, more=more)


def facts_again(incident: Incident, person: User, *, now: datetime) -> str:
    """The answer to "I214": what is known now, in one message."""
    with tongues.reader(person):
        context = _context(incident, _Clock(person, now))
        has_it = _("%(name)s has it.") % {"name": incident.acknowledged_by} if incident.acknowledged_by else _("Nobody has it yet.")
        parts = [gsm7.Part(f"SEV{incident.severity} {incident.number}"), gsm7.Part(context["title"], 1, tail=".")]
        parts += [gsm7.Part(_("Since %(since)s.") % context), gsm7.Part(context["evidence"], 2, tail="."), gsm7.Part(has_it, 3)]
        return gsm7.fit([part for part in parts if part.text])


def names(people: Sequence[User]) -> str:
    """ "Sam Lee, Dana Ruiz"; only so many of a crowd."""
    shown = ", ".join(str(person) for person in people[:MOST_NAMED])
    hidden = len(people) - MOST_NAMED
    return ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", hidden) % {"names": shown, "n": hidden} if hidden > 0 else shown


class _Clock:
    """One person's clock at one moment; the zone is looked up once a letter."""

    def __init__(self, person: User, now: datetime) -> None:
        self.name = zones.of(person)
        self.zone = ZoneInfo(self.name)
        self.now = now.astimezone(self.zone)

    def stamp(self, then: datetime | None) -> str:
        return moments.stamp(then.astimezone(self.zone), self.now) if then else ""

    def spoken(self, then: datetime | None) -> str:
        return spoken.moment(then.astimezone(self.zone), self.now) if then else ""

    def full(self, then: datetime) -> str:
        return _("%(stamp)s (%(zone)s)") % {"stamp": moments.stamp(then.astimezone(self.zone), None), "zone": self.name}


def warm() -> None:
    """Read the templates of a page now, so that the first one after a start does not wait for them."""
    for template in ("email/page.txt", "email/page.html", "sms/page.txt", "voice/page.txt"):
        get_template(template)


def _letter(name: str, incident: Incident, person: User, *, link: str, now: datetime, more: Any) -> Letter:
    with tongues.reader(person):
        clock = _Clock(person, now)
        context = {**_context(incident, clock), "link": link, **more(clock)}
        context["facts"] += context.get("card", [])
        subject, text = _text(f"email/{name}.txt", context)
        return Letter(
            subject=subject[:250],
            text=text,
            html=render_to_string(f"email/{name}.html", context),
            sms=_sms(f"sms/{name}.txt", context),
            short=f"{incident.number} SEV{incident.severity}",
            voice=" ".join(render_to_string(f"voice/{name}.txt", {**context, **_spoken(incident, clock)}).split()),
            reference=f"A{incident.pk}",
            headers={"X-Desk-Item": incident.number},
            is_confidential=incident.is_confidential,
        )


def _context(incident: Incident, clock: _Clock) -> dict[str, Any]:
    """What every letter may say; of a confidential incident only its number, severity and time."""
    organisation = Organisation.current()
    hidden = incident.is_confidential
    known = evidence.Standing(incident)
    reports = [] if hidden else list(incident.tickets.order_by("id").values_list("pk", "title")[:MOST_TICKETS])
    return {
        "n": incident.pk,
        "number": incident.number,
        "sev": incident.severity,
        "title": _("Confidential: open the page") if hidden else incident.title,
        "who": "" if hidden else who_is_hit(incident),
        "since": clock.stamp(incident.since),
        "since_full": clock.full(incident.since),
        "evidence": "" if hidden else _evidence(known, reports),
        "facts": [] if hidden else _facts(known, reports, clock),
        "organisation": organisation.name if organisation else "",
        "desk_phone": organisation.desk_phone if organisation else "",
    }


def _spoken(incident: Incident, clock: _Clock) -> dict[str, Any]:
    """What is said otherwise than it is written."""
    return {"severity_word": spoken.severity(incident.severity), "since_word": clock.spoken(incident.since)}


def who_is_hit(incident: Incident) -> str:
    """ "all staff", "14 people", "a department"; empty where nobody knows."""
    if incident.impacted == Impacted.EVERYONE:
        return _("all staff")
    if incident.impacted_count:
        return ngettext("%(n)d person", "%(n)d people", incident.impacted_count) % {"n": incident.impacted_count}
    words = {Impacted.DEPARTMENT: _("a department"), Impacted.SEVERAL: _("several people"), Impacted.ME: _("one person")}
    return words.get(Impacted(incident.impacted), "") if incident.impacted else ""


def _evidence(known: evidence.Standing, reports: Reports) -> str:
    """The strongest sign in a few words: one person's own words, the reason without the rule's number, a check, tickets."""
    if not known.failing and len(reports) == 1:
        return f'"{reports[0][1].rstrip(". ")}"'
    reason = next(iter(known.reasons), "").partition(" (")[0].rstrip(". ")
    if reason:
        return reason
    if known.failing:
        return _("%(check)s failing") % {"check": known.failing[0].check_slug}
    count = known.incident.tickets.count() if reports else 0
    return ngettext("%(n)d ticket", "%(n)d tickets", count) % {"n": count} if count else known.well_again()


def _facts(known: evidence.Standing, reports: Reports, clock: _Clock) -> list[tuple[str, str]]:
    """The table of a letter, without empty rows."""
    incident = known.incident
    alerts = [_alert(alert.check_slug, alert.summary, clock.stamp(alert.status_since)) for alert in known.failing[:MOST_NAMED]]
    tickets = [f"T-{number}" for number, _title in reports]
    rows = [
        (_("Severity"), str(Severity(incident.severity).label)),
        (_("Since"), clock.full(incident.since)),
        (_("Why"), " ".join(known.reasons) or known.well_again()),
        (_("Paging because"), known.why_paging),
        (_("What happened"), incident.what[:500]),
        (_("Who is impacted"), who_is_hit(incident)),
        (_("How"), str(Effect(incident.effect).label) if incident.effect else ""),
        (_("People who reported it"), str(incident.people or "")),
        (_("Checks"), "; ".join(alerts)),
        (_("Tickets"), ", ".join(tickets)),
    ]
    return [(label, value) for label, value in rows if value]


def _alert(check: str, summary: str, since: str) -> str:
    words = {"check": check, "since": since, "summary": summary[:120]}
    return _("%(check)s failing since %(since)s: %(summary)s") % words if summary else _("%(check)s failing since %(since)s") % words


def _you_short(why: Why) -> str:
    """ "You are primary.", and after the first step who did not answer."""
    if why.step > 1 and why.silent:
        return _("Step %(step)d (%(names)s did not ack).") % {"step": why.step, "names": names([*why.silent][:1])}
    return _("You are %(role)s.") % {"role": why.role or why.because}


def _text(template: str, context: dict[str, Any]) -> tuple[str, str]:
    """A text template begins with its subject line."""
    subject, _newline, body = render_to_string(template, context).partition("\n")
    return " ".join(subject.split()), re.sub(r"\n\s*\n\s*\n+", "\n\n", body).strip() + "\n"


def _sms(template: str, context: dict[str, Any]) -> str:
    """A template of parts, one a line: the order in which it may be shortened (0: never), its closing mark, a bar, the text."""
    found = (PART.match(line.strip()) for line in render_to_string(template, context).splitlines())
    return gsm7.fit([gsm7.Part(part["text"].strip(), int(part["cut"]), part["tail"]) for part in found if part and part["text"].strip()])
