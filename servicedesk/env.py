"""Settings from the environment: read once, checked at once, refused with a sentence.

Every name may also be given as NAME_FILE (a path whose content is the value), and a `.env` file in the project's
root is read first. A value that cannot be understood stops the start with `Misconfigured`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


class Misconfigured(SystemExit):
    """A setting is missing or malformed; the message says which and what to do."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")


def read_dotenv(path: Path, environ: dict[str, str] | os._Environ[str]) -> None:
    """Put KEY=value lines of `path` into `environ` where the key is not set yet."""
    if not path.is_file():
        return
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip().isidentifier():
            raise Misconfigured(str(path), f"line {number} is not KEY=value.")
        environ.setdefault(key.strip(), value.strip().strip("'\""))


class Env:
    """Typed look-ups in one mapping."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str = "") -> str:
        path = self.environ.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text().strip()
            except OSError as error:
                raise Misconfigured(f"{name}_FILE", f"cannot read {path}: {error.strerror}.") from error
        return self.environ.get(name, default).strip()

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.text(name, "1" if default else "0").lower()
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise Misconfigured(name, f"'{value}' is not yes or no. Use 1 or 0.")

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError:
            raise Misconfigured(name, f"'{value}' is not a whole number.") from None
        if not low <= number <= high:
            raise Misconfigured(name, f"{number} is not between {low} and {high}.")
        return number

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise Misconfigured(name, f"'{value}' is not one of {', '.join(allowed)}.")
        return value

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> SplitResult | None:
        value = self.text(name, default)
        if not value:
            return None
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018  (reading it is the check)
        except ValueError as error:
            raise Misconfigured(name, f"is not a URL: {error}.") from error
        if parts.scheme not in schemes:
            raise Misconfigured(name, f"must begin with {' or '.join(s + '://' for s in schemes)}.")
        return parts
