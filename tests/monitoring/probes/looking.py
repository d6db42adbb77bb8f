"""How tests run a probe, and the servers on loopback that they look at."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from monitoring.probes import conclusion, options, running
from monitoring.probes.catalogue import PROBES
from monitoring.probes.shape import Finding
from tests.actors import NINE

LOOPBACK = [(ip_network("127.0.0.0/8"), 0)]


def look(name: str, /, *, memory: dict[str, Any] | None = None, now: dt.datetime = NINE, allow: Any = LOOPBACK, **given: Any) -> Finding:
    """One run; loopback may be dialled unless `allow` says otherwise."""
    probe = PROBES[name]
    with override_settings(PROBE_ALLOW=allow):
        return running.run(probe, options.sure(probe, given), memory=memory or {}, check="a check", now=now)


def told(name: str, /, **given: Any) -> dict[str, Any]:
    """The result that would be recorded."""
    own = {key: given.pop(key) for key in ("memory", "now", "allow") if key in given}
    return conclusion.item(PROBES[name], options.sure(PROBES[name], given), look(name, **own, **given), check="a check")


def values(found: Finding) -> dict[str, float]:
    return {f"{one.figure} {one.of}".strip(): one.value for one in found.readings}


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@contextmanager
def web_server(answer: Callable[[str], tuple[int, dict[str, str], bytes]], *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A local web server: `answer(path)` gives status, headers and body. Yields its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def tcp_server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Takes connections one after the other; yields its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                line, _peer = server.accept()
            except OSError:
                return
            with line, suppress(OSError):
                serve(line)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(timeout=2)


def certificate(folder: Path, *, until: dt.datetime, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's TLS with a self-signed certificate that ends at this time."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(until - dt.timedelta(days=400)).not_valid_after(until)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    return tls
