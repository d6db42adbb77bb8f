"""What a person answers to a page: I have it, undo, pass it on, ask me again. By link, text, call, page or API alike."""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from incidents import journal, letters, moves
from incidents.escalation import owner, paging, parts, runs, snapshot, targets
from incidents.escalation.targets import Candidate
from incidents.models import Incident, Page, Run, TimelineEntry
from incidents.states import IllegalMove, IncidentState, RunState
from notifications import outbox
from servicedesk.directory import tongues
from servicedesk.directory.models import User
from servicedesk.oncall import roster

UNDO_FOR = timedelta(seconds=60)
MORE_TIME = timedelta(minutes=10)
TAKEN = (IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED)
ROADS = {
    "link": gettext_noop("via link"),
    "sms": gettext_noop("via SMS"),
    "voice": gettext_noop("via a call"),
    "page": gettext_noop("on the incident page"),
    "api": gettext_noop("via the API"),
}


class TooLate(Exception):
    """The minute in which an acknowledgement can be undone is over."""

    def __str__(self) -> str:
        return _("An acknowledgement can be undone for one minute.")


class NotYours(Exception):
    """Somebody else acknowledged it."""

    def __str__(self) -> str:
        return _("Only the person who acknowledged can undo it.")


@tongues.deed
def acknowledge(incident: Incident, *, by: User, via: str, now: datetime) -> Incident:
    """Somebody has it: every pending page for everybody is cancelled here and now, and those already woken are told.

    `via` is a key of ROADS. The first wins: where somebody has it already, the incident comes back unchanged. Where everybody
    of the step must acknowledge, only one's own pages end until the last of them did. IllegalMove for a proposal and for what is over.
    """
    incident = Incident.objects.locked(incident.pk)
    run = Run.objects.open_of(incident)
    if incident.state in TAKEN:
        outbox.acted(incident.number, by, now=now)
        # the owner's word again: nobody else is called, also not whom they had asked to help
        outbox.cancel(incident.number, now=now, reason=_("answered"), only_person=None if incident.acknowledged_by == by else by)
        owner.confirmed(run, incident, by=by, now=now)
        return incident
    others = parts.still_asked(run, by) if incident.state == IncidentState.TRIGGERED else []
    if run is not None and others:
        parts.take(run, incident, others, by=by, road=_(ROADS[via]), now=now)
        return incident
    return _take(incident, run, by=by, via=via, now=now)


def _take(incident: Incident, run: Run | None, *, by: User, via: str, now: datetime) -> Incident:
    text = _("Acknowledged by %(name)s %(road)s.") % {"name": by, "road": _(ROADS[via])}
    was_paged = Page.objects.filter(incident=incident, person=by).exists()
    because = "" if was_paged else _("%(name)s was not paged for it") % {"name": by}
    moves.move_incident(
        incident, IncidentState.ACKNOWLEDGED, now=now, actor=by, text=text, because=because, acknowledged_at=now, acknowledged_by=by
    )
    outbox.acted(incident.number, by, now=now)
    woken = paging.call_off(incident, reason=_("%(name)s has it") % {"name": by}, now=now)
    if run is not None:
        owner.hold(run, incident, by=by, now=now)
    _tell_of_ack([person for person in woken if person != by], incident, run, by=by, now=now)
    return incident


@tongues.deed
def undo(incident: Incident, *, by: User, now: datetime) -> Incident:
    """Take one's acknowledgement back within a minute: a new run pages again from the step where it was.

    Where nobody has it, nothing changes. Raises NotYours and TooLate.
    """
    incident = Incident.objects.locked(incident.pk)
    run = Run.objects.open_of(incident)
    if run is None or _is_given_back(incident, run, by, now) or incident.state != IncidentState.ACKNOWLEDGED:
        return incident
    if incident.acknowledged_by != by:
        raise NotYours
    if incident.acknowledged_at is None or now > incident.acknowledged_at + UNDO_FOR:
        raise TooLate
    why = _("%(name)s took the acknowledgement back") % {"name": by}
    owner.resume(run, incident, why=why, now=now, from_step=max(run.step - 1, 1), actor=by)
    return incident


