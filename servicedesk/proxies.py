"""Whose X-Forwarded headers are believed: those of TRUSTED_PROXIES and nobody else's.

Behind them the headers are reduced to what the nearest trusted proxy saw: one address, the first from the right that is no proxy of
ours. From anywhere else they are dropped, so that nobody gives himself another address or a secure connection he does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FOR, PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
FORGED = (FOR, PROTO, "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
Networks = Sequence[IPv4Network | IPv6Network]


class ProxyHeaders:
    """First of all middleware: what comes after it may believe the headers that are left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        trusted: Networks = settings.TRUSTED_PROXIES
        if trusted:
            _reduce(request.META, trusted)
        return self.get_response(request)


def _reduce(meta: dict[str, str], trusted: Networks) -> None:
    if not is_among(meta.get("REMOTE_ADDR", ""), trusted):
        for name in FORGED:
            meta.pop(name, None)
        return
    client = client_of(meta.get(FOR, ""), trusted)
    if client:
        meta[FOR] = client
    else:
        meta.pop(FOR, None)
    if PROTO in meta:
        meta[PROTO] = meta[PROTO].rpartition(",")[2].strip()


def client_of(chain: str, trusted: Networks) -> str:
    """Of X-Forwarded-For, the first address from the right that is no proxy of ours; empty where what stands there is no address."""
    for word in reversed(chain.split(",")):
        address = _bare(word)
        if not is_among(address, trusted):
            return address
    return ""


def is_among(address: str, networks: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in networks)


def _bare(word: str) -> str:
    """Without port and brackets; empty where it is no address."""
    text = word.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
