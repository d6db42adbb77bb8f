"""Holding a review: opened with its evidence, decided item by item, handed over by one person, signed by another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents import tickets
from incidents.models import Plan, PlanReview, ReviewFile, ReviewItem, ReviewQuestion, Ticket
from incidents.reviews import sealing
from incidents.reviews.asking import Asked, ask
from incidents.reviews.questions import limits_of, query_of
from incidents.vault import Kept
from servicedesk import walltime
from servicedesk.audit import trail
from servicedesk.directory import tongues, zones
from servicedesk.directory.models import User

USUAL_DAYS = 92  # a quarter
REMIND_BEFORE = timedelta(days=14)
Verdict, State = ReviewItem.Verdict, PlanReview.State


class StillOpen(Exception):
    """Not every question is decided; `items` are those that are not."""

    def __init__(self, items: list[ReviewItem]) -> None:
        super().__init__(len(items))
        self.items = items


class NotYours(Exception):
    """This person may not be the second signature; the message says why."""


class NotNow(Exception):
    """The review is not at the point where this can be done; the message says where it is."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person makes of an item; `owner` and `due_on` belong to an action."""

    verdict: str = ""
    note: str = ""
    owner: User | None = None
    due_on: date | None = None


def last_signed() -> PlanReview | None:
    return PlanReview.objects.signed().order_by("-signed_at").first()


def due_on(now: datetime) -> date:
    """When the next one is due: as often as the plan says after the last sign-off, else after the plan came into force."""
    last, plan = last_signed(), Plan.current()
    since = (last.signed_at if last else None) or (plan.approved_at if plan else None) or now
    return (since + timedelta(days=plan.review_every_days if plan else USUAL_DAYS)).date()


@tongues.deed
def begin(*, actor: User | None, reason: str = PlanReview.Reason.QUARTER, due: date | None = None, now: datetime) -> PlanReview:
    """A review with every question asked. While one is running: that one."""
    Plan.objects.select_for_update().filter(pk=1).first()  # two who begin at once get the same one
    running = PlanReview.objects.running().first()
    if running is not None:
        return running
    last, plan, due = last_signed(), Plan.current(), due or due_on(now)
    review = PlanReview.objects.create(
        slug=_free_slug(now), reason=reason, period_from=(last.signed_at if last else None) or now - timedelta(days=90), due_on=due,
        plan_version=plan.version if plan else 0, opened_at=now, opened_by=actor, remind_at=_remind_at(due),
    )  # fmt: skip
    for number, question in enumerate(ReviewQuestion.objects.filter(is_asked=True), 1):
        ReviewItem.objects.create(
            review=review, number=number, key=question.key or "", question=question.text, why=question.why, limits=question.limits,
            helps_with=question.helps_with,
        )  # fmt: skip
    trail.record(review, "open", actor=actor, now=now, after={"slug": review.slug, "reason": reason})
    return gather(review, actor=actor, now=now)


@tongues.deed
def gather(review: PlanReview, *, actor: User | None, now: datetime) -> PlanReview:
    """Ask every question of the database again. What people decided stays. Raises NotNow."""
    review = _held(review, State.OPEN)
    for item in review.items.all():
        if query := query_of(item.key):
            item.limits = limits_of(item.key, item.limits)
            item.evidence = ask(query, Asked(review.period_from, now, item.limits))
            item.save(update_fields=["evidence", "limits"])
    plan = Plan.current()
    review.plan_version = plan.version if plan else 0
    review.save(update_fields=["plan_version"])
    trail.record(review, "gather evidence", actor=actor, now=now)
    return review


@tongues.deed
def decide(review: PlanReview, decisions: Mapping[int, Decision], *, actor: User, now: datetime) -> PlanReview:
    """What people make of the items, by their keys; unchanged ones stay as they are. Raises NotNow."""
    review = _held(review, State.OPEN)
    for item in review.items.select_related("owner").filter(pk__in=decisions):
        given = decisions[item.pk]
        before = Decision(item.verdict, item.note, item.owner, item.due_on)
        if given == before:
            continue
        item.verdict, item.note, item.owner, item.due_on = given.verdict, given.note, given.owner, given.due_on
        item.decided_at, item.decided_by = now, actor
        item.save(update_fields=["verdict", "note", "owner", "due_on", "decided_at", "decided_by"])
        trail.record(review, "decide", actor=actor, now=now, before=_plain(item, before), after=_plain(item, given))
    return review


@tongues.deed
def attach(item: ReviewItem, files: Iterable[Kept], *, evidence_on: date, actor: User, now: datetime) -> list[ReviewFile]:
    """Files that are on disk, and the day they prove. Raises NotNow."""
    review = _held(item.review, State.OPEN)
    rows = [
        ReviewFile.objects.create(
            item=item,
            name=kept.name,
            size=kept.size,
            sha256=kept.sha256,
            kind=kept.kind,
            evidence_on=evidence_on,
            added_by=actor,
            added_at=now,
        )
        for kept in files
    ]
    for row in rows:
        trail.record(review, "attach", actor=actor, now=now, after={"item": item.number, **row.as_json()})
    return rows


