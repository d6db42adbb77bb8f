"""Which service a report is about, from the words each service is known by. Pure: no Django, no rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

READABLE = 20_000  # characters of a report that are read


@dataclass(frozen=True, slots=True)
class Known:
    """A service as the guess knows it: its key and the words that mean it, its name among them."""

    key: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """`word` is the service's own spelling of what was found."""

    key: int
    word: str


def guess(text: str, services: Iterable[Known]) -> Guess | None:
    """The service most of whose words stand in the text; between equals the one named first. None: no word stands there."""
    read = _folded(text[:READABLE])
    found = [(len(hits), -hits[0][0], -service.key, hits[0][1]) for service in services if (hits := _hits(read, service.words))]
    if not found:
        return None
    _number, _place, key, word = max(found)
    return Guess(-key, word)


def _hits(read: str, words: tuple[str, ...]) -> Sequence[tuple[int, str]]:
    """Where each of the words stands first, earliest first; the longer word where two stand at one place."""
    places = [(match.start(), -len(word), word) for word in words if (match := _pattern(word).search(read))]
    return [(place, word) for place, _length, word in sorted(places)]


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    """The word by itself, not inside another, in the singular or with an s."""
    plural = "s?" if word[-1:].isalpha() else ""
    return re.compile(rf"(?<!\w){re.escape(_folded(word))}{plural}(?!\w)")


def _folded(text: str) -> str:
    """Small letters without accents, every space one blank."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())
