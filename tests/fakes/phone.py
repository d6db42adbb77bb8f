"""The telephones of all the people: `phone.expect("INC-201", to=sam).reply("A201")`. What nobody expected fails the test."""

from __future__ import annotations

from tests.fakes.expecting import Expecting
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_records import Text


class Phone(Expecting[Text]):
    """Text messages; calls are waiting too, and are read by `expect_call`."""

    def __init__(self, twilio: FakeTwilio) -> None:
        super().__init__(lambda: [*twilio.texts, *twilio.calls])
        self.twilio = twilio

    def expect_call(self, *, to: str | None = None) -> Text:
        call = self.expect(to=to)
        assert call.sid.startswith("CA"), f"{call.to} got a message, not a call"
        return call

    def text(self, words: str, *, sender: str) -> str | None:
        """A message out of the blue; what the desk says back."""
        return self.twilio.receive(sender, words)