def _is_given_back(incident: Incident, run: Run, by: User, now: datetime) -> bool:
    """One's own part, where everybody must acknowledge. Raises TooLate."""
    at = parts.answered_at(run, by)
    if incident.state != IncidentState.TRIGGERED or at is None:
        return False
    if now > at + UNDO_FOR:
        raise TooLate
    text = _("%(name)s took the acknowledgement back") % {"name": by}
    journal.line(incident, TimelineEntry.Kind.ACK, text, now=now, actor=by, data={"run": run.pk})
    return parts.give_back(run, by=by, now=now)


@tongues.deed
def pass_on(incident: Incident, *, by: User, now: datetime) -> Incident:
    """Call the next person now, and do not call `by` again for this step.

    While `by` or another has it, they keep it and the next person is paged by name. Whoever was paged in an earlier
    step than the present one, or by the last resort, hastens nothing: the others are being called already.
    """
    incident = Incident.objects.locked(incident.pk)
    run = Run.objects.open_of(incident)
    if run is None:
        return incident
    outbox.acted(incident.number, by, now=now)
    outbox.cancel(incident.number, now=now, reason=_("passed on"), only_person=by)
    _withdraw(run, by)
    if run.state == RunState.EXHAUSTED or _passed_already(run, by):
        return incident
    text = _("%(name)s passes it on: the next person is called now.") % {"name": by}
    journal.line(incident, TimelineEntry.Kind.ACK, text, now=now, actor=by, data={"run": run.pk})
    if run.state == RunState.HELD:
        _ask_for_help(incident, by, now=now)
    else:
        _call_next(run, incident, now=now)
    return incident


@tongues.deed
def escalate_now(incident: Incident, *, by: User, now: datetime) -> Incident:
    """Take the next step at once, by hand; IllegalMove where nobody is being paged."""
    incident = Incident.objects.locked(incident.pk)
    run = Run.objects.open_of(incident)
    if run is None:
        raise IllegalMove(incident.number, incident.state, "escalated")
    text = _("%(name)s escalates now.") % {"name": by}
    journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, actor=by, data={"run": run.pk})
    _call_next(run, incident, now=now)
    return incident


@tongues.deed
def later(incident: Incident, *, by: User, now: datetime) -> Incident:
    """Ask `by` again in ten minutes. The policy goes on as if nothing had been said."""
    incident = Incident.objects.locked(incident.pk)
    run = Run.objects.open_of(incident)
    page = run.pages.filter(person=by).order_by("-id").first() if run else None
    if run is None or page is None or run.state == RunState.HELD or page.again_at is not None:
        return incident
    page.again_at = now + MORE_TIME
    page.save(update_fields=["again_at"])
    outbox.acted(incident.number, by, now=now)
    outbox.cancel(incident.number, now=now, reason=_("asked for more time"), only_person=by)
    text = _("%(name)s asks for ten more minutes. Paging goes on.") % {"name": by}
    journal.line(incident, TimelineEntry.Kind.ACK, text, now=now, actor=by, data={"run": run.pk})
    return incident


@tongues.deed
def page_person(incident: Incident, person: User, *, by: User, now: datetime) -> Page:
    """Page somebody by name, by hand. The same person again within a minute is not paged twice."""
    incident = Incident.objects.locked(incident.pk)
    if not incident.is_open or incident.state == IncidentState.PROPOSED:
        raise IllegalMove(incident.number, incident.state, "paged")
    recent = incident.pages.filter(person=person, at__gt=now - UNDO_FOR).first()
    if recent is not None:
        return recent
    one = Candidate(person, tongues.later("asked for by %(name)s", {"name": by}), tongues.later("asked for"))
    why = letters.Why(one.because, one.role)
    key = f"hand:{incident.pk}:{person.pk}:{incident.pages.filter(person=person).count()}"
    errand = paging.page(
        incident, one, key=key, run=Run.objects.open_of(incident), on_duty=roster.is_on_duty(person, at=now),
        write=lambda one, link: letters.page(incident, one.person, why=why, link=link, now=now), now=now,
    )  # fmt: skip
    missed = paging.why_missed(errand) if paging.is_missed(errand) else ""
    text = _("%(name)s cannot be paged.") if missed else _("%(name)s is paged by hand.")
    kind = TimelineEntry.Kind.WARNING if missed else TimelineEntry.Kind.PAGE
    journal.line(incident, kind, text % {"name": person}, now=now, actor=by, because=missed, data={"people": [person.pk]})
    return incident.pages.get(errand_key=key)


