"""HTTP for probes: httpx2 over connections that the guard dials, timed phase by phase. Proxies of the environment are not asked."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore2
import httpx2

from monitoring.probes import guard
from monitoring.probes.shape import Context

MOST_REDIRECTS = 5
MOST_BODY = 1024 * 1024


class _Guarded(httpcore2.NetworkBackend):
    """Dials what the guard lets through, and hands the socket to the deadline."""

    def __init__(self, context: Context, phases: Phases) -> None:
        self.context, self.phases, self.plain = context, phases, httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        with self.phases.timing("dns_s"):
            try:
                found = guard.addresses(host, port, self.context)
            except OSError as error:
                raise httpcore2.ConnectError(f"{host}: {error}") from error
        with self.phases.timing("connect_s"):
            return self._first(found, timeout, local_address, socket_options)

    def _first(
        self, found: list[tuple[str, int]], timeout: float | None, local: str | None, more: Iterable[Any] | None
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("no address")
        for address, port in found:
            try:
                stream = self.plain.connect_tcp(address, port, min(timeout or guard.CONNECT_S, self.context.deadline.left()), local, more)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            self.context.deadline.guard(stream.get_extra_info("socket"))
            return stream
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        raise guard.Refused("a probe speaks to no socket of this machine", "Give a host.")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class Phases:
    """Seconds each phase took, over all redirects."""

    took: dict[str, float] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.took[name] = self.took.get(name, 0.0) + time.monotonic() - began

    def trace(self, event: str, _info: Any) -> None:
        """httpcore2's events: TLS, and from the request's end to the answer's first byte."""
        name = {"connection.start_tls": "tls_s", "http11.receive_response_headers": "first_byte_s"}.get(event.rpartition(".")[0])
        if name and event.endswith("started"):
            self.begun[name] = time.monotonic()
        elif name and name in self.begun:
            self.took[name] = self.took.get(name, 0.0) + time.monotonic() - self.begun.pop(name)


@dataclass
class Answer:
    status: int
    body: bytes
    url: str
    phases: dict[str, float]
    certificate: bytes = b""
    is_cut: bool = False


def ask(method: str, url: str, context: Context, *, verify: bool = True, follow: bool = True, **request: Any) -> Answer:
    """One answer, its first MiB of body. Raises guard.Refused, httpx2.HTTPError (names its kind), TimeoutError."""
    phases, began = Phases(), time.monotonic()
    tls = ssl.create_default_context()
    if not verify:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    transport = httpx2.HTTPTransport(verify=tls, trust_env=False)
    transport._pool = httpcore2.ConnectionPool(ssl_context=tls, network_backend=_Guarded(context, phases))
    limits = httpx2.Timeout(context.deadline.left())
    with (
        httpx2.Client(
            transport=transport, timeout=limits, trust_env=False, follow_redirects=follow, max_redirects=MOST_REDIRECTS
        ) as client,
        client.stream(method, url, extensions={"trace": phases.trace}, **request) as answer,
    ):
        wire = answer.extensions["network_stream"].get_extra_info("ssl_object")
        certificate = wire.getpeercert(True) if wire else b""
        body, is_cut = _body(answer)
    phases.took["total_s"] = time.monotonic() - began
    return Answer(answer.status_code, body, str(answer.url), phases.took, certificate or b"", is_cut)


def _body(answer: httpx2.Response) -> tuple[bytes, bool]:
    body = b""
    for part in answer.iter_bytes():
        body += part
        if len(body) > MOST_BODY:
            return body[:MOST_BODY], True
    return body, False
