"""The whole answer to "who would be paged?": the walk, who is not paged and why, and what if a provider is down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents import escalation, incidents
from incidents.escalation import paging
from incidents.models import Policy
from incidents.rehearsal import absent, stops, walks
from incidents.rehearsal.asked import Question
from incidents.rehearsal.happened import Happened
from incidents.rehearsal.walks import Line, Walk
from notifications.models import WAKING, Channel, ContactMethod
from servicedesk.directory import moments
from servicedesk.directory.models import Service, User

PROVIDERS = {"twilio": (Channel.SMS, Channel.VOICE), "email": (Channel.EMAIL,)}


@dataclass(frozen=True, slots=True)
class Answer:
    service: Service | None
    severity: int
    at: datetime
    policy: Policy | None
    walk: Walk
    not_paged: list[tuple[User, str]]
    warnings: list[str]
    attaches_to: str
    first_person_s: int | None
    if_provider_down: dict[str, str]
    stops: list[str]
    as_it_was: bool = False
    unknown: tuple[str, ...] = ()  # of a past moment, what could not be put back
    happened: Happened | None = None

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """The lines as a page tells them, with how long after the moment each comes."""
        names = ("at", "person", "channel", "to_masked", "because", "step", "verified_at")
        return [{**{name: getattr(line, name) for name in names}, "after": moments.duration(line.at - self.at)} for line in self.walk.lines]

    def _of_then(self) -> dict[str, Any]:
        happened = self.happened.as_json() if self.happened else None
        return {"as_it_was": True, "not_reconstructed": list(self.unknown), "happened": happened}

    def as_json(self) -> dict[str, Any]:
        """The shape programs read."""
        return {
            "service": self.service.slug if self.service else None,
            "severity": self.severity,
            "at": moments.utc(self.at),
            "policy": self.policy.slug if self.policy else None,
            "policy_version": self.walk.version,
            "pages": [_line(line) for line in self.walk.lines],
            "not_paged": [{"person": person.username, "because": because} for person, because in self.not_paged],
            "warnings": [*self.warnings, *self.stops],
            "would_attach_to": self.attaches_to or None,
            "first_person_s": self.first_person_s,
            "if_provider_down": self.if_provider_down,
            **(self._of_then() if self.as_it_was else {}),
        }


def who_would_be_paged(*, policy: Policy | None = None, service: Service | None = None, severity: int, at: datetime) -> Answer:
    """As configured now; it assumes that nothing changes until then. Without a policy, that of the service."""
    policy = escalation.policy_for(Question(policy, service))
    walk = walks.rehearse(policy=policy, service=service, severity=severity, at=at)
    return Answer(
        service=service,
        severity=severity,
        at=at,
        policy=policy,
        walk=walk,
        not_paged=absent.not_paged(policy, walk, at=at),
        warnings=[*_mail_only(walk, severity), *walk.warnings, *_nobody(walk, severity)],
        attaches_to=_attaches_to(service, severity, at),
        first_person_s=int((walk.first_at - at).total_seconds()) if walk.first_at else None,
        if_provider_down={name: _if_down(name, policy, service, severity, at) for name in PROVIDERS},
        stops=stops.stops(service, at=at),
    )


def _if_down(name: str, policy: Policy | None, service: Service | None, severity: int, at: datetime) -> str:
    is_urgent, down = severity <= paging.URGENT_UNTIL, PROVIDERS[name]
    wanted: walks.Wanted = (lambda line: line.wakes) if is_urgent else (lambda _line: True)
    first = None
    if ContactMethod.objects.usable().filter(kind__in=WAKING if is_urgent else Channel.values).exclude(kind__in=down).exists():
        walk = walks.rehearse(policy=policy, service=service, severity=severity, at=at, without=down, until=wanted)
        first = next(filter(wanted, walk.lines), None)
    if first is None:
        return _("nobody is woken") if is_urgent else _("nobody is reached")
    words = {"name": first.person, "how": Channel(first.channel).label, "time": moments.duration(first.at - at)}
    return _("%(name)s by %(how)s after %(time)s") % words


def _mail_only(walk: Walk, severity: int) -> list[str]:
    """Whoever an urgent page reaches by mail alone."""
    if severity > paging.URGENT_UNTIL:
        return []
    woken = {line.person.pk for line in walk.lines if line.wakes}
    asleep = {line.person.pk: line.person for line in walk.lines if line.person.pk not in woken}
    return [_("%(name)s has no verified phone: e-mail only.") % {"name": person} for person in asleep.values()]


def _nobody(walk: Walk, severity: int) -> list[str]:
    if not walk.lines:
        return [_("Nobody is paged.")]
    is_asleep = severity <= paging.URGENT_UNTIL and walk.first_woken is None
    return [_("Nobody is woken: every page goes by e-mail.")] if is_asleep else []


def _attaches_to(service: Service | None, severity: int, at: datetime) -> str:
    if service is None:
        return ""
    grounds = incidents.Grounds(title="", reason="", severity=severity, since=at, service=service, group_key=f"service:{service.slug}")
    number = incidents.part_of(grounds, now=at)
    return f"INC-{number}" if number else ""


def _line(line: Line) -> dict[str, Any]:
    return {
        "at": moments.utc(line.at),
        "person": line.person.username,
        "method": line.channel,
        "to_masked": line.to_masked,
        "because": line.because,
        "step": line.step,
    }
