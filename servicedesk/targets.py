"""Which addresses may be dialled for somebody else: the internet, and of private networks only what a setting names.

The dialled address counts, never the name: a name is resolved once, its addresses are looked at, and one that passed is dialled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
Address = IPv4Address | IPv6Address
Allowed = Collection[tuple[IPv4Network | IPv6Network, int]]  # port 0: any


def allowed(found: Iterable[tuple[str, int]], allow: Allowed) -> list[tuple[str, int]]:
    """Of these addresses, with their ports, those that may be dialled."""
    return [pair for pair in dict.fromkeys(found) if is_allowed(ip_address(pair[0].partition("%")[0]), pair[1], allow)]


def is_allowed(address: Address, port: int, allow: Allowed) -> bool:
    address = inner(address)
    if address.is_global and not address.is_multicast:
        return True
    return any(address in network and named in (0, port) for network, named in allow)


def inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, because that is who answers."""
    if not isinstance(address, IPv6Address):
        return address
    for within in (address.ipv4_mapped, address.sixtofour, address.teredo[1] if address.teredo else None):
        if within is not None:
            return within
    if any(address in network for network in NAT64) or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
