"""Two hundred acknowledgements against the sweep and the workers, let go at one moment (reliability: I5, I7)."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import Any

import pytest

from incidents import escalation
from incidents.models import Incident, StepRecord
from notifications import channels, delivery
from notifications.models import Message
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents import racing
from tests.incidents.alarms import MINUTE, email_down, paged, waiting
from tests.incidents.racing import at_once

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(280), *racing.marks]
RACES = 200
DUE = NINE + 10 * MINUTE
SOON_S = 1.0


class Provider:
    """Takes whatever it is given, and remembers which and when."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, str, float]] = []

    def send(self, parcel: Any) -> str:
        self.calls.append((parcel.message_id, parcel.thread, time.monotonic()))
        return f"SM{len(self.calls)}"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    ours = Provider()
    monkeypatch.setattr(channels, "send", ours.send)
    return ours


def test_of_two_hundred_races_each_has_one_owner_and_nothing_rings_after(acme: Company, provider: Provider) -> None:
    people = [acme.people[name] for name in ("sam", "dana", "ben")]
    for number in range(RACES):
        incident = email_down(acme, group_key=f"race:{number}")
        one_race(incident, people)
        assert waiting(incident) == 0
        assert incident.timeline.filter(text__startswith="Acknowledged").count() == 1
        assert list(incident.runs.values_list("state", flat=True)) == ["held"]
        assert StepRecord.objects.filter(run__incident=incident, step=2).count() <= 1
        assert paged(incident) in ([("sam", 1)], [("sam", 1), ("dana", 2)])
    assert max(Counter(message for message, _thread, _at in provider.calls).values()) == 1


def one_race(incident: Incident, people: list[User]) -> None:
    """Three take it, two engines find its step due, two workers hand over the same messages."""
    mine = list(Message.objects.of_thread(incident.number).order_by("pk").values_list("pk", flat=True))
    acks = [partial(escalation.acknowledge, incident, by=person, via="sms", now=DUE) for person in people]
    engines = [partial(escalation.advance, incident.runs.get().pk, now=DUE)] * 2
    workers = [partial(delivery.deliver_all, mine, now=DUE)] * 2
    taken = at_once(*acks, *engines, *workers)[: len(acks)]
    assert len({each.acknowledged_by for each in taken}) == 1


def test_no_call_begins_a_second_after_the_acknowledgement(acme: Company, provider: Provider) -> None:
    acked: dict[str, float] = {}

    def take(incident: Incident) -> None:
        escalation.acknowledge(incident, by=acme.people["sam"], via="sms", now=DUE)
        acked[incident.number] = time.monotonic()

    for number in range(RACES // 4):
        incident = email_down(acme, group_key=f"late:{number}")
        mine = list(Message.objects.of_thread(incident.number).values_list("pk", flat=True))
        at_once(partial(take, incident), *[partial(delivery.deliver_all, mine, now=DUE)] * 3)
        delivery.deliver_all(mine, now=DUE)  # who comes later finds nothing
    late = {thread: at - acked[thread] for _message, thread, at in provider.calls if at - acked.get(thread, at) > SOON_S}
    assert late == {}
