"""System checks of the whole house."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004

from servicedesk.env import reserved


def settings_without_effect(app_configs: Any, **_kwargs: Any) -> Sequence[CheckMessage]:
    """A setting that is given but not read yet must not look as if it worked."""
    names = sorted(name for name in os.environ if reserved(name))
    return [Warning(f"{name} is set but has no effect in this version.", id="servicedesk.W001") for name in names]
