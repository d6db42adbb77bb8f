"""Where everybody of a step must acknowledge: each answers for themselves, and the last of them has the incident."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal
from incidents.escalation import paging, snapshot
from incidents.models import Incident, Page, Run, TimelineEntry
from notifications import outbox
from notifications.models import Errand
from servicedesk.directory.models import User

OVER = (Errand.State.UNREACHABLE, Errand.State.DONE)


def still_asked(run: Run | None, person: User) -> list[User]:
    """Who must acknowledge beside this person before anybody has it; nobody where one answer is enough.

    Whoever no method reaches, or who passed it on, is not waited for.
    """
    pages = _pages(run) if run is not None else []
    if not any(page.person == person for page in pages):
        return []
    keys = [page.errand_key for page in pages]
    over = set(Errand.objects.filter(key__in=keys, state__in=OVER).values_list("key", flat=True))
    answered = {page.person for page in pages if page.answered_at is not None} | {person}
    asked = (page.person for page in pages if page.again_at is not None or page.errand_key not in over)
    return [each for each in dict.fromkeys(asked) if each not in answered]


def answered_at(run: Run | None, person: User) -> datetime | None:
    """When this person acknowledged their part of a run; None: they did not, or one answer is enough for it."""
    if run is None:
        return None
    return run.pages.filter(person=person, answered_at__isnull=False).values_list("answered_at", flat=True).first()


def answered(run: Run) -> set[int]:
    """Whoever acknowledged their part: nobody of them is paged by this run again."""
    return set(run.pages.filter(answered_at__isnull=False).values_list("person_id", flat=True))


def take(run: Run, incident: Incident, others: Sequence[User], *, by: User, road: str, now: datetime) -> None:
    """This person has their part: only their own pages are cancelled, the others are asked on. A repeat changes nothing."""
    outbox.acted(incident.number, by, now=now)
    outbox.cancel(incident.number, now=now, reason=_("answered"), only_person=by)
    if answered_at(run, by) is not None:
        return
    run.pages.filter(person=by).update(answered_at=now, again_at=None)
    words = {"name": by, "road": road, "others": paging.names_of(others)}
    text = _("%(name)s acknowledged %(road)s. Still asked: %(others)s.") % words
    journal.line(incident, TimelineEntry.Kind.ACK, text, now=now, actor=by, because=_("everybody of the step must"), data={"run": run.pk})


def give_back(run: Run, *, by: User, now: datetime) -> bool:
    """Take the part back: the person is asked again at once. False: they had none."""
    return bool(run.pages.filter(pk__in=_last(run, by), answered_at__isnull=False).update(again_at=now)) and bool(
        run.pages.filter(person=by).update(answered_at=None)
    )


def _last(run: Run, by: User) -> list[int]:
    return list(run.pages.filter(person=by).order_by("-id").values_list("pk", flat=True)[:1])


def _pages(run: Run) -> list[Page]:
    """Pages of this run's steps in which everybody must acknowledge."""
    plan = snapshot.read(run.snapshot)
    steps = [number for number, step in enumerate(plan.steps, start=1) if step.require_all]
    return list(run.pages.filter(step__in=steps).select_related("person").order_by("pk")) if steps else []
