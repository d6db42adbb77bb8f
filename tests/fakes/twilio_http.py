"""The fake Twilio's door: HTTP on loopback, the paths of the 2010 API, and every way of not answering."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import ssl
import struct
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes import twilio_spec
from tests.fakes.twilio_records import MAGIC_FROM, MAGIC_TO, Asked, Refused, Text, as_json, new_text

if TYPE_CHECKING:
    from tests.fakes.twilio import FakeTwilio

PATH = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/(?P<kind>Messages|Calls)(?:/(?P<sid>[^/.]+))?\.json")
E164 = re.compile(r"\+[1-9]\d{6,14}")


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that stopping frees every thread, even those that never answer."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], twilio: FakeTwilio, certificate: Path | None) -> None:
        super().__init__(address, Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.twilio = twilio
        self.open: set[socket.socket] = set()

    def serve(self) -> None:
        self.serve_forever(poll_interval=0.02)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the game."""

    def stop(self) -> None:
        self.shutdown()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 10

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the standard library's)
        pass

    def answer(self) -> None:
        self.twilio = self.server.twilio
        fields = self.fields()
        plain = {name: values[-1] for name, values in fields.items()}
        try:
            status, body, verb = self.route(fields, plain)
            headers: dict[str, str] = {}
        except Refused as error:
            status, headers, verb = error.status, error.headers, "ok"
            body = {
                "code": error.code,
                "message": error.words,
                "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
                "status": status,
            }
        self.twilio.journal.append(Asked(self.command, self.path, plain, status))
        self.give(verb, status, json.dumps(body).encode(), headers)

    def fields(self) -> dict[str, list[str]]:
        if self.command == "GET":
            return parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(), keep_blank_values=True)

    def route(self, fields: dict[str, list[str]], plain: dict[str, str]) -> tuple[int, dict[str, Any], str]:
        path = urlsplit(self.path).path
        if path.startswith("/_"):
            return self.control(path, plain)
        match = PATH.fullmatch(path)
        self.check_account(match)
        assert match is not None
        self.check_spec(match, fields)
        if match["sid"] and self.command == "POST":
            return 200, as_json(self.twilio.account, self.cut_off(self.one(match["sid"]), plain)), "ok"
        if match["sid"]:
            return 200, as_json(self.twilio.account, self.one(match["sid"])), "ok"
        return self.listed(match["kind"], plain) if self.command == "GET" else self.created(match["kind"], fields, plain)

    def control(self, path: str, plain: dict[str, str]) -> tuple[int, dict[str, Any], str]:
        """For tests and benches in other processes: read the journal, set a behaviour, send a reply."""
        if path == "/_behave":
            self.twilio.behave(plain["verb"], to=plain.get("to", "*"))
        answer = self.twilio.receive(plain["from"], plain["text"]) if path == "/_reply" else None
        kept = [as_json(self.twilio.account, text) | {"reported": text.reported} for text in [*self.twilio.texts, *self.twilio.calls]]
        return 200, {"messages": kept, "faults": self.twilio.faults, "answer": answer}, "ok"

    def check_account(self, match: re.Match[str] | None) -> None:
        claim = "Basic " + base64.b64encode(f"{self.twilio.account}:{self.twilio.token}".encode()).decode()
        if self.headers.get("Authorization") != claim:
            raise Refused(401, 20003, "Authenticate")
        if match is None or match["account"] != self.twilio.account:
            raise Refused(404, 20404, f"The requested resource {self.path} was not found")

    def check_spec(self, match: re.Match[str], fields: dict[str, list[str]]) -> None:
        resource = f"/{match['kind']}/{{Sid}}.json" if match["sid"] else f"/{match['kind']}.json"
        faults = twilio_spec.faults(self.command, resource, fields)
        if faults:
            self.twilio.faults += faults
            raise Refused(400, 20001, "; ".join(faults))

    def one(self, sid: str) -> Text:
        for text in [*self.twilio.texts, *self.twilio.calls]:
            if text.sid == sid:
                return text
        raise Refused(404, 20404, f"The requested resource {sid} was not found")

    def cut_off(self, call: Text, plain: dict[str, str]) -> Text:
        """Twilio cancels what is queued or rings, and nothing else."""
        self.refuse_by(self.twilio.verb("cut"))
        if plain.get("Status") != "canceled" or call.status not in {"queued", "initiated", "ringing"}:
            raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
        self.twilio.cut_off(call)
        return call

    def listed(self, kind: str, plain: dict[str, str]) -> tuple[int, dict[str, Any], str]:
        """Newest first; a message that still waits in the queue has no date sent and passes no filter by date."""
        verb = self.twilio.verb("list")
        self.refuse_by(verb)
        kept = reversed(self.twilio.texts if kind == "Messages" else self.twilio.calls)
        fitting = [text for text in kept if fits(text, plain)]
        size, page = int(plain.get("PageSize", 50)), int(plain.get("Page", 0))
        shown = [as_json(self.twilio.account, text) for text in fitting[page * size : (page + 1) * size]]
        after = urlencode({**plain, "Page": page + 1})
        more = f"{urlsplit(self.path).path}?{after}" if len(fitting) > (page + 1) * size else None
        return 200, {kind.lower(): shown, "page": page, "page_size": size, "next_page_uri": more, "uri": self.path}, verb

    def created(self, kind: str, fields: dict[str, list[str]], plain: dict[str, str]) -> tuple[int, dict[str, Any], str]:
        verb = self.twilio.verb(plain["To"])
        if verb in {"hang", "vanish"}:
            return 0, {}, verb
        self.refuse_by(verb)
        if kind == "Messages":
            self.check_message(plain)
        else:
            self.check_call(plain)
        text = new_text("SM" if kind == "Messages" else "CA", plain)
        text.events = frozenset(fields.get("StatusCallbackEvent", []))
        made = as_json(self.twilio.account, text)
        self.twilio.accept(text, verb)
        return 201, made, verb

    def refuse_by(self, verb: str) -> None:
        name, _, detail = verb.partition(":")
        if name == "fail" and detail.startswith("2"):
            raise Refused(400, int(detail), f"Refused with {detail}")
        if name == "401":
            raise Refused(401, 20003, "Authenticate")
        if name == "429":
            raise Refused(429, 20429, "Too Many Requests", {"Retry-After": detail or "1"})
        if name in {"500", "503"}:
            raise Refused(int(name), 20500, "Internal Server Error")

    def check_message(self, plain: dict[str, str]) -> None:
        number, sender, body = plain["To"], plain.get("From", ""), plain.get("Body", "")
        code = MAGIC_TO.get(number) or MAGIC_FROM.get(sender) or (21610 if number in self.twilio.stopped else None)
        code = code or (None if E164.fullmatch(number) else 21211) or (None if body else 21602) or (21617 if len(body) > 1600 else None)
        if code:
            raise Refused(400, code, f"Refused with {code}")

    def check_call(self, plain: dict[str, str]) -> None:
        """A call needs numbers at both ends, and something to say."""
        bad = 21201 if not plain.get("To") else 21213 if not plain.get("From") else None if E164.fullmatch(plain["To"]) else 21211
        bad = bad or (None if E164.fullmatch(plain["From"]) else 21212) or MAGIC_TO.get(plain["To"])
        if bad is None and not {"Url", "Twiml", "ApplicationSid"} & plain.keys():
            bad = 21205
        if bad:
            raise Refused(400, bad, f"Refused with {bad}")

    def give(self, verb: str, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Answer as the verb says, or do not."""
        name, _, detail = verb.partition(":")
        if name in {"hang", "swallow"}:
            self.twilio.closing.wait()
        elif name == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif name == "babble":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        elif name not in {"drop", "vanish"}:
            if name == "slow":
                self.twilio.closing.wait(float(detail))
            self.write(status, b"{" if name == "garble" else body, headers, pause_s=0.05 if name == "drip" else 0)

    def write(self, status: int, body: bytes, headers: dict[str, str], pause_s: float) -> None:
        lines = [f"HTTP/1.0 {status} -", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        answer = "\r\n".join([*lines, "", ""]).encode() + body
        if not pause_s:
            self.wfile.write(answer)
        for start in range(len(answer) if pause_s else 0):
            if self.twilio.closing.wait(pause_s):
                return
            self.wfile.write(answer[start : start + 1])


def fits(text: Text, plain: dict[str, str]) -> bool:
    if plain.get("To", text.to) != text.to or plain.get("From", text.sender) != text.sender:
        return False
    since = plain.get("DateSent>") or plain.get("StartTime>")
    return since is None or (text.sent_at is not None and text.sent_at >= moment(since))


def moment(written: str) -> datetime:
    """A date (midnight UTC) or a date and time, as the API takes them."""
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
