"""Secrets in rows: sealed with FIELD_KEYS, or with SECRET_KEY where none are set, so that a copy of the database alone opens nothing."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

MARK = "sealed:"


class CannotOpen(ValueError):
    """Sealed with a key that is neither one of FIELD_KEYS nor SECRET_KEY nor one of SECRET_KEY_FALLBACKS."""


def seal(words: str) -> str:
    """As a text for a column; what is sealed already, or empty, stays as it is."""
    if not words or is_sealed(words):
        return words
    return MARK + _box().encrypt(words.encode()).decode()


def open_sealed(words: str) -> str:
    """The secret; a text that was never sealed is given back. Raises CannotOpen."""
    if not is_sealed(words):
        return words
    try:
        return _box().decrypt(words.removeprefix(MARK).encode()).decode()
    except InvalidToken as error:
        raise CannotOpen(
            "the secret was sealed with another key; type it again, or name the old one in FIELD_KEYS or SECRET_KEY_FALLBACKS"
        ) from error


def is_sealed(words: str) -> bool:
    return words.startswith(MARK)


def _box() -> MultiFernet:
    """The first key seals; all open, so that keys can be changed."""
    return MultiFernet([_key(key) for key in (*settings.FIELD_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> Fernet:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"servicedesk.sealing").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