def next_person(incident: Incident, *, now: datetime) -> runs.Next | None:
    """Who is called next, and when; None where nobody is being paged, nobody in it: the last resort."""
    run = Run.objects.open().filter(incident=incident).first()
    return next_of(run, incident, now=now) if run else None


def next_of(run: Run, incident: Incident, *, now: datetime) -> runs.Next:
    """As `next_person`, of its open run: schedules are read once, however many steps are empty."""
    plan, waited = snapshot.read(run.snapshot), copy(run)
    waited.step -= 1  # the run names the step to come, `following` the one being waited for
    last = max(now, run.next_step_at or now, run.round_began_at + plan.delay(len(plan.steps)))
    known = targets.rotas(plan, start=now, end=last)
    return runs.following(waited, incident, plan, now=now, over=run.next_step_at, known=known)


def ask_again(page: Page, *, now: datetime) -> None:
    """More time is over: page the person once more, if the run they were paged by still calls people."""
    incident = Incident.objects.locked(page.incident_id)
    run = Run.objects.open_of(incident)
    Page.objects.filter(pk=page.pk).update(again_at=None)
    if run is None or run.pk != page.run_id or run.state == RunState.HELD:
        return
    one = Candidate(page.person, page.because, page.because.partition(" (")[0])
    follows = next_person(incident, now=now)
    why = letters.Why(one.because, one.role, next_people=follows.people if follows else (), next_at=follows.at if follows else None)
    key = f"run:{run.pk}:again:{run.pages.count()}:{page.person_id}"
    paging.page(
        incident, one, key=key, run=run, step=page.step, loop=page.loop, now=now,
        write=lambda one, link: letters.page(incident, one.person, why=why, link=link, now=now),
    )  # fmt: skip
    text = _("%(name)s is asked again, as they wished.") % {"name": page.person}
    journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, data={"run": run.pk, "people": [page.person_id]})


def _call_next(run: Run, incident: Incident, *, now: datetime) -> None:
    """The next step now. A held run stays held: its owner keeps the incident."""
    plan = snapshot.read(run.snapshot)
    if run.state == RunState.RUNNING:
        runs.walk(run, incident, plan, now=now)
    elif run.state == RunState.EXHAUSTED:
        runs.call_last_resort_again(run, incident, plan, now=now)
    elif plan.step(run.step):
        runs.take(run, incident, plan, now=now)
        run.step += 1
        runs.wait(run, run.next_step_at)


def _ask_for_help(incident: Incident, by: User, *, now: datetime) -> None:
    """Whose turn it would be is paged by name; the owner keeps the incident, and the policy waits as before."""
    follows = next_person(incident, now=now)
    for person in follows.people if follows else ():
        page_person(incident, person, by=by, now=now)


def _passed_already(run: Run, by: User) -> bool:
    page = run.pages.filter(person=by, loop=run.loop, step__gt=0).order_by("-id").first()
    return page is not None and run.step - 1 > page.step


def _withdraw(run: Run, by: User) -> None:
    run.pages.filter(person=by, again_at__isnull=False).update(again_at=None)


def _tell_of_ack(people: list[User], incident: Incident, run: Run | None, *, by: User, now: datetime) -> None:
    key = f"run:{run.pk}:acked" if run else f"acked:{incident.pk}:{by.pk}"
    paging.tell(
        people, incident, key=key, now=now,
        write=lambda person, link: letters.acknowledged(incident, person, by=by, link=link, now=now),
    )  # fmt: skip
