"""What a token may do: `<area>:<read|write>`, and two scopes that machines need alone. Writing does not include reading."""

from __future__ import annotations

from collections.abc import Iterable

AREAS = ("tickets", "incidents", "people", "monitoring", "config", "reports")
SCOPES = (*(f"{area}:{verb}" for area in AREAS for verb in ("read", "write")), "results:write", "metrics:read")


class UnknownScope(ValueError):
    """A scope nobody knows, or none at all."""

    def __init__(self, words: Iterable[str]) -> None:
        given = ", ".join(words)
        super().__init__(f"{given or 'No scope'} is not known. Scopes are {', '.join(SCOPES)}.")


def checked(words: Iterable[str]) -> list[str]:
    """Each scope once, in the order of SCOPES. Raises UnknownScope."""
    given = set(words)
    if not given or given - set(SCOPES):
        raise UnknownScope(sorted(given - set(SCOPES)))
    return [scope for scope in SCOPES if scope in given]
