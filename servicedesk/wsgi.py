"""The web process's entry: granian serves this. A few paths have a door before Django (settings.DOORS)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.settings")

django = get_wsgi_application()
import_string("servicedesk.operations.watchman.start")()
import_string("incidents.letters.warm")()
DOORS = {path: import_string(name) for path, name in settings.DOORS.items()}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """What a door does not answer, Django does."""
    path = environ["PATH_INFO"]
    door = DOORS.get(path) or DOORS.get(path[: path.find("/", 1) + 1])
    answered = door(environ, start_response) if door else None
    return django(environ, start_response) if answered is None else answered
