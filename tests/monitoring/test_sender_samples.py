"""Real bodies of every sender we know: each is read within our limits or refused as unreadable, and twice is once."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from monitoring import intake
from monitoring.models import Alert, RawBody
from monitoring.normal import STATUSES, Signal, Unreadable
from monitoring.sources.posts import Post
from monitoring.sources.speakers import SPEAKERS
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.doors import PAYLOADS, sender

FOLDERS = {
    "azure": "azure_common_alert_schema",
    "cloudwatch": "cloudwatch_sns",
    "uptimekuma": "uptime_kuma",
    "librenms": "libre_nms",
    "pagerduty": "pagerduty_events_v2",
    "opsgenie": "opsgenie_api",
    "icinga": "icinga2",
    "prometheus": "prometheus_exposition",
}
SAMPLES = [(kind, path) for kind in SPEAKERS for path in sorted((PAYLOADS / FOLDERS.get(kind, kind)).glob("*.*"))]
pytestmark = pytest.mark.skipif(not SAMPLES, reason="no samples beside the project")


def read(kind: str, body: bytes, path: Path) -> list[Signal]:
    text = "xml" if path.suffix == ".xml" else "json"
    form = "application/x-www-form-urlencoded" if body[:40].partition(b"=")[0].isalpha() else f"application/{text}"
    return SPEAKERS[kind](Post(body, NINE, form=form))


@pytest.mark.parametrize(("kind", "path"), SAMPLES, ids=lambda one: one if isinstance(one, str) else one.name)
def test_each_sample_is_read_or_refused(kind: str, path: Path) -> None:
    try:
        signals = read(kind, path.read_bytes(), path)
    except Unreadable:
        return
    for signal in signals:
        assert signal.status in STATUSES
        assert 0 < len(signal.check) <= 120
        assert len(signal.summary) <= 1024
        assert len(signal.labels) <= 65
        assert json.dumps([dict(signal.labels), list(signal.metrics)], allow_nan=False)


def test_most_samples_are_read() -> None:
    read_ones: Counter[str] = Counter()
    for kind, path in SAMPLES:
        try:
            read_ones[kind] += bool(read(kind, path.read_bytes(), path))
        except Unreadable:
            read_ones[kind] += 0
    assert {kind for kind, count in read_ones.items() if not count} <= {"gatus", "icinga", "statuscake"}  # not what they post


@pytest.mark.parametrize("kind", sorted({kind for kind, _path in SAMPLES}))
def test_twice_is_once_and_nothing_is_lost(acme: Company, kind: str) -> None:
    """Each body of one sender twice: all are kept, the unreadable with their reason, and no alert is open twice."""
    stranger = sender(kind)
    for body in chain.from_iterable([path.read_bytes()] * 2 for one, path in SAMPLES if one == kind):
        took = RawBody.objects.count()
        try:
            intake.take(stranger.source, body, lambda body=body: SPEAKERS[kind](Post(body, NINE)), content_type="", now=NINE)
        except Unreadable:
            assert RawBody.objects.latest("pk").problem
        assert RawBody.objects.count() == took + 1
    keys = list(Alert.objects.open().values_list("dedup_key", flat=True))
    assert len(keys) == len(set(keys))
