"""What breaks if a person, a number, a service, a policy or a provider is gone: what names it, and who would then be woken.

The engine rehearses every policy twice, as things are and without it, in transactions that are always rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import breaking_names as names
from incidents import escalation, rehearsal
from incidents.models import LastResort, Policy
from incidents.rehearsal import Line, Walk
from notifications.models import Channel, ContactMethod
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Role, Service, User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule

GRAVEST = 1
AHEAD = timedelta(days=14)
MOST_TURNS = 2
PROVIDERS = {"twilio": (Channel.SMS, Channel.VOICE), "email": (Channel.EMAIL,)}
Change = Callable[[], object]


class NotKnown(LookupError):
    """Nothing has this name."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes for one policy at one moment; `tone` is bad where nobody is woken any more."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    title: str
    named: list[tuple[str, str]]  # what names it, with a link or ""
    effects: list[Effect]
    unchanged: int


def what_breaks(what: str, *, now: datetime) -> Answer:
    """`what` as the page offers it: person:sam, number:12 (a method), number:L3 (a staffed number), service:email,
    policy:it-ops, provider:twilio. Raises NotKnown.
    """
    kind, _colon, key = what.partition(":")
    if kind not in ASKED:
        raise NotKnown(what)
    return ASKED[kind](key, now)


def _person(key: str, now: datetime) -> Answer:
    person = User.objects.filter(username=key, is_active=True).first()
    if person is None:
        raise NotKnown(key)

    def gone() -> None:
        User.objects.filter(pk=person.pk).update(is_active=False)

    effects, unchanged = _effects(gone, [now, *_turns(person, now)], now)
    return Answer(str(person), list(names.of_person(person, now=now)), effects, unchanged)


def _turns(person: User, now: datetime) -> list[datetime]:
    """When their next turn on each schedule begins."""
    rotas = roster.load(list(Schedule.objects.select_related("team", "fallback")), start=now, end=now + AHEAD)
    coming = (
        (duty.starts_at for duty in rota.line_up(now, now + AHEAD) if duty.person == person and duty.starts_at > now) for rota in rotas
    )
    return sorted({min(starts, default=now) for starts in coming} - {now})[:MOST_TURNS]


def _number(key: str, now: datetime) -> Answer:
    staffed = LastResort.objects.filter(pk=_whole(key[1:])).exclude(number="").first() if key.startswith("L") else None
    method = ContactMethod.objects.select_related("person").filter(pk=_whole(key)).first()
    if staffed is None and method is None:
        raise NotKnown(key)

    def gone() -> None:
        if staffed is not None:
            LastResort.objects.filter(number=staffed.number).delete()
        elif method is not None:
            ContactMethod.objects.filter(address=method.address).update(disabled_at=now, disabled_reason=_("it is gone"))

    effects, unchanged = _effects(gone, [now], now)
    title = staffed.number if staffed else names.masked(method) if method else ""
    return Answer(title, list(names.of_number(staffed, method)), effects, unchanged)


def _service(key: str, now: datetime) -> Answer:
    service = Service.objects.filter(slug=key).select_related("team", "owner").first()
    if service is None:
        raise NotKnown(key)
    policy = escalation.policy_for(rehearsal.Question(None, service))
    walk = rehearsal.rehearse(policy=policy, service=service, severity=GRAVEST, at=now)
    first = walk.first_woken
    tone = "info" if first else "bad"
    said = _("If it fails now, %(who)s.") % {"who": _who(first, now)}
    return Answer(str(service), list(names.of_service(service)), [Effect(tone, said)], 0)


def _policy(key: str, now: datetime) -> Answer:
    policy = Policy.objects.filter(slug=key).first()
    if policy is None:
        raise NotKnown(key)
    effects = [each for service in policy.services.order_by("name") if (each := _without_policy(service, policy, now))]
    return Answer(str(policy), list(names.of_policy(policy)), effects, 0)


