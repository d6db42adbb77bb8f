"""Of the page that shows the API only what it loads: the rest is 8 MB that every start would look through anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder

UNUSED = ("rest_framework", "redoc", "*.js.map", "oauth2-redirect.*")


class AppFiles(AppDirectoriesFinder):
    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        return super().list([*(ignore_patterns or ()), *UNUSED])
