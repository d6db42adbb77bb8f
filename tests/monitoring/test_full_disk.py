"""No room left while results come in: asked to come again, nothing half kept, and all well once there is room."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from monitoring.models import RawBody, Result, SeenEvent, Source
from servicedesk.operations.worlds import company
from servicedesk.tokens import minting
from tests.actors import NINE
from tests.monitoring.shortway import ShortWay

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL says 53100, which is an OperationalError like SQLite's"),
]
LONG = "x" * 1000


@pytest.fixture
def sender() -> Client:
    company.found(now=NINE)
    minted = minting.mint()
    Source.objects.filter(slug="agents").update(token_prefix=minted.prefix, token_hash=minted.digest)
    return ShortWay(headers={"Authorization": f"Bearer {minted.token}"})


@pytest.fixture
def room() -> Iterator[Any]:
    """`room(pages)`: the file may grow by so many pages from now on; SQLite then says what it says of a full disk."""

    def leave(pages: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")  # pages that other tests left free would be room, too
            size = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {size + pages}")

    yield leave
    leave(1_000_000)


def post(sender: Client, n: int, status: str) -> Any:
    item = {"check": "disk-1", "status": status, "summary": LONG, "event_id": f"{status}-{n}"}
    return sender.post("/in/results/", json.dumps(item), content_type="application/json")


@pytest.mark.parametrize("status", ["ok", "warning"])
def test_a_full_disk_is_answered_503_and_leaves_nothing_half(sender: Client, room: Any, status: str) -> None:
    post(sender, 0, status)
    room(6)
    answers = [post(sender, n, status) for n in range(1, 60)]
    taken, refused = [[a for a in answers if a.status_code == code] for code in (200, 503)]
    assert len(taken) + len(refused) == len(answers)
    assert refused
    assert {answer["Retry-After"] for answer in refused} == {"10"}
    assert {answer["Content-Type"] for answer in refused} == {"application/problem+json"}
    assert Result.objects.count() == SeenEvent.objects.count() == len(taken) + 1
    room(100_000)
    assert post(sender, 999, status).status_code == 200
    assert Result.objects.count() == len(taken) + 2
    assert RawBody.objects.count() >= Result.objects.count()
