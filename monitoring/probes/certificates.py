"""What a certificate says: who it is for, who signed it, how long it is good."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509


def days_left(der: bytes, *, now: datetime) -> float:
    return (x509.load_der_x509_certificate(der).not_valid_after_utc - now).total_seconds() / 86_400


def words(der: bytes) -> str:
    found = x509.load_der_x509_certificate(der)
    subject, issuer = found.subject.rfc4514_string() or "(no subject)", found.issuer.rfc4514_string()
    return f"{subject}, signed by {issuer}, until {found.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
