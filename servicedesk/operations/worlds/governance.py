"""The plan as a company lives with it: read, exercised, reviewed in August and signed, changed twice since, under review again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from incidents import plans, reviews
from incidents.models import Exercise, ExerciseFinding, LastResort, Plan, PlanReview, Vendor
from servicedesk.audit import trail
from servicedesk.operations.worlds.company import Company

DAY = timedelta(days=1)
NOTES = {
    2: "Everybody reads it in the first week of September.",
    7: "The duty phone is dialled by hand; its number is on the wall.",
    20: "The first exercise is planned for November.",
    24: "The restore is rehearsed with the new storage.",
    25: "A second person joins each rota by December.",
}


def signed_before(company: Company, *, at: datetime) -> PlanReview:
    """The review of the quarter before: Dana prepared it, Kim signed. Nothing of it became a ticket."""
    dana, kim = company.people["dana"], company.people["kim"]
    review = reviews.begin(actor=dana, due=at.date(), now=at - 3 * DAY)
    answers = {item.pk: reviews.Decision("ok", NOTES.get(item.number, "")) for item in review.items.all()}
    reviews.decide(review, answers, actor=dana, now=at - 2 * DAY)
    reviews.hand_over(review, actor=dana, now=at - DAY)
    return reviews.sign(review, actor=kim, statement="I have read the evidence and the answers, and agree with them.", now=at)


def changed_since(company: Company, *, now: datetime) -> None:
    """Two changes of the autumn, as the trail keeps them; one of them with its reason."""
    adam, policy = company.people["adam"], company.policies["it-ops"]
    step = policy.steps.get(position=2)
    at = now - 70 * DAY + timedelta(hours=6, minutes=20)
    trail.record(step, "change", actor=adam, now=at, before={"delay_s": 900}, after={"delay_s": 600, "note": "agreed after INC-188"})
    noun = str(LastResort._meta.verbose_name_plural)
    at = now - 52 * DAY + timedelta(hours=1, minutes=5)
    trail.record(policy, "change parts", actor=adam, now=at, before={noun: ["Kim"]}, after={noun: ["Kim", "555-0100"]})


def read_by_all_but_one(company: Company, *, now: datetime) -> None:
    plan = Plan.current()
    assert plan is not None  # the company has one
    for days, name in enumerate(("adam", "dana", "kim", "sam", "ben", "lea"), 3):
        plans.confirm(plan, version=plan.version, reader=company.people[name], now=now - days * 9 * DAY)


def exercised(company: Company, *, today: date) -> None:
    """Around a table three weeks ago, and a restore that was checked."""
    people = company.people
    uplink = Vendor.objects.create(
        name="Northern Carrier", phone="+33 1 70 99 00 10", contract="NC-4711", answers_within_s=4 * 3600, tested_on=today - 70 * DAY
    )
    uplink.services.set([company.services["vpn"], company.services["email"]])
    table = Exercise.objects.create(
        kind=Exercise.Kind.TABLETOP,
        held_on=today - 20 * DAY,
        scenario="Mail is down on a Saturday night",
        vendor=uplink,
        outside_hours=True,
    )
    table.people.set([people[name] for name in ("dana", "kim", "sam", "ana", "lea")])
    for text in ("The duty phone was not in the plan.", "Nobody knew the contract number of the carrier."):
        ExerciseFinding.objects.create(exercise=table, text=text, owner=people["adam"], closed_on=today - 12 * DAY)
    before = Exercise.objects.create(
        kind=Exercise.Kind.TABLETOP, held_on=today - 170 * DAY, scenario="A laptop with payroll data is stolen"
    )
    before.people.set([people[name] for name in ("dana", "ben", "lea")])
    restore = Exercise.objects.create(
        kind=Exercise.Kind.RESTORE, held_on=today - 15 * DAY, scenario="Last night's backup on a spare machine", minutes=11
    )
    restore.people.set([people["sam"], people["adam"]])


def under_review(company: Company, *, now: datetime) -> PlanReview:
    """The one that is due now, its questions asked, nothing decided; everybody who is to know of it does."""
    review = reviews.begin(actor=company.people["dana"], now=now)
    PlanReview.objects.filter(pk=review.pk).update(remind_at=None)
    return review
