"""Is this webhook from Twilio? Judged over the configured public address, never over Host or forwarded headers.

Twilio signs the URL followed by each form field's name and value, sorted and without separators, with HMAC-SHA1 and the
account's token; of a JSON body only the SHA-256 in the query is signed. Hence more is asked than a matching signature:
no field twice, plain field names, our account, and the fields the caller needs (else `ab`+`c` passes for `a`+`bc`).
A signature has no date: callers must also refuse repeats. Nothing here raises; the algorithm is ours to choose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, RawPostDataException

FORM = re.compile(r"application/x-www-form-urlencoded\s*(;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)
JSON = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MOST_FIELDS = 200
PORTS = {"http": 80, "https": 443}


def valid(request: HttpRequest, *, needs: Collection[str] = ()) -> bool:
    """Whether Twilio signed this POST for our account, and every field named in `needs` is there."""
    try:
        body = request.body
    except (OSError, SuspiciousOperation, RawPostDataException):
        return False
    if request.method != "POST":
        return False
    return genuine(
        path=request.get_full_path(),
        content_type=request.headers.get("Content-Type", ""),
        body=body,
        given=request.headers.get("X-Twilio-Signature", ""),
        needs=needs,
    )


def genuine(*, path: str, content_type: str, body: bytes, given: str, needs: Collection[str] = ()) -> bool:
    """The same on plain values; `path` begins with a slash and carries the query as it came."""
    url = settings.SITE_URL + path
    if JSON.fullmatch(content_type):
        return _has_hash(url, body) and not needs and _signed(url, {}, given)
    fields = _fields(body) if FORM.fullmatch(content_type) else None
    if fields is None or not _hash_agrees(url, body):
        return False
    return set(needs) <= fields.keys() and _ours(fields) and _signed(url, fields, given)


def sign(url: str, fields: Mapping[str, str], token: str) -> str:
    """Twilio's signature of a form sent to `url`."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode("utf-8", "replace"), hashlib.sha1).digest()).decode()


def _signed(url: str, fields: Mapping[str, str], given: str) -> bool:
    """With the token of the account it names, or the one before it while that is being changed."""
    second = settings.TWILIO_SECOND
    ours = (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_PREVIOUS)
    tokens = [token for token in ((second["token"],) if second and _is_of_second(fields) else ours) if token]
    claim = given.encode("utf-8", "replace")
    return any(hmac.compare_digest(sign(spelt, fields, token).encode(), claim) for token in tokens for spelt in _spellings(url))


def _spellings(url: str) -> Iterator[str]:
    """The address with and without its port: which one is signed differs between Twilio's products."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host.removesuffix(f":{parts.port}")
    yield parts._replace(netloc=bare).geturl()
    yield parts._replace(netloc=f"{bare}:{parts.port or PORTS[parts.scheme]}").geturl()


def _fields(body: bytes) -> dict[str, str] | None:
    """The form, or None if it is not one, names a field twice or uses a name Twilio has not."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) and all(NAME.fullmatch(name) for name in fields) else None


def _ours(fields: Mapping[str, str]) -> bool:
    return fields.get("AccountSid", "") == settings.TWILIO_ACCOUNT_SID != "" or _is_of_second(fields)


def _is_of_second(fields: Mapping[str, str]) -> bool:
    second = settings.TWILIO_SECOND
    return second is not None and fields.get("AccountSid", "") == second["sid"]


def _hash_agrees(url: str, body: bytes) -> bool:
    return "bodySHA256" not in parse_qs(urlsplit(url).query, keep_blank_values=True) or _has_hash(url, body)


def _has_hash(url: str, body: bytes) -> bool:
    hashes = parse_qs(urlsplit(url).query, keep_blank_values=True).get("bodySHA256", [])
    return len(hashes) == 1 and hmac.compare_digest(hashes[0].lower().encode(), hashlib.sha256(body).hexdigest().encode())
