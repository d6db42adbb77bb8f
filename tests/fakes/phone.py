"""The telephones of all the people: `phone.expect("INC-201", to=sam).reply("A201")`. What nobody expected fails the test."""

from __future__ import annotations

from tests.fakes.expecting import Expecting
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_call import Talk
from tests.fakes.twilio_records import Text

MISSED = {"busy", "no-answer", "failed", "completed", "canceled"}


class Phone(Expecting[Text]):
    """Text messages and calls; a call is read by `expect_call`, one that nobody picked up by `expect_missed`."""

    def __init__(self, twilio: FakeTwilio) -> None:
        super().__init__(lambda: [*twilio.texts, *twilio.calls])
        self.twilio = twilio

    def expect_call(self, *words: str, to: str | None = None) -> Talk:
        """Pick up the oldest ringing call and hear these words; fails when nothing rings."""
        talk = self.twilio.pick_up(self._call(to, is_missed=False))
        assert all(word in talk.said for word in words), f"{words} not said: {talk.said}"
        return talk

    def expect_missed(self, to: str | None = None) -> Text:
        """A call that rang and that nobody took, voicemail included."""
        return self._call(to, is_missed=True)

    def _call(self, to: str | None, *, is_missed: bool) -> Text:
        for call in self.waiting():
            if call.sid.startswith("CA") and to in {None, call.to} and (call.status in MISSED) == is_missed:
                self.read.append(call)
                return call
        raise AssertionError(f"no call to {to or 'anyone'}; waiting: {self.shown() or 'nothing'}")

    def text(self, words: str, *, sender: str) -> str | None:
        """A message out of the blue; what the desk says back."""
        return self.twilio.receive(sender, words)
