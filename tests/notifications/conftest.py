from __future__ import annotations

import pytest

from notifications.delivery import handing


@pytest.fixture(autouse=True)
def calls_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call takes is added to the time it is recorded at; on a busy machine that would be more than nothing."""
    monkeypatch.setattr(handing, "monotonic", lambda: 0.0)
