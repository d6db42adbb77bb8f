"""The last resort: the ordered ways that are left when nobody of a policy acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from incidents import journal, letters
from incidents.escalation import paging
from incidents.escalation.snapshot import Plan
from incidents.escalation.targets import Candidate
from incidents.models import Incident, Run, StepRecord, TimelineEntry
from notifications import numbers, outbox
from notifications.models import Channel, Message
from notifications.outbox import Letter
from servicedesk.directory import moments, tongues
from servicedesk.directory.models import Role, User
from servicedesk.oncall import roster

AGAIN = timedelta(minutes=15)
FOR = timedelta(hours=4)
BLINK = timedelta(minutes=1)  # so fast nobody had a chance to answer
STEP = 0  # its number among the steps of a run


def call(run: Run, incident: Incident, plan: Plan, *, now: datetime) -> Sequence[User]:
    """Page everyone on the list who is here and can be reached; IT managers where nobody of it can. Who is paged."""
    turn = run.records.filter(step=STEP).count()
    listed = roster.present(people(plan), at=now)
    paged = _page(run, incident, plan, listed, turn=turn, now=now)
    if not paged.reached:
        others = [each for each in roster.present(managers(), at=now) if each not in listed]
        instead = _page(run, incident, plan, others, turn=turn, now=now)
        paged = paging.Paged(instead.reached, [*paged.missed, *instead.missed])
    _dial(run, incident, plan, turn=turn, now=now)
    StepRecord.objects.create(run=run, loop=turn, step=STEP, at=now, skipped="" if paged.reached else _("nobody can be reached"))
    _write_down(incident, plan, paged, now=now)
    return paged.reached


def walked(run: Run, plan: Plan, *, now: datetime) -> str:
    """How far the run came, for "Nobody acknowledged …"."""
    steps = run.records.filter(step__gt=STEP, skipped="").values("step").distinct().count()
    if not steps:
        return tongues.later("because nobody of %(policy)s can be reached", {"policy": plan.name})
    if now - run.started_at < BLINK:
        return tongues.later("because nobody of %(policy)s can be woken", {"policy": plan.name})
    words = {"n": steps, "time": tongues.later_from(lambda: moments.duration(now - run.started_at))}
    return tongues.later_of("after %(n)d step in %(time)s", "after %(n)d steps in %(time)s", steps, words)


def managers() -> list[User]:
    return list(User.objects.get_queryset().holding(Role.MANAGER).select_related("site").order_by("name", "pk"))


def staffed_number(plan: Plan) -> str:
    return next((way.number for way in plan.last_resort if way.number), "")


def dialled_numbers(plan: Plan) -> list[str]:
    """The staffed numbers a provider can dial, as it dials them."""
    return [number for way in plan.last_resort if (number := numbers.dialled(way.number))]


def people(plan: Plan) -> list[User]:
    """The people of the list, in its order."""
    order = [way.person for way in plan.last_resort if way.person]
    found = User.objects.select_related("site").in_bulk(order)
    return [found[pk] for pk in order if pk in found]


def _page(run: Run, incident: Incident, plan: Plan, listed: list[User], *, turn: int, now: datetime) -> paging.Paged:
    words = {"walked": walked(run, plan, now=now), "call": staffed_number(plan), "now": now}
    role = tongues.later("the last resort")

    def write(one: Candidate, link: str) -> Letter:
        return letters.last_resort(incident, one.person, link=link, **words)  # type: ignore[arg-type]

    chosen = [Candidate(person, role, role) for person in listed]
    key = f"run:{run.pk}:last:{turn}"
    return paging.page_each(incident, run, chosen, key=key, write=write, step=STEP, loop=turn, first_only=False, now=now)


def _dial(run: Run, incident: Incident, plan: Plan, *, turn: int, now: datetime) -> None:
    """Ring the staffed numbers as well. They are no person's, so nobody counts as reached by them."""
    letter = letters.staffed(incident, walked=walked(run, plan, now=now), now=now)
    for number in dialled_numbers(plan):
        key = f"run:{run.pk}:last:{turn}:{number}"
        outbox.post(thread=incident.number, key=key, channel=Channel.VOICE, to=number, letter=letter, now=now, lane=Message.Lane.PAGE)


def _write_down(incident: Incident, plan: Plan, paged: paging.Paged, *, now: datetime) -> None:
    number = staffed_number(plan)
    missed = "; ".join(f"{person}: {reason}" for person, reason in paged.missed)
    data = {"paged": [person.pk for person in paged.reached], "number": number}
    if paged.reached:
        text = _("The last resort is paged: %(names)s.") % {"names": paging.names_of(paged.reached)}
        journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, because=missed, data=data, key=True)
    else:
        text = _("Nobody of the last resort can be reached.")
        journal.line(incident, TimelineEntry.Kind.WARNING, text, now=now, because=missed, data=data, key=True)
    if number:
        rings = _("The staffed number of the last resort rings: %(number)s.")
        text = (rings if numbers.dialled(number) else _("The last resort also has a staffed number: call %(number)s.")) % {"number": number}
        journal.line(incident, TimelineEntry.Kind.NOTE, text, now=now, data=data)
