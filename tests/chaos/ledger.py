"""What the outside saw, with the moment of each: the only witness chaos believes. The desk's own rows are asked last."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NUMBER = re.compile(r"INC-(\d+)")


class Stamped(list[Any]):
    """A list that knows when each thing came."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def append(self, thing: Any) -> None:
        self.at.append(time.time())
        super().append(thing)

    def __iadd__(self, things: Any) -> Stamped:  # type: ignore[misc]
        for thing in things:
            self.append(thing)
        return self


@dataclass
class Ledger:
    """`due`: incident number to the moment its declaration was answered; `acked`: to that of its acknowledgement.
    `answered`: event ids of results answered 2xx."""

    phone: str
    mailbox: str
    asked: Stamped = field(default_factory=Stamped)  # requests to Twilio
    mails: Stamped = field(default_factory=Stamped)
    due: dict[str, float] = field(default_factory=dict)
    acked: dict[str, float] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    posted: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def attempts(self) -> Iterator[tuple[str, str, float]]:
        """Way, number, moment of each page the provider was asked to take, whatever it answered."""
        for at, asked in zip(list(self.asked.at), list(self.asked), strict=False):
            if asked.method == "POST" and asked.fields.get("To") == self.phone and "/Messages" in asked.path:
                yield from (("sms", number, at) for number in NUMBER.findall(asked.fields["Body"]))
        for at, mail in zip(list(self.mails.at), list(self.mails), strict=False):
            if mail.to == self.mailbox and "acknowledge" in mail.subject:
                yield from (("email", number, at) for number in NUMBER.findall(mail.subject))

    def first_attempts(self) -> dict[tuple[str, str], float]:
        first: dict[tuple[str, str], float] = {}
        for way, number, at in self.attempts():
            first.setdefault((way, number), at)
        return first

    def waits(self, numbers: Iterator[str] | list[str]) -> list[float | None]:
        """Seconds from the answer to the first attempt, for both ways of each incident; None where none was made."""
        first = self.first_attempts()
        found = [(first.get((way, number)), self.due[number]) for number in numbers for way in ("sms", "email")]
        return [None if at is None else max(at - due, 0.0) for at, due in found]

    def taken(self) -> Counter[tuple[str, str]]:
        """How often each text was taken: (number, body) of messages the provider made, (mailbox, subject) of mails."""
        made = [a for a in list(self.asked) if a.method == "POST" and "/Messages" in a.path and a.status == 201]
        texts = Counter((a.fields["To"], a.fields["Body"]) for a in made)
        return texts + Counter((mail.to, str(mail.message["Message-ID"])) for mail in list(self.mails))


def centile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
