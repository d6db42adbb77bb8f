"""A security key made of software: what a browser would send of it, byte by byte."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SoftKey:
    """One key for one person at one desk. `asks` off: it is touched, but asks for no PIN."""

    origin: str = "https://testserver"
    asks: bool = True
    secret: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user: str = ""

    def made(self, options: dict[str, Any]) -> str:
        """The answer to a wish to make one."""
        key = options["publicKey"]
        self.user = key["user"]["id"]
        attested = (
            bytes(16)
            + struct.pack(">H", len(self.handle))
            + self.handle
            + cbor.encode(dict(ES256.from_cryptography_key(self.secret.public_key())))
        )
        kept = cbor.encode({"fmt": "none", "attStmt": {}, "authData": self._authenticator(key["rp"]["id"], ATTESTED) + attested})
        said = {
            "clientDataJSON": self._client("webauthn.create", key),
            "attestationObject": websafe_encode(kept),
            "transports": ["internal"],
        }
        return self._written(said, {"credProps": {"rk": True}})

    def used(self, options: dict[str, Any], **instead: Any) -> str:
        """The answer to a challenge; `instead` lies about a part of it."""
        key = options["publicKey"]
        client, state = self._client("webauthn.get", key), self._authenticator(key["rpId"], 0)
        digest = hashlib.sha256(self._raw).digest()
        said = {
            "clientDataJSON": client,
            "authenticatorData": websafe_encode(state),
            "signature": websafe_encode(self.secret.sign(state + digest, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.user,
        }
        return self._written(said | instead, {})

    def _client(self, kind: str, key: dict[str, Any]) -> str:
        self._raw = json.dumps({"type": kind, "challenge": key["challenge"], "origin": self.origin, "crossOrigin": False}).encode()
        return str(websafe_encode(self._raw))

    def _authenticator(self, rp: str, more: int) -> bytes:
        flags = PRESENT | (VERIFIED if self.asks else 0) | more
        return hashlib.sha256(rp.encode()).digest() + bytes([flags]) + struct.pack(">I", 0)

    def _written(self, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.handle)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": extensions, "response": response})
