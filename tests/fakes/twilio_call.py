"""The other end of a call: hears TwiML as Twilio speaks it, presses keys, hangs up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urljoin
from xml.etree import ElementTree

VERBS = {"Say", "Gather", "Hangup"}
TONGUE = re.compile(r"[a-z]{2}-[A-Z]{2}")
MOST_KEYS = 20

Ask = Callable[[str, Mapping[str, str]], str]  # posts a form to the desk and gives its TwiML


class Talk:
    """A call that was picked up. `said` is everything heard so far; `report` is told each status of the call."""

    def __init__(self, url: str, *, ask: Ask, report: Callable[[str], object], twiml: str = "") -> None:
        self.url, self.ask, self.report = url, ask, report
        self.said = ""
        self.tongues: set[str] = set()
        self.is_over = False
        self._action = ""
        self._rest: list[ElementTree.Element] = []
        report("in-progress")
        self._hear(twiml or ask(url, {"CallStatus": "in-progress"}))

    def press(self, keys: str) -> str:
        """Press these, one after the other; what is said from then on."""
        before = len(self.said)
        for key in keys:
            assert self._action, f"nobody listens for {key} any more: {self.said}"
            self._hear(self.ask(self._action, {"CallStatus": "in-progress", "Digits": key}))
        return self.said[before:].strip()

    def silence(self) -> str:
        """Press nothing, as voicemail does; what is said until the end."""
        before = len(self.said)
        if not self.is_over:
            self._action = ""
            self._speak(self._rest)
        return self.said[before:].strip()

    def hang_up(self) -> None:
        if not self.is_over:
            self._end()

    def _hear(self, twiml: str) -> None:
        response = ElementTree.fromstring(twiml)
        assert response.tag == "Response", twiml
        self._speak(list(response))

    def _speak(self, verbs: list[ElementTree.Element]) -> None:
        self._action, self._rest = "", []
        for place, verb in enumerate(verbs):
            assert verb.tag in VERBS, f"{verb.tag} is not spoken here"
            if verb.tag == "Say":
                self._say(verb)
            elif verb.tag == "Gather":
                assert verb.get("numDigits") == "1", "a menu of one key"
                for word in verb:
                    self._say(word)
                self._action, self._rest = urljoin(self.url, verb.get("action", self.url)), verbs[place + 1 :]
                return
            else:
                break
        self._end()

    def _say(self, verb: ElementTree.Element) -> None:
        tongue = verb.get("language", "")
        assert TONGUE.fullmatch(tongue), f"{tongue} is no language Twilio speaks"
        self.tongues.add(tongue)
        self.said = f"{self.said} {verb.text or ''}".strip()

    def _end(self) -> None:
        self.is_over, self._action = True, ""
        self.report("completed")
