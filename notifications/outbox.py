"""The only way in for letters. Runs in the caller's transaction: what is queued here exists if and only if the deed does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Min, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from notifications import bundling, plan, reach, walk
from notifications.models import Attempt, Channel, ContactMethod, Errand, Message, Urgency
from notifications.models.errands import ErrandQuerySet
from notifications.models.messages import MessageQuerySet
from notifications.states import IN_FLIGHT, TOLD, WAITING, AttemptState, MessageState
from servicedesk.directory.models import User

SECOND_WAY = timedelta(minutes=10)  # a notice tries its next method so late, unless the first one fails


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to say, rendered for one person in every form: absolute times, their language, their zone.

    `sms` is at most 160 GSM-7 units; `short` at most 30, for bundles; `reference` ("A214") stands in `sms` and is looked
    for when a provider's answer was lost. The words of a confidential letter are not shown in the outbox.
    """

    subject: str
    text: str
    html: str
    sms: str
    short: str
    voice: str = ""
    reference: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    is_confidential: bool = False


@transaction.atomic(savepoint=False)
def queue(
    person: User,
    *,
    thread: str,
    key: str,
    letter: Letter,
    urgency: str,
    kind: str,
    rank: int,
    because: str,
    on_duty: bool,
    now: datetime,
    expires_at: datetime | None = None,
    about: str = "",
    topic: str = "",
) -> Errand:
    """Tell this person, along their ladder. With a key used before, that errand is returned and nothing is queued.

    A notice on a `topic` the person switched off is kept as cancelled and nothing goes out; pages have no topic.
    `about` says whose noise a page is: pages that come thick go as one, and one service's never delay another's.
    The errand comes back UNREACHABLE when no method can be used, or when all of a page would be held.
    """
    known = {
        "thread": thread,
        "kind": kind,
        "urgency": urgency,
        "rank": rank,
        "because": because[:240],
        "about": about[:80],
        "created_at": now,
    }
    errand, is_new = Errand.objects.get_or_create(key=key, defaults={"person": person, **known})
    if not is_new:
        return errand
    if not reach.wants(person, topic):
        return _unwanted(errand, now=now)
    ways = _ways(person, urgency, kind, now)
    made = reach.plan_for(ways, kind=kind, on_duty=on_duty, quiet_hours=None if on_duty else reach.quiet(person), now=now)
    _write(errand, ways, made, letter, now=now, expires_at=expires_at)
    _note_left_out(errand, ways, made, now=now)
    return errand


def _note_left_out(errand: Errand, ways: Sequence[reach.Rung], made: plan.Plan, *, now: datetime) -> None:
    """Which methods are not used and why, and whether none is."""
    errand.skipped = [{"method": way.method.get_kind_display(), "reason": way.why_not} for way in ways if way.why_not]
    if made.unreachable:
        errand.skipped += [{"method": "", "reason": _("quiet hours")}] if made.steps else []
        errand.state, errand.settled_at = Errand.State.UNREACHABLE, now
        errand.noticed_at = None if errand.kind == Errand.Kind.PAGE else now
    if errand.skipped or made.unreachable:
        errand.save(update_fields=["skipped", "state", "settled_at", "noticed_at"])


def _unwanted(errand: Errand, *, now: datetime) -> Errand:
    errand.state, errand.settled_at = Errand.State.CANCELLED, now
    errand.skipped = [{"method": "", "reason": _("switched off by the person")}]
    errand.save(update_fields=["state", "settled_at", "skipped"])
    return errand


def _ways(person: User, urgency: str, kind: str, now: datetime) -> list[reach.Rung]:
    """The ladder. A notice takes one way: an urgent one what is heard first; the account's address where there is no ladder."""
    ways = reach.ladder(person, urgency)
    if kind == Errand.Kind.PAGE:
        return ways
    is_known = any(way.method.address == person.email for way in ways)
    if person.email and all(way.why_not or (way.method.is_flagged(now) and not is_known) for way in ways):
        account = ContactMethod(person=person, kind=Channel.EMAIL, address=person.email, verified_at=person.created_at)
        return [*ways, reach.Rung(account, 0)]
    is_urgent = urgency == Urgency.URGENT
    return sorted(ways, key=lambda way: (way.delay_s, is_urgent and way.method.kind == Channel.EMAIL))


