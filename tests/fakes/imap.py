"""An IMAP server of our own with one folder: enough of RFC 3501 for a probe. Letters are bytes; `seen` are their numbers."""

from __future__ import annotations

import re
import socketserver
import threading
from datetime import datetime
from email import message_from_bytes
from typing import Any, Self


class FakeImap:
    host = "127.0.0.1"

    def __init__(self, user: str = "probe", password: str = "secret") -> None:
        self.user, self.password = user, password
        self.letters: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.deleted: set[int] = set()
        self.fetched: list[str] = []
        self.at = datetime(2026, 11, 23, 8).astimezone()

    def add(self, letter: bytes) -> int:
        uid = max(self.letters, default=0) + 1
        self.letters[uid] = letter
        return uid

    def __enter__(self) -> Self:
        fake = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                while line := self.rfile.readline():
                    tag, _space, words = line.decode().strip().partition(" ")
                    for part in fake.answer(tag, words):
                        self.wfile.write(part)
                    if words.upper().startswith("LOGOUT"):
                        return

        self.server = socketserver.ThreadingTCPServer((self.host, 0), Session)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, tag: str, words: str) -> list[bytes]:
        verb = words.split()[0].upper() if words else ""
        rest = words.partition(" ")[2]
        if verb == "UID":
            verb, rest = rest.split()[0].upper(), rest.partition(" ")[2]
        told = getattr(self, f"do_{verb.lower()}", lambda _rest: ([], "OK"))(rest)
        return [*told[0], f"{tag} {told[1]} done\r\n".encode()]

    def do_capability(self, _rest: str) -> tuple[list[bytes], str]:
        return [b"* CAPABILITY IMAP4rev1\r\n"], "OK"

    def do_login(self, rest: str) -> tuple[list[bytes], str]:
        return [], "OK" if rest == f'{self.user} "{self.password}"' else "NO"

    def do_select(self, rest: str) -> tuple[list[bytes], str]:
        return [f"* {len(self.letters)} EXISTS\r\n".encode()], "OK" if "INBOX" in rest else "NO"

    do_examine = do_select

    def do_search(self, rest: str) -> tuple[list[bytes], str]:
        subject = re.search(r'SUBJECT "([^"]*)"', rest)
        found = [uid for uid in self.letters if "UNSEEN" not in rest or uid not in self.seen]
        if subject:
            found = [uid for uid in found if subject[1] in str(message_from_bytes(self.letters[uid])["Subject"])]
        return [f"* SEARCH {' '.join(map(str, found))}\r\n".encode()], "OK"

    def do_fetch(self, rest: str) -> tuple[list[bytes], str]:
        self.fetched.append(rest)
        uid = int(rest.split()[0])
        if "INTERNALDATE" in rest:
            return [f'* {uid} FETCH (INTERNALDATE "{self.at:%d-%b-%Y %H:%M:%S %z}")\r\n'.encode()], "OK"
        text = self.letters[uid] if "BODY.PEEK[]" in rest else self.letters[uid].split(b"\n\n")[0] + b"\n\n"
        return [f"* {uid} FETCH (UID {uid} BODY[] {{{len(text)}}}\r\n".encode(), text, b")\r\n"], "OK"

    def do_store(self, rest: str) -> tuple[list[bytes], str]:
        self.deleted |= {int(uid) for uid in rest.split()[0].split(",")}
        return [], "OK"

    def do_expunge(self, _rest: str) -> tuple[list[bytes], str]:
        self.letters = {uid: letter for uid, letter in self.letters.items() if uid not in self.deleted}
        return [], "OK"

    def do_logout(self, _rest: Any) -> tuple[list[bytes], str]:
        return [b"* BYE\r\n"], "OK"
