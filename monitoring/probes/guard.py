"""Where probes may dial: the internet, and of private networks only what PROBE_ALLOW names. The dialled address counts.

A name is resolved once; its addresses are looked at; one that passed is dialled, as a number. So a name that changes
between the look and the call, and a redirect to a private host, come to nothing.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from monitoring.probes.shape import Allowed, Context
from servicedesk import deadline

CONNECT_S, READ_S = 5.0, 5.0
NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
Address = IPv4Address | IPv6Address


class Refused(Exception):
    """A target in a private or reserved range that PROBE_ALLOW does not name; `remedy` says how to name it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy


def addresses(host: str, port: int, context: Context) -> list[tuple[str, int]]:
    """The addresses of `host` that may be dialled. Raises Refused where none may, OSError where there is none."""
    found = deadline.resolve(host, port, within_s=min(CONNECT_S, context.deadline.left()))
    allowed = [pair for pair in dict.fromkeys(found) if is_allowed(ip_address(pair[0].partition("%")[0]), port, context.allow)]
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


def is_allowed(address: Address, port: int, allow: Allowed) -> bool:
    address = _inner(address)
    if address.is_global and not address.is_multicast:
        return True
    return any(address in network and allowed in (0, port) for network, allowed in allow)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, because that is who answers."""
    if not isinstance(address, IPv6Address):
        return address
    for inner in (address.ipv4_mapped, address.sixtofour, address.teredo[1] if address.teredo else None):
        if inner is not None:
            return inner
    if any(address in network for network in NAT64) or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