@tongues.deed
def hand_over(review: PlanReview, *, actor: User, now: datetime) -> PlanReview:
    """Prepared by this person, and for another to sign. Raises StillOpen, NotNow."""
    review = _held(review, State.OPEN)
    if missing := still_open(review):
        raise StillOpen(missing)
    review.state, review.prepared_by, review.prepared_at = State.READY, actor, now
    review.save(update_fields=["state", "prepared_by", "prepared_at"])
    trail.record(review, "hand over", actor=actor, now=now)
    return review


@tongues.deed
def take_back(review: PlanReview, *, actor: User, now: datetime) -> PlanReview:
    """Not as it is: to be changed again. Raises NotNow."""
    review = _held(review, State.READY)
    review.state, review.prepared_by, review.prepared_at = State.OPEN, None, None
    review.save(update_fields=["state", "prepared_by", "prepared_at"])
    trail.record(review, "give back", actor=actor, now=now)
    return review


@tongues.deed
def sign(review: PlanReview, *, actor: User, statement: str, now: datetime) -> PlanReview:
    """The second signature: findings become tickets, then everything is frozen under a hash. Raises StillOpen, NotYours, NotNow."""
    review = _held(review, State.READY)
    if missing := still_open(review):
        raise StillOpen(missing)
    if why := why_not(review, actor):
        raise NotYours(why)
    for item in review.items.select_related("owner").filter(verdict=Verdict.ACTION, ticket=None):
        item.ticket = _ticket(review, item, now)
        item.save(update_fields=["ticket"])
    review.state, review.signed_by, review.signed_at = State.SIGNED, actor, now
    review.signer_role, review.statement = (
        ", ".join(sorted({str(grant.get_role_display()) for grant in actor.grants.all()}))[:60],
        statement[:240],
    )
    review.remind_at = None
    review.snapshot = sealing.snapshot(review)
    review.sha256 = sealing.digest(review.snapshot)
    columns = ["state", "signed_by", "signed_at", "signer_role", "statement", "remind_at", "snapshot", "sha256"]
    review.save(update_fields=columns)
    trail.record(review, "sign", actor=actor, now=now, after={"sha256": review.sha256, "role": review.signer_role})
    return review


def still_open(review: PlanReview) -> list[ReviewItem]:
    return [item for item in review.items.order_by("number") if item.missing()]


def why_not(review: PlanReview, person: User) -> str:
    """Why this person cannot be the second signature; empty for who can."""
    if not (person.is_manager or person.is_admin):
        return _("Managers and administrators sign.")
    if review.prepared_by_id == person.pk:
        return _("You prepared this review, so another person signs it.")
    plan = Plan.current()
    if plan is not None and plan.owner_id == person.pk:
        return _("You own the plan, so another person signs its review.")
    if _closes_own(review, person):
        return _("You own an action of the last review that is closed here, so another person signs.")
    return ""


def _closes_own(review: PlanReview, person: User) -> bool:
    """Whether a finding of the review before, which this person was to see to, counts as done in this one."""
    before = PlanReview.objects.signed().exclude(pk=review.pk).order_by("-signed_at").first()
    if before is None:
        return False
    own = before.items.filter(verdict=Verdict.ACTION, owner=person)
    return any(item.ticket is None or not item.ticket.is_open for item in own.select_related("ticket"))


def _held(review: PlanReview, state: str) -> PlanReview:
    """The row, locked, in that state."""
    row = PlanReview.objects.select_for_update().get(pk=review.pk)
    if row.state != state:
        raise NotNow(_("This review is: %(state)s.") % {"state": row.get_state_display()})
    return row


def _ticket(review: PlanReview, item: ReviewItem, now: datetime) -> Ticket:
    """A finding as work of its owner, who sees it also without being staff."""
    assert item.owner is not None  # missing() saw to it
    assert review.prepared_by is not None  # and the constraint to this
    words = {"review": review, "n": item.number, "question": item.question, "said": item.evidence.get("said", ""), "note": item.note}
    what = _("Plan review %(review)s, question %(n)d: %(question)s %(said)s. %(note)s") % words
    ticket = tickets.file(
        requester=item.owner, reported_by=review.prepared_by, what=f"{what}\n{_('Due')}: {item.due_on:%d %b %Y}", now=now,
        title=_("Plan review: %(question)s") % words, impacted="me", effect="question", origin=Ticket.Origin.STAFF, tags=["plan-review"],
    )  # fmt: skip
    if item.owner.is_agent or item.owner.is_manager:
        ticket = tickets.assign(ticket, to=item.owner, actor=review.prepared_by, now=now)
    return ticket


def _free_slug(now: datetime) -> str:
    """2026-q4; a second one of the quarter is 2026-q4-2."""
    slug = f"{now.year}-q{(now.month - 1) // 3 + 1}"
    taken = PlanReview.objects.filter(slug__startswith=slug).count()
    return f"{slug}-{taken + 1}" if taken else slug


def _remind_at(due: date) -> datetime:
    return walltime.first(datetime.combine(due, time(9)), ZoneInfo(zones.of(None))) - REMIND_BEFORE


def _plain(item: ReviewItem, one: Decision) -> dict[str, Any]:
    return {
        "item": item.number, "verdict": one.verdict, "note": one.note, "owner": one.owner.username if one.owner else None,
        "due_on": one.due_on.isoformat() if one.due_on else None,
    }  # fmt: skip


def owners() -> Any:
    """Who may be given an action: everybody who works here."""
    return User.objects.get_queryset().people().active().order_by("name")
