"""Messages of Amazon's SNS: who may be asked about them, and whether their signature holds. Pure.

Signature version 1 is RSA with SHA-1, version 2 with SHA-256, over the named fields in this order (Amazon's
"Verifying the signatures of Amazon SNS messages").
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

HOST = re.compile(r"sns\.([a-z0-9-]{3,30})\.amazonaws\.com(?:\.cn)?")
NOTIFIED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
SUBSCRIBED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {"Notification": NOTIFIED, "SubscriptionConfirmation": SUBSCRIBED, "UnsubscribeConfirmation": SUBSCRIBED}
HASHES = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303  (version 1 is what Amazon sends by default)


class Forged(ValueError):
    """It is not what it says it is; the words say why."""


def is_amazons(url: Any, topic: str) -> bool:
    """Whether this address is SNS's own, of the region the topic lies in. Nothing else is ever asked."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        port = parts.port
    except ValueError:
        return False
    found = HOST.fullmatch(parts.hostname or "")
    plain = parts.scheme == "https" and port in (None, 443) and parts.username is None and parts.password is None
    return plain and found is not None and topic.split(":")[3:4] == [found[1]]


def verify(envelope: Mapping[str, Any], certificate: bytes, *, now: datetime) -> None:
    """Raises Forged."""
    how = HASHES.get(str(envelope.get("SignatureVersion")))
    if how is None:
        raise Forged("its SignatureVersion is neither 1 nor 2")
    try:
        signature = base64.b64decode(str(envelope.get("Signature")), validate=True)
        found = x509.load_pem_x509_certificate(certificate)
    except (binascii.Error, ValueError) as error:
        raise Forged("its signature or the certificate cannot be read") from error
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise Forged("the certificate is not valid today")
    key = found.public_key()
    if not isinstance(key, RSAPublicKey):
        raise Forged("the certificate is of another kind")
    try:
        key.verify(signature, signed_words(envelope), PKCS1v15(), how)
    except InvalidSignature as error:
        raise Forged("its signature does not hold") from error


def signed_words(envelope: Mapping[str, Any]) -> bytes:
    """The named fields that are there, each as its name and its value on lines of their own. Raises Forged."""
    names = SIGNED.get(str(envelope.get("Type")))
    if names is None:
        raise Forged("its Type is none of SNS's")
    return "".join(f"{name}\n{envelope[name]}\n" for name in names if envelope.get(name) is not None).encode()