def _write(
    errand: Errand, ways: Sequence[reach.Rung], made: plan.Plan, letter: Letter, *, now: datetime, expires_at: datetime | None
) -> None:
    """One row a step; what is due is queued. Of a notice the first goes out, and the others wait in case it fails."""
    is_page = errand.kind == Errand.Kind.PAGE
    rows = []
    for number, step in enumerate(made.steps):
        method = ways[step.rung].method
        row = _message(letter, method.kind, thread=errand.thread, key=f"{errand.key}:{number}", now=now)
        row.errand, row.person, row.rung, row.to = errand, errand.person, number, method.address
        row.method = method if method.pk else None
        row.lane = Message.Lane.PAGE if is_page else Message.Lane.BULK
        row.state = MessageState.HELD if step.held_until else MessageState.PLANNED
        row.due_at = step.due_at if is_page else max(step.due_at, made.steps[0].due_at + number * SECOND_WAY)
        row.reason = _("quiet hours") if step.held_until else ""
        row.asked_at = now if row.due_at <= now and bundling.may_wait(row) else None
        row.expires_at = expires_at
        rows.append(row)
    Message.objects.bulk_create(rows)
    walk.let_go([row for row in rows if row.due_at <= now], now=now)


@transaction.atomic
def post(
    *,
    thread: str,
    key: str,
    channel: str,
    to: str,
    letter: Letter,
    now: datetime,
    person: User | None = None,
    due_at: datetime | None = None,
    lane: str = Message.Lane.BULK,
    method: ContactMethod | None = None,
    expires_at: datetime | None = None,
) -> Message:
    """One plain letter to one address, at once or at `due_at`; with a key used before, that message."""
    before = Message.objects.filter(key=key).first()
    if before is not None:
        return before
    row = _message(letter, channel, thread=thread, key=key, now=now)
    row.to, row.person, row.lane, row.due_at = to, person, lane, due_at or now
    row.method, row.expires_at = method, expires_at
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # somebody posted it this very moment
        return Message.objects.get(key=key)
    walk.release(Message.objects.filter(pk=row.pk, due_at__lte=now), now=now)
    row.refresh_from_db()
    return row


def _message(letter: Letter, channel: str, *, thread: str, key: str, now: datetime) -> Message:
    """A letter in the form this channel carries."""
    spoken = letter.voice if channel == Channel.VOICE else letter.sms
    return Message(
        thread=thread,
        key=key,
        channel=channel,
        subject=letter.subject[:250],
        text=letter.text if channel == Channel.EMAIL else spoken or letter.sms or letter.text,
        html=letter.html if channel == Channel.EMAIL else "",
        short=letter.short[:40],
        reference=letter.reference[:20],
        headers=letter.headers,
        is_confidential=letter.is_confidential,
        created_at=now,
    )


@transaction.atomic
def cancel(thread: str, *, now: datetime, reason: str, only_person: User | None = None) -> list[User]:
    """Nobody is paged any more on this thread (or only this person is not); who was told already.

    What waits is cancelled. What is out is stamped, and delivery reads the stamp immediately before the provider's call.
    """
    whose = {} if only_person is None else {"person": only_person}
    errands = Errand.objects.filter(thread=thread, kind=Errand.Kind.PAGE, **whose)
    pages = Message.objects.of_thread(thread).filter(lane=Message.Lane.PAGE, **whose)
    list(errands.select_for_update().order_by("pk").values_list("pk"))
    list(pages.filter(state__in=(*WAITING, *IN_FLIGHT)).select_for_update().order_by("pk").values_list("pk"))
    called = Attempt.objects.filter(called_at__isnull=False).exclude(state=AttemptState.FAILED)
    called = called.filter(Q(message__in=pages) | Q(message__in=pages.exclude(bundle=None).values("bundle")))
    told = list(User.objects.filter(pk__in=called.values("message__person")).order_by("pk"))
    pages.waiting().move(MessageState.CANCELLED, ended_at=now, reason=reason[:240])
    ringing(pages).update(hang_up_at=now, stop_at=now)
    bundling.left(pages, to=MessageState.CANCELLED, now=now, reason=reason)
    pages.filter(state__in=IN_FLIGHT, stop_at=None).update(stop_at=now)
    errands.open().update(state=Errand.State.CANCELLED, settled_at=now)
    errands.unsettled().update(noticed_at=now)
    return told


