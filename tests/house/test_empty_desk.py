"""An hour after the desk was set up nothing is in it yet. Every page opens all the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from servicedesk.directory.models import Grant, User
from tests.house.matrix import MATRIX
from tests.servicedesk.test_founding import ANSWERS

PLAIN = sorted(
    name for name, row in MATRIX.items() if row.method == "get" and not row.takes and name not in {"account_logout", "setup", "readyz"}
)


@pytest.fixture
def founder() -> Client:
    """Who set the desk up, and works on it as well."""
    client = Client()
    client.post("/setup/", ANSWERS)
    adam = User.objects.get(username="adam")
    Grant.objects.get_or_create(user=adam, role="agent")
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("name", PLAIN)
def test_a_page_opens_on_an_empty_desk(name: str, founder: Any) -> None:
    answer = founder.get(reverse(name))
    list(getattr(answer, "streaming_content", ()))
    assert answer.status_code < 500, answer.content[:500]