def _without_policy(service: Service, policy: Policy, now: datetime) -> Effect | None:
    before = rehearsal.rehearse(policy=policy, service=service, severity=GRAVEST, at=now)
    with transaction.atomic():
        policy.services.clear()
        Policy.objects.filter(pk=policy.pk).update(is_default=False)
        other = escalation.policy_for(rehearsal.Question(None, service))
        after = rehearsal.rehearse(policy=other, service=service, severity=GRAVEST, at=now)
        transaction.set_rollback(True)
    return _compared(str(service), before, after, now, now)


def _provider(key: str, now: datetime) -> Answer:
    if key not in PROVIDERS:
        raise NotKnown(key)
    found: list[Effect] = []
    policies = list(Policy.objects.order_by("name"))
    for policy in policies:
        before, after = (
            rehearsal.rehearse(policy=policy, service=None, severity=GRAVEST, at=now, without=without) for without in ((), PROVIDERS[key])
        )
        found += filter(None, [_compared(str(policy), before, after, now, now)])
    title = _("Text messages and calls") if key == "twilio" else _("Mail")
    return Answer(title, list(names.of_provider(PROVIDERS[key])), found, len(policies) - len(found))


ASKED: dict[str, Callable[[str, datetime], Answer]] = {
    "person": _person, "number": _number, "service": _service, "policy": _policy, "provider": _provider,
}  # fmt: skip


def _effects(gone: Change, at: Sequence[datetime], now: datetime) -> tuple[list[Effect], int]:
    """What changes for each policy at these moments, and for how many nothing does."""
    found: list[Effect] = []
    policies = list(Policy.objects.order_by("name"))
    for moment in at:
        pairs = [(policy, rehearsal.rehearse(policy=policy, service=None, severity=GRAVEST, at=moment)) for policy in policies]
        with transaction.atomic():
            gone()
            after = [rehearsal.rehearse(policy=policy, service=None, severity=GRAVEST, at=moment) for policy in policies]
            transaction.set_rollback(True)
        for (policy, before), then in zip(pairs, after, strict=True):
            found += filter(None, [_compared(str(policy), before, then, moment, now)])
    return found, len(policies) * len(at) - len(found)


def _compared(name: str, before: Walk, after: Walk, at: datetime, now: datetime) -> Effect | None:
    """None where the same people are woken at the same times."""
    was, becomes = before.first_woken, after.first_woken
    if _woken(before) == _woken(after):
        return None
    words = {
        "name": name,
        "at": moments.stamp(zones.local(at, None), zones.local(now, None)),
        "who": _who(becomes, at),
        "was": _who(was, at),
    }
    if becomes is None:
        return Effect("bad", _("%(name)s at %(at)s: nobody is woken any more; now %(was)s.") % words)
    if was is not None and (was.person, was.at) == (becomes.person, becomes.at):
        return Effect("info", _("%(name)s at %(at)s: still %(who)s, but fewer ways or people after that.") % words)
    return Effect("warn", _("%(name)s at %(at)s: %(who)s; now %(was)s.") % words)


def _woken(walk: Walk) -> list[tuple[int, datetime, str]]:
    return [(line.person.pk, line.at, line.channel) for line in walk.lines if line.wakes]


def _who(line: Line | None, at: datetime) -> str:
    if line is None:
        return _("nobody is woken")
    after = line.at - at
    if not after:
        return _("%(name)s is woken at once") % {"name": line.person}
    return _("%(name)s is woken after %(time)s") % {"name": line.person, "time": moments.duration(after)}


def _whole(words: str) -> int:
    """0, which no row has, for anything else."""
    return int(words) if words.isascii() and words.isdigit() and len(words) < 19 else 0


def choices() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What can be asked, by heading: (value, label)."""
    staff = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER, Role.ADMIN).order_by("name")
    yield _("A person"), [(f"person:{person.username}", str(person)) for person in staff]
    yield _("A number"), list(names.numbers())
    yield _("A service"), [(f"service:{service.slug}", str(service)) for service in Service.objects.filter(is_active=True)]
    yield _("A policy"), [(f"policy:{policy.slug}", str(policy)) for policy in Policy.objects.order_by("name")]
    yield _("A provider"), [("provider:twilio", _("Text messages and calls")), ("provider:email", _("Mail"))]
