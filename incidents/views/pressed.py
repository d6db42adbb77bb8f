"""A form's Send, pressed once or more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect

from incidents.forms import KeyedForm
from servicedesk import clock
from servicedesk.api import sent
from servicedesk.directory.access import PersonRequest


def once(
    request: PersonRequest, form: KeyedForm, deed: Callable[[], object], to: str, *, by_words: bool = True, after: str = ""
) -> HttpResponse:
    """Do it, and lead to this address, in which {} is the number of what came of it. Pressed again: led there alone.

    `after` tells presses of the same words apart: what happened between them.
    """
    told: dict[str, Any] = {"now": clock.now(), "words": form.said, "by_words": by_words}
    return redirect(sent.once(request.user, request.path + after, form.key, lambda: _address(deed(), to), **told))


def _address(made: object, to: str) -> str:
    return to.format(made.pk) if isinstance(made, models.Model) else to
