from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.client import Desk, serving


@pytest.fixture(scope="session")
def acceptance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The acceptance world, started once a session."""
    with serving(tmp_path_factory.mktemp("acceptance")) as desk:
        yield desk


@pytest.fixture
def desk(acceptance: Desk) -> Desk:
    """The acceptance world as it was seeded."""
    acceptance.reset()
    return acceptance
