from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.cache import cache
from hypothesis import settings

pytest_plugins = ["tests.fakes.fixtures", "tests.actors", "tests.e2e.fixtures"]

admin.autodiscover()  # as the URLs do
settings.register_profile("desk", deadline=None)  # a busy machine is no finding
settings.load_profile("desk")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What one test put into the process's cache is not another's."""
    apps.get_model("directory", "Organisation").keep_language("en")
    yield
    cache.clear()
