from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.fakes.fixtures", "tests.actors"]

settings.register_profile("desk", deadline=None)  # a busy machine is no finding
settings.load_profile("desk")
