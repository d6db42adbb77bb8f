"""Any order, any repeats: the bodies of one sender, permuted and doubled, leave no alert open twice and no end undone."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from monitoring import intake
from monitoring.models import Alert, Source
from monitoring.normal import Signal, Unreadable
from tests.actors import NINE
from tests.monitoring.test_sender_samples import SAMPLES, read

pytestmark = pytest.mark.skipif(not SAMPLES, reason="no samples beside the project")


def readable() -> dict[str, list[list[Signal]]]:
    found: dict[str, list[list[Signal]]] = defaultdict(list)
    for kind, path in SAMPLES:
        try:
            found[kind] += [signals] if (signals := read(kind, path.read_bytes(), path)) else []
        except Unreadable:
            continue
    return {kind: bodies for kind, bodies in found.items() if bodies}


BODIES = readable()


class AnyOrder(TestCase):
    @given(data=st.data())
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def test_said_again_at_once_changes_nothing(self, data: st.DataObject) -> None:
        source, bodies = self.some(data)
        for step, body in enumerate(bodies):
            take(source, body, step * 10)
            before = standing(source)
            take(source, body, step * 10 + 1)
            assert standing(source) == before

    @given(data=st.data())
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def test_what_has_an_identity_may_come_again_late_and_in_any_order(self, data: st.DataObject) -> None:
        source, bodies = self.some(data)
        named = [[signal for signal in body if signal.identity] for body in bodies]
        for step, body in enumerate(named):
            take(source, body, step * 10)
        before = standing(source)
        for step, body in enumerate(data.draw(st.permutations(named))):
            take(source, body, 1000 + step * 10)
        assert standing(source) == before

    def some(self, data: st.DataObject) -> tuple[Source, list[list[Signal]]]:
        kind = data.draw(st.sampled_from(sorted(BODIES)))
        chosen = data.draw(st.lists(st.sampled_from(range(len(BODIES[kind]))), min_size=1, max_size=12))
        return Source.objects.create(slug=f"any-{kind}", name=kind, kind=kind), [BODIES[kind][number] for number in chosen]


def take(source: Source, body: list[Signal], seconds: int) -> None:
    intake.record(source, body, raw_id=None, now=NINE + timedelta(seconds=seconds))


def standing(source: Source) -> list[tuple[str, str]]:
    """Its open alerts, each key once by the database's own rule."""
    return sorted(Alert.objects.open().filter(source_id=source.pk).values_list("dedup_key", "status"))
