"""Drills: whoever is on duty is really paged, every message begins with TEST, and each answer is measured.

`results` gives the plan review what it asks for: who was paged when, how fast they answered, and who did not.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _

from notifications import caretakers, gsm7, outbox
from notifications.models import Drill, DrillAnswer, Errand, Message, Urgency
from notifications.outbox import Letter
from servicedesk.audit import trail
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Organisation, User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule

R = DrillAnswer.Result


def hold_due(*, now: datetime) -> int:
    """Begin the drills that are due; how many."""
    held = 0
    for drill in Drill.objects.due(now).order_by("pk"):
        following = _following(drill, now)
        if Drill.objects.filter(pk=drill.pk, due_at=drill.due_at).update(due_at=following):
            hold(drill, now=now)
            held += 1
    return held


@transaction.atomic
def hold(drill: Drill, *, now: datetime) -> list[DrillAnswer]:
    """Page everybody this drill is for, now."""
    answers = [_page(drill, person, now) for person in _people(drill, now)]
    trail.record(drill, "hold", actor=None, now=now, after={"people": [str(one.person) for one in answers]})
    return answers


@transaction.atomic
def answer(token: str, *, now: datetime) -> DrillAnswer | None:
    """This person has it: measured once, and nothing more is sent. None for an unknown token."""
    found = DrillAnswer.objects.select_related("person", "drill").filter(token=token).first()
    if found is None or found.result != R.WAITING:
        return found
    outbox.acted(thread(found.drill, found.began_at), found.person, now=now)
    outbox.cancel(thread(found.drill, found.began_at), now=now, reason=_("The drill was answered."), only_person=found.person)
    return _close(found, R.ANSWERED, answered_at=now)


def settle_due(*, now: datetime) -> int:
    """Close what was not answered in time or reached nobody; the administrators hear of it once a round. How many were closed."""
    unreached = DrillAnswer.objects.filter(result=R.WAITING, errand__state=Errand.State.UNREACHABLE)
    late = DrillAnswer.objects.filter(result=R.WAITING, ends_at__lte=now)
    found = [*((one, R.UNREACHED) for one in _whole(unreached)), *((one, R.MISSED) for one in _whole(late))]
    for one, result in found:
        with transaction.atomic():
            outbox.cancel(thread(one.drill, one.began_at), now=now, reason=_("The drill is over."), only_person=one.person)
            _close(one, result)
    for drill, began_at in {(one.drill, one.began_at) for one, _result in found}:
        _tell(drill, began_at, now=now)
    return len(found)


def results(*, since: datetime, until: datetime) -> QuerySet[DrillAnswer]:
    """What every person made of every drill in this time, the newest first."""
    return (
        DrillAnswer.objects.filter(began_at__gte=since, began_at__lt=until)
        .select_related("drill", "person")
        .order_by("-began_at", "person")
    )


def thread(drill: Drill, began_at: datetime) -> str:
    return f"DRILL-{drill.pk}-{began_at:%Y%m%d%H%M}"


def install_weekly(*, now: datetime) -> Drill:
    """A real page to whoever is on duty every Tuesday at 10:30, unless somebody switches it off."""
    local = now.astimezone(_zone())
    first = (local + timedelta(days=(1 - local.weekday()) % 7 or 7)).replace(hour=10, minute=30, second=0, microsecond=0)
    return Drill.objects.create(name=_("Weekly test page"), due_at=first, every_days=7, created_at=now)


def _people(drill: Drill, now: datetime) -> list[User]:
    people = list(drill.people.filter(is_active=True).order_by("pk"))
    if drill.takes_duty:
        rotas = roster.load(list(Schedule.objects.select_related("team", "fallback")), start=now, end=now)
        people += [duty.person for rota in rotas for duty in rota.on_call(now)]
    return list(dict.fromkeys(people))


def _page(drill: Drill, person: User, now: datetime) -> DrillAnswer:
    ends_at = now + timedelta(minutes=drill.within_min)
    made = DrillAnswer.objects.create(drill=drill, person=person, began_at=now, ends_at=ends_at, token=secrets.token_urlsafe(16))
    made.errand = outbox.queue(
        person,
        thread=thread(drill, now),
        key=f"drill:{made.pk}",
        letter=letter(drill, person, made),
        urgency=Urgency.URGENT,
        kind=Errand.Kind.PAGE,
        rank=4,
        because=_("a drill: %(name)s") % {"name": drill.name},
        on_duty=True,
        now=now,
        expires_at=ends_at,
    )
    made.save(update_fields=["errand"])
    return made


def letter(drill: Drill, person: User, made: DrillAnswer) -> Letter:
    """TEST first, what it is, and one link."""
    with tongues.reader(person):
        return _letter(drill, person, made)


def _letter(drill: Drill, person: User, made: DrillAnswer) -> Letter:
    organisation = Organisation.current()
    url = f"{settings.SITE_URL}/drill/{made.token}/"
    said = {"name": drill.name, "by": moments.stamp(zones.local(made.ends_at, person), None), "url": url}
    said |= {"house": organisation.name if organisation else _("Servicedesk")}
    text = _("TEST from %(house)s: %(name)s. Nothing is wrong. Show that a page reaches you, until %(by)s:\n\n%(url)s") % said
    sms = gsm7.fit(
        [gsm7.Part(_("TEST %(name)s. Nothing is wrong. Confirm by %(by)s:") % said, 1), gsm7.Part(_("%(url)s or reply ATEST") % said)]
    )
    spoken = _("This is a test from %(house)s. Nothing is wrong. Press 4: I have it. Press 6: repeat.") % said
    return Letter(subject=_("TEST: %(name)s") % said, text=text, html="", sms=sms, short="TEST", voice=spoken)


def _close(one: DrillAnswer, result: str, *, answered_at: datetime | None = None) -> DrillAnswer:
    first = Message.objects.filter(errand=one.errand).aggregate(first=Min("sent_at"))["first"]
    one.result, one.sent_at, one.answered_at = result, first, answered_at
    one.save(update_fields=["result", "sent_at", "answered_at"])
    return one


def _whole(rows: QuerySet[DrillAnswer]) -> Iterable[DrillAnswer]:
    return list(rows.select_related("drill", "person").order_by("pk"))


def _tell(drill: Drill, began_at: datetime, *, now: datetime) -> None:
    """Who did not answer, in one letter, when nobody is waited for any more."""
    rows = DrillAnswer.objects.filter(drill=drill, began_at=began_at).select_related("person")
    if rows.filter(result=R.WAITING).exists():
        return
    missed = [f"{one.person}: {one.get_result_display()}" for one in rows if one.result != R.ANSWERED]
    caretakers.tell(
        key=f"drill:{drill.pk}:{began_at.timestamp():.0f}",
        subject=tongues.later("%(name)s: %(n)d of %(all)d did not answer", {"name": drill.name, "n": len(missed), "all": len(rows)}),
        text="\n".join(missed),
        link="/drills/",
        now=now,
    )


def _following(drill: Drill, now: datetime) -> datetime | None:
    """The same time of day so many days later, past what was missed while the desk was down; None: it was the last."""
    following = drill.due_at and drill.due_at.astimezone(_zone())  # a day more is the same time by the clock on the wall
    while following is not None and following <= now:
        following = following + timedelta(days=drill.every_days) if drill.every_days else None
    return following


def _zone() -> ZoneInfo:
    organisation = Organisation.current()
    return ZoneInfo(organisation.zone if organisation else "UTC")
