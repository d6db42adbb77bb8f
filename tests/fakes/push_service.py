"""A push service and the browsers it serves: speaks TLS, opens every message with the browser's keys, and objects to all that is not right.

Answers as it is told (`201`, `410`, `429:30`, `hang`). `faults` must be empty at the end.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

CURVE = ec.SECP256R1()
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
DAY_S = 86_400


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def expanded(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF of at most one block, written out: not by the means of the code under test."""
    return _hmac(_hmac(salt, secret), info + b"\x01")[:length]


def _hmac(key: bytes, text: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(text)
    return made.finalize()


class Browser:
    """One subscription, and what its owner saw."""

    def __init__(self, service: PushService, name: str) -> None:
        self.key, self.auth = ec.generate_private_key(CURVE), b"sixteen bytes ok"
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.endpoint = f"{service.url}/send/{name}"
        self.shown: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def subscription(self) -> str:
        return json.dumps({"endpoint": self.endpoint, "keys": {"p256dh": packed(self.point), "auth": packed(self.auth)}})

    def opened(self, body: bytes) -> bytes:
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, text = body[21 : 21 + length], body[21 + length :]
        assert len(text) <= size <= 4096, "more than one record"
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
        secret = expanded(self.auth, shared, b"WebPush: info\x00" + self.point + theirs, 32)
        key = expanded(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        plain = AESGCM(key).decrypt(expanded(salt, secret, b"Content-Encoding: nonce\x00", 12), text, None).rstrip(b"\x00")
        assert plain.endswith(b"\x02"), "not the last record"
        return plain[:-1]


class PushService:
    def __init__(self, folder: Path) -> None:
        self.browsers: dict[str, Browser] = {}
        self.faults: list[str] = []
        self.verb, self.closing = "201", threading.Event()
        self.certificate = _certificate(folder)
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.take(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"

    def browser(self, name: str = "sams") -> Browser:
        self.browsers[name] = Browser(self, name)
        return self.browsers[name]

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            browser = self.browsers[request.path.removeprefix("/send/")]
            self._look(headers, body)
            browser.shown.append(json.loads(browser.opened(body)))
            browser.headers.append(headers)
        except Exception as error:
            self.faults.append(f"{type(error).__name__}: {error}")
        status, _, detail = ("400" if self.faults else self.verb).partition(":")
        if status == "hang":
            self.closing.wait()
            return
        request.send_response(int(status))
        if detail:
            request.send_header("Retry-After", detail)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _look(self, headers: Mapping[str, str], body: bytes) -> None:
        assert headers["content-encoding"] == "aes128gcm"
        assert headers["urgency"] in {"very-low", "low", "normal", "high"}
        assert TOPIC.fullmatch(headers["topic"]), headers["topic"]
        assert 0 <= int(headers["ttl"]) <= 28 * DAY_S
        assert len(body) <= 4096
        assert not [name for name in headers if name.startswith("word-")], "our own words are none of its business"
        _scheme, token, key = re.fullmatch(r"(vapid) t=([\w.-]+), k=([\w-]+)", headers["authorization"]).groups()  # type: ignore[union-attr]
        signed, _, signature = token.rpartition(".")
        r, s = unpacked(signature)[:32], unpacked(signature)[32:]
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, unpacked(key))
        public.verify(encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")), signed.encode(), ec.ECDSA(hashes.SHA256()))
        claims = json.loads(unpacked(signed.partition(".")[2]))
        assert claims["aud"] == self.url
        assert time.time() < claims["exp"] <= time.time() + DAY_S
        assert claims["sub"].startswith(("mailto:", "http"))

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


def _certificate(folder: Path) -> Path:
    key, now = ec.generate_private_key(CURVE), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push.test")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    file = folder / "push.pem"
    file.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return file
