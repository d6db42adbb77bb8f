"""A Twilio of our own: a real HTTP server that keeps messages, sends signed receipts and replies, and misbehaves on request.

    with FakeTwilio(account="AC…", token="…", desk="http://127.0.0.1:8000") as twilio:
        twilio.behave("fail:21610", to="+33600000001")

Verbs: `ok` · `silent` (accepted, no receipt) · `fail:<code>` (2xxxx refused, 3xxxx accepted and then undelivered) · `drop`
(accepted, closed without an answer) · `swallow` (accepted, never answered) · `vanish` (closed, nothing made) · `hang`
(never answered, nothing made) · `reset` (accepted, RST) · `slow:<s>` · `drip` (a byte now and then) · `garble` (no JSON) ·
`babble` (no HTTP) · `429:<s>` · `500` · `401`. Calls ring until `pick_up`, or: `busy` · `no-answer` · `failed` · `voicemail`
(picked up, no key pressed).

Alone: python -m tests.fakes.twilio --port 8999 --callback http://127.0.0.1:8000
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tests.fakes.twilio_call import Talk
from tests.fakes.twilio_http import Server
from tests.fakes.twilio_records import START, STOP, Asked, Post, Receipts, Text, post_by_http, said, signature


class FakeTwilio:
    """The account: what came in, how each number behaves, and what goes back to the desk.

    `hold=True` keeps receipts until `settle()`, which posts them in the caller's thread (for tests in one transaction).
    """

    def __init__(
        self,
        *,
        account: str = "AC" + "0" * 32,
        token: str = "test-token",
        desk: str = "",
        post: Post = post_by_http,
        hold: bool = False,
        port: int = 0,
        certificate: Path | None = None,
        on_text: Callable[[Text], None] | None = None,
    ) -> None:
        self.account, self.token, self.desk, self.post, self.hold, self.on_text = account, token, desk, post, hold, on_text
        self.receipts = Receipts()
        self.texts: list[Text] = []
        self.calls: list[Text] = []
        self.journal: list[Asked] = []
        self.faults: list[str] = []  # requests Twilio would not know: a test fails on them
        self.callbacks: list[tuple[str, dict[str, str], int]] = []
        self.stopped: set[str] = set()  # numbers that replied STOP
        self.closing = threading.Event()
        self._verbs: dict[str, list[str]] = {}
        self._lock = threading.Lock()
        self._held: list[tuple[Text, str]] = []
        self._threads: list[threading.Thread] = []
        self._server = Server(("127.0.0.1", port), self, certificate)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._server.serve)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.stop()
        for thread in self._threads:
            thread.join()

    def behave(self, verb: str, *, to: str = "*", times: int | None = None) -> None:
        """How creations to this number end from now on, or the next `times` only."""
        with self._lock:
            usual = self._verbs.get(to, ["ok"])[-1]
            self._verbs[to] = [verb] if times is None else [verb] * times + [usual]

    def verb(self, to: str) -> str:
        """What happens now: to a creation for this number, or to "list" (which has no part in what counts for all)."""
        with self._lock:
            verbs = self._verbs.get(to) or (self._verbs.get("*") if to not in {"list", "cut"} else None) or ["ok"]
            return verbs.pop(0) if len(verbs) > 1 else verbs[0]

    def settle(self) -> None:
        """Post the receipts that are held, oldest first, until none is left."""
        while self._held:
            self._report(*self._held.pop(0))

    def report(self, text: Text, state: str, error: int | None = None) -> int:
        """Post one receipt now, whatever the message's behaviour says; the desk's status code."""
        text.error = error or text.error
        return self._report(text, state)

    def receive(self, sender: str, words: str) -> str | None:
        """A text message from a phone, posted to the desk; the text of its answer."""
        word = words.strip().upper()
        opting = {"OptOutType": "STOP" if word in STOP else "START"} if word in STOP | START else {}
        self.stopped = (self.stopped | {sender}) if word in STOP else (self.stopped - {sender} if opting else self.stopped)
        own = os.environ.get("TWILIO_FROM", "+15005550006")
        sid = "SM" + secrets.token_hex(16)
        fields = {"SmsMessageSid": sid, "SmsSid": sid, "MessageSid": sid, "SmsStatus": "received", "NumMedia": "0", "NumSegments": "1"}
        fields |= {"From": sender, "To": own, "Body": words, "AccountSid": self.account, "ApiVersion": "2010-04-01", **opting}
        status, body = self._post(f"{self.desk}/hooks/twilio/sms/", fields)
        assert status == 200, f"the desk answered {status} to a reply: {body[:200]}"
        return said(body)

    def accept(self, text: Text, verb: str) -> None:
        """Keep a message (or call) and plan its receipts."""
        text.reply_by = self.receive
        (self.texts if text.sid.startswith("SM") else self.calls).append(text)
        if self.on_text:
            self.on_text(text)
        if verb == "silent" or not text.callback:
            return
        if text.sid.startswith("CA"):
            self._plan([(text, state) for state in ("initiated", "ringing", verb) if state != "ok"], 0.0)
            return
        name, _, code = verb.partition(":")
        fate = replace(self.receipts, states=("sent", "undelivered")) if name == "fail" else self.receipts
        text.error = int(code) if name == "fail" else None
        self._plan([(text, state) for state in fate.sequence()], fate.delay_s)

    def pick_up(self, call: Text) -> Talk:
        """Answer a ringing call and hear what it says."""
        assert call.status in {"queued", "initiated", "ringing"}, f"the call to {call.to} is {call.status}: it does not ring"
        return Talk(
            call.fields.get("Url", ""),
            ask=lambda url, more: self._ask(call, url, more),
            report=lambda state: self._report(call, state),
            twiml=call.fields.get("Twiml", ""),
        )

    def cut_off(self, call: Text) -> None:
        """It rings no more; what it would still have reported is not."""
        call.status = "canceled"
        self._held = [(text, state) for text, state in self._held if text is not call]
        self._plan([(call, "canceled")], 0.0)

    def _ask(self, call: Text, url: str, more: Mapping[str, str]) -> str:
        """Fetch TwiML as Twilio does: signed, by POST."""
        fields = {"CallSid": call.sid, "From": call.sender, "To": call.to, "Direction": "outbound-api"}
        fields |= {"AccountSid": self.account, "ApiVersion": "2010-04-01", **more}
        status, body = self._post(url, fields)
        assert status == 200, f"the desk answered {status} to a call: {body[:200]}"
        return body

    def _plan(self, planned: list[tuple[Text, str]], delay_s: float) -> None:
        if self.hold:
            self._held += planned
        else:
            self._start(lambda: self._report_all(planned, delay_s))

    def _report_all(self, planned: list[tuple[Text, str]], delay_s: float) -> None:
        for text, state in planned:
            if self.closing.wait(delay_s):
                return
            self._report(text, state)

    def _report(self, text: Text, state: str) -> int:
        if text.sid.startswith("CA"):
            return self._report_call(text, state)
        text.status = state
        text.sent_at = text.sent_at or datetime.now(UTC)
        text.reported.append(state)
        fields = {
            "MessageSid": text.sid,
            "SmsSid": text.sid,
            "MessageStatus": state,
            "SmsStatus": state,
            "To": text.to,
            "From": text.sender,
        }
        fields |= {"AccountSid": self.account, "ApiVersion": "2010-04-01"}
        if text.error and state in {"undelivered", "failed"}:
            fields["ErrorCode"] = str(text.error)
        return self._post(text.callback, fields)[0]

    def _report_call(self, call: Text, state: str) -> int:
        """Twilio reports the end of every call, and of the rest what `StatusCallbackEvent` asks for."""
        if state == "voicemail":
            self.pick_up(call).silence()
            return 204
        call.status = state
        call.sent_at = call.sent_at or datetime.now(UTC)
        event = {"in-progress": "answered"}.get(state, state)
        if not call.callback or (event in {"initiated", "ringing", "answered"} and event not in call.events):
            return 204
        call.reported.append(state)
        fields = {"CallSid": call.sid, "CallStatus": state, "To": call.to, "From": call.sender, "CallbackSource": "call-progress-events"}
        return self._post(call.callback, fields | {"AccountSid": self.account, "ApiVersion": "2010-04-01"})[0]

    def _post(self, url: str, fields: dict[str, str]) -> tuple[int, str]:
        status, body = self.post(url, fields, signature(url, fields, self.token))
        self.callbacks.append((url, fields, status))
        return status, body

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()


def main() -> None:
    """Run alone and print each message; a typed line "+33600000001 A214" is a reply from that phone."""
    parser = argparse.ArgumentParser(description="A fake Twilio for development.")
    parser.add_argument("--port", type=int, default=8999)
    parser.add_argument("--callback", default="http://127.0.0.1:8000", help="where the desk listens: replies are posted there")
    parser.add_argument("--behave", default="ok", help="ok, silent, fail:21610, hang, drop, 429:5, 500, 401 …")
    given = parser.parse_args()
    account = os.environ.get("TWILIO_ACCOUNT_SID") or "AC" + "0" * 32
    token = os.environ.get("TWILIO_AUTH_TOKEN") or "fake-token"
    with FakeTwilio(account=account, token=token, desk=given.callback.rstrip("/"), port=given.port, on_text=shown) as twilio:
        twilio.behave(given.behave)
        print(f"TWILIO_API_BASE={twilio.url} TWILIO_ACCOUNT_SID={account} TWILIO_AUTH_TOKEN={token} TWILIO_FROM=+15005550006", flush=True)
        try:
            for line in sys.stdin:
                sender, _, words = line.strip().partition(" ")
                if words:
                    print(f"{sender} > {words}\n  < {twilio.receive(sender, words) or '(no answer)'}", flush=True)
            threading.Event().wait()  # no more to read: serve until interrupted
        except KeyboardInterrupt:
            print()


def shown(text: Text) -> None:
    kind = "SMS" if text.sid.startswith("SM") else "CALL"
    print(f"{datetime.now(UTC):%H:%M:%S} {kind} to {text.to} ({len(text.body)}): {text.body}", flush=True)


if __name__ == "__main__":
    main()
