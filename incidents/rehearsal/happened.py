"""What happened near a moment of the past, held against what the policy of then says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from incidents.models import Incident, Policy, Run
from incidents.rehearsal.walks import Walk
from notifications.models import Channel, Message
from servicedesk.directory import moments
from servicedesk.directory.models import Service, User

NEAR = timedelta(minutes=15)
Paged: TypeAlias = "tuple[str, str, int]"


@dataclass(frozen=True, slots=True)
class Happened:
    """A real run that began near the moment: its messages until somebody had it, and what differs from the plan."""

    incident: Incident
    began_at: datetime
    messages: tuple[Message, ...]
    not_done: tuple[str, ...]
    not_planned: tuple[str, ...]

    @property
    def is_as_planned(self) -> bool:
        return not (self.not_done or self.not_planned)

    @property
    def acknowledged(self) -> str:
        who = self.incident.acknowledged_by
        return _("%(name)s acknowledged it.") % {"name": who} if who and self.incident.acknowledged_at else ""

    def as_json(self) -> dict[str, Any]:
        """The shape programs read."""
        return {
            "incident": self.incident.number,
            "severity": self.incident.severity,
            "began_at": moments.utc(self.began_at),
            "pages": [_told(message) for message in self.messages],
            "acknowledged_by": self.incident.acknowledged_by.username if self.incident.acknowledged_by else None,
            "acknowledged_at": moments.utc(self.incident.acknowledged_at) if self.incident.acknowledged_at else None,
            "as_planned": self.is_as_planned,
            "not_done": list(self.not_done),
            "not_planned": list(self.not_planned),
        }


def near(policy: Policy, service: Service | None, walk: Walk, *, at: datetime, now: datetime, reader: User | None) -> Happened | None:
    """The run of this policy that began nearest to the moment, of an incident the reader may see; without a reader none in confidence."""
    seen = Incident.objects.filter(is_confidential=False) if reader is None else Incident.objects.visible_to(reader)
    runs = Run.objects.filter(policy=policy, started_at__range=(at - NEAR, at + NEAR), incident__in=seen)
    runs = runs.filter(incident__service=service) if service else runs
    found = sorted(runs.select_related("incident__acknowledged_by"), key=lambda run: (abs(run.started_at - at), run.pk))
    return _held_against(found[0], walk, at, now) if found else None


def _held_against(run: Run, walk: Walk, at: datetime, now: datetime) -> Happened:
    """What was due before somebody had it, or the run ended, is compared: whom, by what, at which step."""
    steps = dict(run.pages.values_list("errand_key", "step"))
    ends = (run.ended_at, run.incident.acknowledged_at, now)
    until = min(end for end in ends if end is not None and end >= run.started_at)
    rows = Message.objects.of_thread(run.incident.number).filter(lane=Message.Lane.PAGE, errand__key__in=list(steps), due_at__lt=until)
    rows = rows.exclude(state=Message.State.CANCELLED).select_related("person", "errand").order_by("due_at", "id")
    done = {_paged(str(message.person), message.channel, steps[message.errand.key]): message for message in rows if message.errand}
    length = until - run.started_at
    planned = {_paged(str(line.person), line.channel, line.step) for line in walk.lines if line.at - at < length}
    missing, added = sorted(planned - set(done)), sorted(set(done) - planned)
    return Happened(run.incident, run.started_at, tuple(rows), tuple(map(_said, missing)), tuple(map(_said, added)))


def _paged(name: str, channel: str, step: int) -> Paged:
    return name, channel, step


def _said(paged: Paged) -> str:
    name, channel, step = paged
    words = {"name": name, "how": Channel(channel).label, "step": step}
    return _("%(name)s by %(how)s, step %(step)d") % words if step else _("%(name)s by %(how)s, last resort") % words


def _told(message: Message) -> dict[str, Any]:
    times = (message.acted_at, message.seen_at, message.delivered_at, message.ended_at, message.sent_at, message.due_at)
    last = next(filter(None, times))
    return {
        "at": moments.utc(message.due_at),
        "person": message.person.username if message.person else None,
        "method": message.channel,
        "state": message.shown_state,
        "state_at": moments.utc(last),
        "reason": message.reason,
    }
