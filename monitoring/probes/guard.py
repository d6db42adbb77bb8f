"""Where probes may dial: the internet, and of private networks only what PROBE_ALLOW names. The dialled address counts.

A name is resolved once; its addresses are looked at; one that passed is dialled, as a number. So a name that changes
between the look and the call, and a redirect to a private host, come to nothing.
"""

from __future__ import annotations

import socket

from monitoring.probes.shape import Context
from servicedesk import deadline, targets

CONNECT_S, READ_S = 5.0, 5.0


class Refused(Exception):
    """A target in a private or reserved range that PROBE_ALLOW does not name; `remedy` says how to name it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy


def addresses(host: str, port: int, context: Context) -> list[tuple[str, int]]:
    """The addresses of `host` that may be dialled. Raises Refused where none may, OSError where there is none."""
    found = deadline.resolve(host, port, within_s=min(CONNECT_S, context.deadline.left()))
    allowed = targets.allowed(found, context.allow)
    if not allowed:
        tried = ", ".join(sorted({address for address, _port in found}))
        size = 128 if ":" in found[0][0] else 32
        raise Refused(
            f"{host} is {tried}, private or reserved", f"To allow it, name it in PROBE_ALLOW, such as {found[0][0]}/{size}:{port}."
        )
    return allowed


def dial(host: str, port: int, context: Context, *, connect_s: float = CONNECT_S, read_s: float = READ_S) -> socket.socket:
    """A connected socket under the run's deadline. Raises Refused, OSError."""
    return deadline.connected(addresses(host, port, context), context.deadline, connect_s=connect_s, read_s=read_s)
