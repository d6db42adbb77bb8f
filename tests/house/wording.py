"""Finds words in templates that are not marked for translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

# what the template language says, and what is marked; a variable or tag leaves a mark so that "{{ a }}b" stays apart
MARKED = re.compile(
    r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}"
    r"|{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}"
    r"|{%\s*block (?:kind|\w*class|\w*attrs)\s*%}.*?{%\s*endblock\b.*?%}"  # stands in an attribute of the page that is extended
    r"|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
SPOKEN = {"title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription", "label", "summary", "data-confirm"}
SILENT = {"script", "style", "code", "kbd", "samp", "pre"}
WORD = re.compile(r"[^\W\d_]{2,}")
# the same in every language: our own names, what machines are called
NAMES = {"Servicedesk", "SEV", "INC", "UTC", "CSV", "JSON", "API", "SMS", "URL", "ID", "min", "ms", "px", "nbsp", "amp", "middot"}


class Reader(HTMLParser):
    """Collects text nodes and spoken attributes with their lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.silence = 0
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silence += tag in SILENT
        for name, value in attrs:
            if name in SPOKEN or (tag == "input" and name == "value" and dict(attrs).get("type") in {"submit", "button"}):
                self.hear(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.silence -= tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        self.silence -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silence:
            self.hear(data)

    def hear(self, text: str) -> None:
        words = [word for word in WORD.findall(text) if word not in NAMES]
        if words:
            self.found.append((self.getpos()[0], " ".join(text.split())))


def unmarked(template: str) -> Iterator[tuple[int, str]]:
    """Line and words of each text that a translator would never see."""
    reader = Reader()
    reader.feed(MARKED.sub(_lines_of, template))
    reader.close()
    yield from reader.found


def _lines_of(match: re.Match[str]) -> str:
    """As many line ends as were taken out, so that lines keep their numbers."""
    return "\n" * match[0].count("\n") or " "