@transaction.atomic
def acted(thread: str, person: User, *, now: datetime) -> None:
    """This person answered: their errand is done, and what reached them says so."""
    errands = Errand.objects.filter(thread=thread, person=person, kind=Errand.Kind.PAGE)
    errands.open().update(state=Errand.State.DONE, settled_at=now)
    pages = Message.objects.of_thread(thread).filter(person=person, lane=Message.Lane.PAGE)
    ringing(pages).update(hang_up_at=now, stop_at=now)
    columns: dict[str, Any] = {"acted_at": now, "seen_at": Coalesce("seen_at", Value(now)), "ended_at": now}
    bundling.left(pages, to=MessageState.ANSWERED, now=now, **columns)
    pages.move(MessageState.ANSWERED, **columns)


@transaction.atomic
def take_back(thread: str, keys: Sequence[str], *, now: datetime, reason: str) -> bool:
    """Cancel every letter whose key begins with one of these, unless a single one was claimed: then none, and False."""
    named = Q(*(Q(key__startswith=key) for key in keys), _connector=Q.OR)
    rows = Message.objects.of_thread(thread).filter(named)
    states = list(rows.select_for_update().order_by("pk").values_list("state", flat=True))
    if any(state not in (*WAITING, MessageState.CANCELLED) for state in states):
        return False
    waiting = states.count(MessageState.CANCELLED)
    moved = rows.waiting().move(MessageState.CANCELLED, ended_at=now, reason=reason[:240])
    return moved == len(states) - waiting


def ringing(pages: MessageQuerySet) -> MessageQuerySet:
    """Calls that nobody picked up yet."""
    return pages.filter(channel=Channel.VOICE, state=MessageState.SENT, delivered_at=None, hang_up_at=None)


def seen(thread: str, person: User, *, now: datetime) -> None:
    """This person has it before their eyes, by a deed of theirs; fetching a link is not one."""
    Message.objects.of_thread(thread).filter(person=person, state__in=TOLD, seen_at=None).update(seen_at=now)


def settle(errand: Errand, *, now: datetime) -> None:
    """Who asked has taken notice that this person was not reached."""
    errand.noticed_at = now
    errand.save(update_fields=["noticed_at"])


def unsettled(thread_prefix: str = "") -> ErrandQuerySet:
    """Errands that reached nobody, and of which nobody took notice yet."""
    return Errand.objects.unsettled().filter(thread__startswith=thread_prefix)


def rehearse(thread: str, *, before: datetime | None = None) -> None:
    """Let go what of a thread's pages comes due before a moment, each at its own time, as the engine would; None: all of it.

    For what is rolled back: the clock of this is invented.
    """
    pages = Message.objects.of_thread(thread).filter(lane=Message.Lane.PAGE)
    due = pages.filter(state__in=(MessageState.PLANNED, MessageState.HELD))
    due = due.filter(due_at__lt=before) if before else due
    if not pages.order_by().values("person", "channel", "to").annotate(n=Count("pk")).filter(n__gt=plan.AT_ONCE).exists():
        due.update(state=MessageState.QUEUED, queued_at=F("due_at"), asked_at=Coalesce("asked_at", F("due_at")))
        return
    while (moment := due.aggregate(first=Min("due_at"))["first"]) is not None:
        walk.release(due.filter(due_at__lte=moment), now=moment, binds=True)


def last_bundle_to(number: str) -> Message | None:
    """The last message to this telephone that stood for several pages."""
    return bundling.last_to(number)


def bundle_of(token: str) -> Message | None:
    """The bundle a link names, with its person."""
    return bundling.of_token(token)


def incidents_of(bundle: Message) -> list[int]:
    """The numbers a bundle stands for, the most serious first."""
    found = (walk.THREAD.fullmatch(thread) for thread in bundling.threads(bundle))
    return [int(one[1]) for one in found if one]
