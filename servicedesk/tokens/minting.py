"""Secrets that outsiders hold: made once, shown once, kept as a hash. `msd_<prefix>_<43 characters>`."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

FORM = re.compile(r"^msd_([A-Za-z0-9]{8,12})_([A-Za-z0-9_-]{43})$")


@dataclass(frozen=True, slots=True)
class Minted:
    token: str
    prefix: str
    digest: str


def digest(token: str) -> str:
    """What is stored: SHA-256 of the whole token, in hex. The token has 256 bits of its own, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def mint(prefix: str = "") -> Minted:
    """A new token; `prefix` (8 to 12 letters or digits) only where a world wants a known one."""
    prefix = prefix or secrets.token_hex(4)
    token = f"msd_{prefix}_{secrets.token_urlsafe(32)}"
    return Minted(token=token, prefix=prefix, digest=digest(token))


def prefix_of(token: str) -> str | None:
    """The look-up key of a token, or None where the form is wrong."""
    match = FORM.match(token)
    return match.group(1) if match else None


def matches(token: str, stored: str) -> bool:
    """Whether `token` hashes to `stored`; an empty stored hash matches nothing."""
    return bool(stored) and hmac.compare_digest(digest(token), stored)
