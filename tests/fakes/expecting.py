"""What a phone and a mailbox have in common: every message that came must be expected, by words and by address."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

LINK = re.compile(r"https?://[^\s\"'<>]+")
PATIENCE_S = 5.0


class Readable(Protocol):
    @property
    def to(self) -> str: ...
    @property
    def words(self) -> str: ...


M = TypeVar("M", bound=Readable)


class Expecting(Generic[M]):
    """Reads from `arrived()`, which gives everything in the order it came."""

    def __init__(self, arrived: Callable[[], Sequence[M]]) -> None:
        self.arrived = arrived
        self.read: list[M] = []

    def waiting(self) -> list[M]:
        return [message for message in self.arrived() if not any(message is seen for seen in self.read)]

    def expect(self, *words: str, to: str | None = None, within: float = PATIENCE_S) -> M:
        """The oldest unread message with all these words, to this address; fails when none comes in time."""
        ends = time.monotonic() + within
        while True:
            for message in self.waiting():
                if (to is None or message.to == to) and all(word in message.words for word in words):
                    self.read.append(message)
                    return message
            if time.monotonic() > ends:
                raise AssertionError(f"no message with {words} to {to or 'anyone'}; waiting: {self.shown() or 'nothing'}")
            time.sleep(0.01)

    def silent(self) -> None:
        """Fail if anything came that was not expected."""
        assert not self.waiting(), f"nobody expected: {self.shown()}"

    def shown(self) -> str:
        return "; ".join(f"[{message.to}] {message.words}" for message in self.waiting())


def links(text: str) -> list[str]:
    return [link.rstrip(".,;)") for link in LINK.findall(text)]
