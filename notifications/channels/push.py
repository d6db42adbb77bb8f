"""Browsers, by their push service: a short text that only that browser can read (RFC 8030, 8291, 8292).

That the service took it says nothing of the browser; the browser itself tells when it showed it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import struct
import time
from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from notifications.channels import DeliveryFailed, OutcomeUnknown, Parcel, web
from servicedesk.deadline import Deadline

CURVE = ec.SECP256R1()
RECORD = 4_096  # bytes, the whole body: what every push service takes
OVERHEAD = 16 + 4 + 1 + 65 + 16 + 1  # salt, record size, key length, our key, tag, delimiter
TITLE, BODY = 45, 180
LIVES_S = 12 * 3600  # of a signature; at most 24 hours
GONE, REFUSED, SLOW_DOWN = {404, 410}, {401, 403}, {408, 425, 429}
UNSUBSCRIBED = "unsubscribed"  # the code of a browser that takes nothing any more
LINK = re.compile(r"https?://\S+")
SENTENCES = re.compile(r".*[.!?](?=\s)", re.DOTALL)


def send(parcel: Parcel) -> str:
    """Hand it to the browser's push service; a number of our own. `to` is the subscription as JSON; `headers` bear the signature."""
    try:
        address = json.loads(parcel.to)
        sealed = encrypt(payload(parcel), address["keys"]["p256dh"], address["keys"]["auth"])
    except (ValueError, KeyError, TypeError, InvalidTag) as error:
        raise DeliveryFailed(_("This is not a browser's address."), permanent=True, code="address", flags_method=True) from error
    if urlsplit(address["endpoint"]).scheme != "https":
        raise DeliveryFailed(_("A push service is called by https only."), permanent=True, code="address", flags_method=True)
    wrapping = {name: value for name, value in parcel.headers.items() if not name.startswith("word-")}
    wrapping |= {"Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm"}
    with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
        status, said, pause = web.post(address["endpoint"], sealed, deadline, headers=wrapping)
    if 200 <= status < 300:
        return f"push-{parcel.message_id}"
    raise _failure(status, " ".join(said.split())[:80], pause)


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    raise OutcomeUnknown(_("A push service cannot be asked whether it has a message."))


def payload(parcel: Parcel) -> bytes:
    """What the service worker shows and where it leads: paths only, so that it never leaves the site it belongs to."""
    text = " ".join(parcel.text.split())
    found = LINK.search(text)
    path = urlsplit(found[0].rstrip(".,;)")).path if found and found[0].startswith(settings.SITE_URL) else ""
    said = SENTENCES.match(text[: found.start()]) if found else None
    body = said[0] if said else text[: found.start()] if found else text
    return json.dumps(
        {
            "title": Truncator(" ".join(parcel.subject.split()) or parcel.thread).chars(TITLE),
            "body": Truncator(body.strip()).chars(BODY),
            "path": path or ("/me/notifications/" if parcel.thread in ("TEST", "METHODS") else "/"),
            "acts": path.startswith("/a/"),
            "urgent": parcel.headers.get("Urgency") == "high",
            "tag": parcel.headers.get("Topic", ""),
            "receipt": f"/hooks/push/{parcel.token}/",
            "words": {name.removeprefix("word-"): value for name, value in parcel.headers.items() if name.startswith("word-")},
        },
        ensure_ascii=False,
    ).encode()


def encrypt(text: bytes, p256dh: str, auth: str, *, salt: bytes | None = None, ours: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    """One record of aes128gcm (RFC 8188) under keys of RFC 8291. ValueError where the keys are none, or the text is too long."""
    if len(text) > RECORD - OVERHEAD:
        raise ValueError("too long for one record")
    salt, ours = salt or os.urandom(16), ours or ec.generate_private_key(CURVE)
    theirs, mine = unpacked(p256dh), point(ours.public_key())
    shared = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
    secret = _derived(shared, unpacked(auth), b"WebPush: info\x00" + theirs + mine, 32)
    key, nonce = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16), _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    return salt + struct.pack("!LB", RECORD, len(mine)) + mine + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def authorization(key: ec.EllipticCurvePrivateKey, endpoint: str, *, contact: str) -> str:
    """The desk's signature for one push service (VAPID): who asks, to whom, until when."""
    target = urlsplit(endpoint)
    claims = {"aud": f"{target.scheme}://{target.netloc}", "exp": int(time.time()) + LIVES_S, "sub": contact}
    parts = [packed(json.dumps(part, separators=(",", ":")).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims)]
    signature = key.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(signature)
    token = ".".join([*parts, packed(r.to_bytes(32, "big") + s.to_bytes(32, "big"))])
    return f"vapid t={token}, k={packed(point(key.public_key()))}"


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """ValueError where it is not base64url."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _failure(status: int, said: str, pause: int | None) -> DeliveryFailed:
    if status in GONE:
        why = _("This browser takes nothing any more: switched off there, or its data were cleared. Add it again in that browser.")
        return DeliveryFailed(why, permanent=True, code=UNSUBSCRIBED, flags_method=True)
    if status in REFUSED:
        why = _("The push service does not know the desk's key (%(status)s). Remove this browser and add it again.") % {"status": status}
        return DeliveryFailed(why, permanent=True, code=str(status), flags_method=True)
    why = _("The push service refused the message (%(status)s %(said)s).") % {"status": status, "said": said}
    is_final = status < 500 and status not in SLOW_DOWN
    return DeliveryFailed(why, permanent=is_final, code=str(status), retry_after_s=pause)
